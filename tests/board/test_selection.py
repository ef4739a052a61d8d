"""Subscriptions: how they are read, what they cover, what a set of them selects."""

from __future__ import annotations

import pytest

from bigboard.board import EVERYTHING, TOPICS, Board, Selection, Subscription, Update
from bigboard.board.selection import BadSubscription, UnknownTopic


@pytest.mark.parametrize(
    ("text", "topic", "key"),
    [
        ("*", "*", None),
        ("orders", "orders", None),
        ("orders:42", "orders", "42"),
        ("orderbook:btc/usdt", "orderbook", "BTCUSDT"),
        ("market_data:kraken:BTC/USDT:USDT", "market_data", "kraken:BTCUSDT"),
        ("candles:BTC/USDT/1m", "candles", "BTCUSDT/1m"),
        ("positions:main/BTC/USDT", "positions", "main/BTCUSDT"),
        ("metrics:total", "metrics", "total"),
        ("services:replay/BTCUSDT/book", "services", "replay/BTCUSDT/book"),
    ],
)
def test_reading(text: str, topic: str, key: str | None) -> None:
    assert Subscription.parse(text) == Subscription(topic, key)
    assert Subscription.parse(str(Subscription.parse(text))) == Subscription(topic, key)


@pytest.mark.parametrize("text", ["market", "", ":x", "*:x", "Orders", "orders ", "x" * 10_000])
def test_an_unknown_topic_is_told_which_there_are(text: str) -> None:
    with pytest.raises(UnknownTopic, match="topics are market_data, candles") as raised:
        Subscription.parse(text)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    "text",
    [5, None, ["orders"], "orders:", "orders: 42", "orders:4\n2", "orders:" + "4" * 129, "market_data:/", "market_data:/ ",
     "market_data:" + "ß" * 100, "orders:\ud800"],
)  # fmt: skip
def test_a_bad_subscription(text: object) -> None:
    with pytest.raises(BadSubscription) as raised:
        Subscription.parse(text)
    assert len(str(raised.value)) < 300


def test_what_the_board_takes_as_a_key_can_be_subscribed_to() -> None:
    board = Board("e")
    for topic, key in (
        ("market_data", "btc/usdt"),
        ("positions", "main/OP/USD"),
        ("candles", "a/b/c/1m"),
        ("risk", "a:b c"),
    ):
        board.apply(Update(topic, key, {"leverage": 1}))
        (stored,) = board.snapshot().data[topic]
        for spelling in (key, stored):
            selected = board.snapshot(Selection([Subscription.parse(f"{topic}:{spelling}")]))
            assert list(selected.data[topic]) == [stored]


@pytest.mark.parametrize(
    ("one", "other", "covered"),
    [
        ("*", "orders", True),
        ("*", "orders:42", True),
        ("*", "*", True),
        ("orders", "orders:42", True),
        ("orders", "orders", True),
        ("orders:42", "orders:42", True),
        ("orders:42", "orders:43", False),
        ("orders:42", "orders", False),
        ("orders", "alerts", False),
        ("orders", "*", False),
    ],
)
def test_covering(one: str, other: str, covered: bool) -> None:
    assert Subscription.parse(one).covers(Subscription.parse(other)) is covered


def selection(*texts: str) -> Selection:
    return Selection(map(Subscription.parse, texts))


def test_a_selection_lists_topics_in_the_order_of_the_board() -> None:
    assert list(selection("*").topics) == list(TOPICS)
    assert selection("orders", "market_data:BTCUSDT", "market_data:ETHUSDT").topics == {
        "market_data": frozenset({"BTCUSDT", "ETHUSDT"}),
        "orders": None,
    }
    assert list(selection("alerts", "market_data").topics) == ["market_data", "alerts"]


def test_the_whole_topic_takes_in_its_keys() -> None:
    assert selection("orders:42", "orders").topics == {"orders": None}
    assert set(selection("orders:42", "*").topics.values()) == {None}


def test_equal_sets_make_equal_selections() -> None:
    assert selection("orders", "alerts") == selection("alerts", "orders", "orders")
    assert hash(selection("orders", "alerts")) == hash(selection("alerts", "orders"))
    assert selection("orders") != selection("alerts")
    assert len({selection("*"), Selection([EVERYTHING])}) == 1
    assert repr(selection("orders:42", "alerts")) == "Selection(alerts, orders:42)"


def test_nothing_selects_nothing() -> None:
    nothing = Selection([])
    assert not nothing
    assert selection("orders")
    board = Board("e")
    board.apply(Update("risk", "main", {"exposure": 1}))
    board.commit(0)
    assert board.snapshot(nothing).data == {}
    assert board.diff(0, nothing) is None
    assert board.reaches(board.cursor, nothing)


def test_a_topic_without_data_is_there_and_empty() -> None:
    assert Board("e").snapshot(selection("orders", "trades:X", "orderbook")).data == {
        "orderbook": {},
        "trades": {},
        "orders": [],
    }
