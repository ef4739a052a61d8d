"""Subscribing and unsubscribing: PROTOCOL sections 2, 3 and 5."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.board import TOPICS, Board, Limits, MergeKind, Update
from bigboard.wire import Format, SessionLimits
from wire.talking import EPOCH, Talk, kinds

FORMATS = list(Format)
STAMP = "2025-10-06T05:41:00.000Z"


def _price(price: float, key: str = "BTCUSDT") -> Update:
    return Update("market_data", key, {"last_price": price})


ORDER = Update("orders", "1", {"status": "NEW"})


@pytest.mark.parametrize("format", FORMATS)
def test_the_answer_and_the_state(format: Format) -> None:
    """Section 3: subscribed, state_update; their fields in full."""
    talk = Talk(format=format, limits=Limits(tape_length=7))
    talk.commit(_price(5), ORDER)
    talk.wait(2)
    assert talk.subscribe("market_data", "orders", "risk", id=1) == [
        {
            "type": "subscribed",
            "subscriptions": ["market_data", "orders", "risk"],
            "epoch": EPOCH,
            "sequence": 1,
            "interval_ms": 250,
            "tape_length": 7,
            "resumed": False,
            "id": 1,
        },
        {
            "type": "state_update",
            "epoch": EPOCH,
            "sequence": 1,
            "timestamp": STAMP,
            "subscriptions": ["market_data", "orders", "risk"],
            "data": {
                "market_data": {"BTCUSDT": {"last_price": 5}},
                "orders": [{"order_id": "1", "status": "NEW"}],
                "risk": {},
            },
        },
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_a_diff(format: Format) -> None:
    """Section 3: diff_update in full; only what changed is there, its timestamp is the moment of the commit."""
    talk = Talk(format=format)
    talk.subscribe("market_data", "orders")
    talk.commit(_price(5), Update("risk", "main", {"exposure": 1}))
    talk.wait(0.25)
    assert talk.tick() == {
        "type": "diff_update",
        "epoch": EPOCH,
        "since": 0,
        "sequence": 1,
        "timestamp": STAMP,
        "changes": {"market_data": {"BTCUSDT": {"last_price": 5}}},
    }
    assert talk.tick() is None


def test_topics_without_data_are_present_and_empty() -> None:
    """Section 3; rows are an empty array."""
    state = Talk().subscribe("*")[1]
    assert state["data"] == {name: [] if topic.kind is MergeKind.ROWS else {} for name, topic in TOPICS.items()}


def test_before_the_first_commit_a_state_has_the_moment_of_sending() -> None:
    """Section 3: timestamp."""
    assert Talk().subscribe("orders")[1]["timestamp"] == STAMP


def test_a_key_need_not_exist_yet() -> None:
    """Section 2."""
    talk = Talk()
    assert talk.subscribe("market_data:NEWUSDT", "orders:99")[1]["data"] == {"market_data": {}, "orders": []}
    talk.commit(_price(1, "NEWUSDT"), _price(1, "OLDUSDT"), ORDER)
    diff = talk.tick()
    assert diff is not None
    assert diff["changes"] == {"market_data": {"NEWUSDT": {"last_price": 1}}}


def test_order_of_a_second_subscribe() -> None:
    """Section 3: first a diff for what is held, then subscribed with the full list, then a state of what was named."""
    talk = Talk()
    talk.subscribe("market_data")
    talk.commit(_price(1), ORDER)
    talk.commit(_price(2))
    diff, subscribed, state = talk.subscribe("orders", "trades:BTCUSDT")
    assert kinds([diff, subscribed, state]) == ["diff_update", "subscribed", "state_update"]
    assert (diff["since"], diff["sequence"]) == (0, 2)
    assert diff["changes"] == {"market_data": {"BTCUSDT": {"last_price": 2}}}
    assert subscribed["subscriptions"] == ["market_data", "orders", "trades:BTCUSDT"]
    assert state["subscriptions"] == ["orders", "trades:BTCUSDT"]
    assert state["data"] == {"trades": {}, "orders": [{"order_id": "1", "status": "NEW"}]}
    assert state["sequence"] == 2
    assert talk.tick() is None
    talk.commit(_price(3), ORDER._replace(data={"status": "FILLED"}))
    later = talk.tick()
    assert later is not None
    assert later["since"] == 2
    assert later["changes"].keys() == {"market_data", "orders"}


def test_without_a_change_no_diff_comes_first() -> None:
    """Section 3: if anything changed."""
    talk = Talk()
    talk.subscribe("market_data")
    talk.commit(ORDER)
    assert kinds(talk.subscribe("orders")) == ["subscribed", "state_update"]


def test_a_repeated_subscribe_holds_nothing_twice_and_is_answered_in_full() -> None:
    """Section 2."""
    talk = Talk()
    talk.commit(_price(1))
    talk.subscribe("market_data", "orders")
    subscribed, state = talk.subscribe("market_data", "market_data")
    assert subscribed["subscriptions"] == ["market_data", "orders"]
    assert state["subscriptions"] == ["market_data"]
    assert state["data"] == {"market_data": {"BTCUSDT": {"last_price": 1}}}


@pytest.mark.parametrize(
    ("given", "held"),
    [
        ("market_data:BTC/USDT", "market_data:BTCUSDT"),
        ("market_data:btc/usdt:usdt", "market_data:BTCUSDT"),
        ("orderbook:kraken:BTC/USDT", "orderbook:kraken:BTCUSDT"),
        ("trades:kraken:btcusdt", "trades:kraken:BTCUSDT"),
        ("candles:BTC/USDT/1m", "candles:BTCUSDT/1m"),
        ("candles:btcusdt/1M", "candles:BTCUSDT/1M"),
        ("positions:main/BTC/USDT:USDT", "positions:main/BTCUSDT"),
        ("metrics:total", "metrics:total"),
        ("metrics:btc/usdt", "metrics:BTCUSDT"),
        ("account:main", "account:main"),
        ("account:a:b", "account:a:b"),
        ("account:*", "account:*"),
        ("orders:später ☂", "orders:später ☂"),
        ("services:replay/BTCUSDT/book", "services:replay/BTCUSDT/book"),
    ],
)
def test_keys_take_the_boards_spelling(given: str, held: str) -> None:
    """Section 2: topic:key. What is held can be given back and stays what it is."""
    talk = Talk()
    subscribed, state = talk.subscribe(given, held)
    assert subscribed["subscriptions"] == state["subscriptions"] == [held]
    assert talk.subscribe(held)[0]["subscriptions"] == [held]
    assert talk.unsubscribe(given)[0]["subscriptions"] == []


def test_everything_is_one_subscription() -> None:
    """Section 2: ``*``."""
    talk = Talk()
    talk.commit(_price(1), ORDER)
    subscribed, state = talk.subscribe("*")
    assert subscribed["subscriptions"] == state["subscriptions"] == ["*"]
    assert state["data"] == talk.board.snapshot().data
    talk.commit(Update("risk", "main", {"exposure": 1}))
    diff = talk.tick()
    assert diff is not None
    assert diff["changes"] == {"risk": {"main": {"exposure": 1}}}


def test_unsubscribe_removes_and_lists_what_is_left() -> None:
    """Sections 2 and 3."""
    talk = Talk()
    talk.subscribe("market_data", "market_data:BTCUSDT", "orders")
    assert talk.unsubscribe("market_data", "risk", id="x") == [
        {"type": "unsubscribed", "subscriptions": ["market_data:BTCUSDT", "orders"], "id": "x"}
    ]
    talk.commit(_price(1), _price(1, "ETHUSDT"))
    diff = talk.tick()
    assert diff is not None
    assert diff["changes"] == {"market_data": {"BTCUSDT": {"last_price": 1}}}
    talk.unsubscribe("market_data:BTCUSDT", "orders")
    talk.commit(_price(2))
    assert talk.tick() is None


def test_what_is_held_beside_everything_stays_when_everything_goes() -> None:
    """Section 2: a pattern is removed, not what it covers."""
    talk = Talk()
    talk.subscribe("*", "orders")
    assert talk.unsubscribe("*")[0]["subscriptions"] == ["orders"]
    assert talk.unsubscribe("market_data")[0]["subscriptions"] == ["orders"]


def test_nothing_of_the_time_without_a_subscription_is_missing_after_it_returns() -> None:
    talk = Talk()
    talk.subscribe("market_data")
    talk.unsubscribe("market_data")
    talk.commit(_price(1))
    assert talk.subscribe("market_data")[1]["data"] == {"market_data": {"BTCUSDT": {"last_price": 1}}}


@pytest.mark.parametrize(
    ("asked", "effective"),
    [
        *[(20, 20), (19, 20), (0, 20), (-5, 20), (19.9, 20), (100, 100), (100.7, 100), (10_000, 10_000)],
        *[(10_001, 10_000), (1e308, 10_000), (-1e308, 20), (2**64 - 1, 10_000), (10**30, 10_000)],
    ],
)
def test_the_interval_is_clamped_and_told(asked: float, effective: int) -> None:
    """Section 2: interval_ms."""
    answer = Talk().say({"action": "subscribe", "subscriptions": ["orders"], "interval_ms": asked}, binary=False)
    assert answer[0]["interval_ms"] == effective
    assert type(answer[0]["interval_ms"]) is int


def test_the_interval_is_the_connections_and_stays() -> None:
    """Section 2: for the whole connection; an empty subscribe can change it alone."""
    talk = Talk()
    talk.subscribe("orders", interval_ms=100)
    assert talk.subscribe("risk")[0]["interval_ms"] == 100
    assert talk.subscribe(interval_ms=500) == [
        {
            "type": "subscribed",
            "subscriptions": ["orders", "risk"],
            "epoch": EPOCH,
            "sequence": 0,
            "interval_ms": 500,
            "tape_length": 100,
            "resumed": False,
        }
    ]


def test_a_refused_subscribe_leaves_the_interval_alone() -> None:
    talk = Talk(session_limits=SessionLimits(max_subscriptions=1))
    talk.subscribe("market", interval_ms=100)
    talk.subscribe("orders", "risk", interval_ms=100)
    assert talk.session.interval_ms == 250


def test_a_state_of_some_rows_brings_along_the_others_that_are_held() -> None:
    """Section 4: rows stand in order of first appearance."""
    talk = Talk()
    for key in ("1", "2", "3", "4"):
        talk.commit(Update("orders", key, {"status": "NEW"}), Update("alerts", key, {"rule": "r"}))
    assert _rows(talk.subscribe("orders:3", "alerts:4")) == (["orders:3", "alerts:4"], ["3"])
    assert _rows(talk.subscribe("orders:1")) == (["orders:1", "orders:3"], ["1", "3"])
    assert _rows(talk.subscribe("orders", "orders:1")) == (["orders", "orders:1"], ["1", "2", "3", "4"])
    assert _rows(talk.subscribe("orders:2")) == (["orders:2", "orders:3", "orders:1", "orders"], ["1", "2", "3", "4"])
    assert _rows(talk.subscribe("*"))[0] == ["*"]
    talk.unsubscribe("orders", "orders:1", "orders:2", "orders:3")
    assert _rows(talk.subscribe("orders:2")) == (["orders:2", "orders"], ["1", "2", "3", "4"])


def _rows(messages: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    state = messages[-1]
    return state["subscriptions"], [row["order_id"] for row in state["data"]["orders"]]


@pytest.mark.parametrize("format", FORMATS)
def test_a_new_epoch_under_the_connection_brings_one_state_of_all_that_is_held(format: Format) -> None:
    """Section 3: when the board's epoch changes."""
    talk = Talk(format=format)
    talk.subscribe("orders", "market_data:BTCUSDT")
    talk.commit(ORDER)
    talk.tick()
    fresh = Board("another")
    fresh.apply(_price(9))
    fresh.commit(talk.now.wall_ms + 5_000)
    talk.board.load(fresh.snapshot())
    assert talk.tick() == {
        "type": "state_update",
        "epoch": "another",
        "sequence": 1,
        "timestamp": "2025-10-06T05:41:05.000Z",
        "subscriptions": ["orders", "market_data:BTCUSDT"],
        "data": {"market_data": {"BTCUSDT": {"last_price": 9}}, "orders": []},
    }
    assert talk.tick() is None


def test_a_new_epoch_shows_before_the_answer_to_the_next_subscribe() -> None:
    """Section 3: what the client holds is brought up to the present first, here by a state."""
    talk = Talk()
    talk.subscribe("orders")
    talk.board.load(Board("another").snapshot())
    messages = talk.subscribe("risk")
    assert kinds(messages) == ["state_update", "subscribed", "state_update"]
    assert [messages[0]["subscriptions"], messages[2]["subscriptions"]] == [["orders"], ["risk"]]
    assert {message["epoch"] for message in messages} == {"another"}


def test_a_replica_that_was_taken_back_sends_a_state() -> None:
    """Section 5: the state equals the server's at its sequence, also where that is a smaller one."""
    talk = Talk()
    old = talk.board.snapshot()
    talk.subscribe("orders")
    talk.commit(ORDER)
    talk.tick()
    talk.board.load(old)
    state = talk.tick()
    assert state is not None
    assert (state["type"], state["sequence"], state["data"]) == ("state_update", 0, {"orders": []})


def test_authenticate_without_any_rule_lets_everything_through() -> None:
    """Section 3: authenticated."""
    assert Talk().say({"action": "authenticate", "token": "t", "id": 1}) == [
        {"type": "authenticated", "subject": "anonymous", "permissions": ["*"], "id": 1}
    ]
