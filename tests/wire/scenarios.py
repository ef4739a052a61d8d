"""Hand-picked conversations, each named by what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board import Board, Limits, Update
from wire.conversation import Conversation

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["SCENARIOS"]

GONE = {"deleted": True}
OTHER_EPOCH = "01J9ZK3Q5T0000000000000002"


def _step(talk: Conversation, topic: str, key: str, data: Any) -> None:
    """One commit with one update, sent and checked."""
    talk.apply(Update(topic, key, data))
    talk.tick()
    talk.check()


def nested_fields_removed_and_returned() -> Conversation:
    talk = Conversation()
    talk.apply(Update("account", "main", {"equity": 10.5, "balances": {"BTC": {"total": 1, "free": 1}, "USDT": {}}}))
    talk.subscribe("account", "strategies")
    talk.check()
    _step(talk, "account", "main", {"balances": {"BTC": {"free": None, "used": 1}}})
    _step(talk, "account", "main", {"balances": {"BTC": None}, "currency": "USDT"})
    _step(talk, "account", "main", {"balances": {"BTC": {"total": 2}}})
    # Removed and returned between two diffs: what did not come back must go at the client too.
    talk.apply(Update("account", "main", {"balances": {"BTC": {"free": 2}, "USDT": {"total": 5}}}))
    talk.tick()
    talk.apply(Update("account", "main", {"balances": None, "equity": None}))
    talk.apply(Update("account", "main", {"balances": {"BTC": {"used": 0}}, "equity": 11}))
    talk.tick()
    talk.check()
    # The whole key goes and comes back with fewer fields.
    talk.apply(Update("account", "main", GONE))
    talk.apply(Update("account", "main", {"balance": 3}))
    talk.tick()
    talk.check()
    # An array is replaced whole, also where its elements look like an object's.
    _step(talk, "strategies", "mm-1", {"symbols": ["A", "B"], "status": "RUNNING"})
    _step(talk, "strategies", "mm-1", {"symbols": ["B"]})
    _step(talk, "strategies", "mm-1", {"symbols": []})
    _step(talk, "account", "main", GONE)
    return talk


def rows_removed_and_returned() -> Conversation:
    talk = Conversation()
    for key in ("1", "2", "3"):
        talk.apply(Update("orders", key, {"status": "NEW", "price": 10.0 + int(key), "symbol": "BTC/USDT"}))
    talk.subscribe("orders", "alerts")
    talk.check()
    _step(talk, "orders", "2", {"status": "PARTIALLY_FILLED", "price": None})
    _step(talk, "orders", "2", GONE)
    # It returns as another row, at the end.
    _step(talk, "orders", "2", {"status": "NEW"})
    # Removal and return between two diffs: the old price must not stay, and the row moves to the end.
    talk.apply(Update("orders", "1", GONE))
    talk.apply(Update("orders", "4", {"status": "NEW"}))
    talk.apply(Update("orders", "1", {"status": "FILLED"}))
    talk.tick()
    talk.check()
    talk.apply(Update("alerts", "a", {"status": "firing", "value": True}), Update("alerts", "b", {"value": 1}))
    talk.tick()
    talk.check()
    _step(talk, "alerts", "a", {"status": "resolved", "value": None})
    return talk


def rows_by_id_in_order() -> Conversation:
    """Rows that are asked for one by one, in another order than that of their appearance."""
    talk = Conversation()
    for key in ("1", "2", "3"):
        talk.apply(Update("orders", key, {"status": "NEW"}))
    talk.subscribe("orders:3")
    talk.check()
    talk.subscribe("orders:1")
    talk.check()
    talk.subscribe("orders:2", "market_data")
    talk.check()
    talk.subscribe("orders:1")
    talk.check()
    _step(talk, "orders", "1", {"price": 2})
    talk.subscribe("*")
    talk.check()
    talk.subscribe("orders:2")
    talk.check()
    return talk


def tape_overflow() -> Conversation:
    talk = Conversation(limits=Limits(tape_length=3))
    talk.apply(Update("trades", "BTCUSDT", [{"trade_id": 1, "price": 1.5}, {"trade_id": 2, "price": 2}]))
    talk.subscribe("trades")
    talk.check()
    _step(talk, "trades", "BTCUSDT", {"trade_id": 3, "price": 2})
    _step(talk, "trades", "BTCUSDT", {"trade_id": 4, "price": 2})
    _step(talk, "trades", "BTCUSDT", [{"trade_id": number} for number in range(5, 15)])
    _step(talk, "trades", "ETH/USDT", [{"trade_id": number} for number in range(5)])
    for number in range(4):
        talk.apply(Update("trades", "ETHUSDT", {"trade_id": 100 + number}))
    talk.tick()
    talk.check()
    return talk


def ladder_levels_and_removal() -> Conversation:
    talk = Conversation()
    talk.apply(Update("orderbook", "BTCUSDT", {"bids": [[100, 1], [99.5, 2]], "asks": [[100.5, 1]], "update_id": 7}))
    talk.subscribe("orderbook")
    talk.check()
    _step(talk, "orderbook", "BTCUSDT", {"partial": True, "bids": [[100, 0], [100.25, 3]], "update_id": 8})
    _step(talk, "orderbook", "BTCUSDT", {"partial": True, "asks": [[100.5, 0.25], [101, 1], [102, 1]]})
    # A level that goes and returns between two diffs, and a field that goes.
    talk.apply(Update("orderbook", "BTCUSDT", {"partial": True, "asks": [[101, 0]], "update_id": None}))
    talk.apply(Update("orderbook", "BTCUSDT", {"partial": True, "asks": [[101, 4], [102, 0]]}))
    talk.tick()
    talk.check()
    _step(talk, "orderbook", "BTCUSDT", {"bids": [[90, 1]], "asks": []})
    _step(talk, "orderbook", "ETHUSDT", {"bids": [], "asks": []})
    # The book goes and returns between two diffs: old levels come with size 0.
    talk.apply(Update("orderbook", "BTCUSDT", GONE))
    talk.apply(Update("orderbook", "BTCUSDT", {"bids": [[1e-8, 1e9]], "asks": [[2e-8, 0.1]]}))
    talk.tick()
    talk.check()
    _step(talk, "orderbook", "ETHUSDT", GONE)
    return talk


def keys_removed() -> Conversation:
    talk = Conversation()
    talk.apply(Update("market_data", "BTCUSDT", {"last_price": 1}), Update("market_data", "ETHUSDT", {"last_price": 2}))
    talk.subscribe("market_data:BTCUSDT", "market_data:ETHUSDT", "positions")
    talk.check()
    _step(talk, "market_data", "BTC/USDT:USDT", GONE)
    _step(talk, "positions", "main/BTCUSDT", {"quantity": 1, "side": "LONG"})
    _step(talk, "positions", "main/BTCUSDT", {"quantity": None, "side": None})
    _step(talk, "positions", "main/BTCUSDT", GONE)
    _step(talk, "market_data", "BTCUSDT", {"ask_price": 3})
    return talk


def partial_state_update() -> Conversation:
    """Subscriptions added one after the other: a state of a part, after a diff that brings the rest up to it."""
    talk = Conversation()
    talk.apply(Update("market_data", "BTCUSDT", {"last_price": 1}), Update("orders", "1", {"status": "NEW"}))
    talk.subscribe("market_data")
    talk.check()
    talk.apply(Update("market_data", "BTCUSDT", {"last_price": 2}), Update("orders", "2", {"status": "NEW"}))
    talk.subscribe("orders", "trades:BTCUSDT")
    talk.check()
    # Nothing changed in between: no diff comes first.
    talk.subscribe("risk:main")
    talk.check()
    _step(talk, "trades", "BTCUSDT", {"trade_id": 1})
    _step(talk, "trades", "ETHUSDT", {"trade_id": 1})
    _step(talk, "risk", "main", {"drawdown": 0.25})
    return talk


def overlapping_subscriptions() -> Conversation:
    talk = Conversation()
    for key in ("BTCUSDT", "ETHUSDT", "kraken:BTCUSDT"):
        talk.apply(Update("market_data", key, {"last_price": 1, "symbol": key}))
        talk.apply(Update("trades", key, {"trade_id": 1}), Update("orderbook", key, {"bids": [[1, 1]], "asks": []}))
    talk.subscribe("market_data", "market_data:BTCUSDT", "trades:BTC/USDT", "orderbook:BTCUSDT")
    talk.check()
    _step(talk, "market_data", "BTCUSDT", {"last_price": 2})
    # A part of what is held is asked for again: nothing twice, nothing lost.
    talk.subscribe("market_data:BTCUSDT", "trades:BTCUSDT")
    talk.check()
    talk.subscribe("trades", "orderbook")
    talk.check()
    talk.apply(Update("trades", "BTCUSDT", {"trade_id": 2}), Update("trades", "ETHUSDT", {"trade_id": 2}))
    talk.tick()
    talk.check()
    talk.subscribe("*", "market_data:BTCUSDT")
    talk.check()
    _step(talk, "services", "oms", {"status": "up"})
    talk.subscribe("orderbook:BTCUSDT")
    talk.check()
    return talk


def repeated_subscribe() -> Conversation:
    talk = Conversation()
    talk.apply(Update("metrics", "total", {"messages_received": 1}))
    talk.subscribe("metrics")
    talk.apply(Update("metrics", "total", {"messages_received": 2}), Update("metrics", "BTCUSDT", {"spread": 0.5}))
    talk.subscribe("metrics")
    talk.check()
    return talk


def heartbeat_moves_cursor() -> Conversation:
    talk = Conversation()
    talk.subscribe("orders")
    talk.check()
    for price in range(5):
        talk.apply(Update("market_data", "BTCUSDT", {"last_price": price}))
    talk.tick()
    talk.heartbeat()
    talk.check()
    _step(talk, "orders", "1", {"status": "NEW"})
    talk.heartbeat()
    talk.check()
    return talk


def quiet_between_diffs() -> Conversation:
    """Commits that touch nothing subscribed to: the next diff starts at the client's own cursor, not at the last commit."""
    talk = Conversation()
    talk.subscribe("orders:7")
    _step(talk, "orders", "7", {"status": "NEW"})
    for price in range(5):
        talk.apply(Update("market_data", "BTCUSDT", {"last_price": price}), Update("orders", "8", {"price": price}))
        talk.tick()
    _step(talk, "orders", "7", {"status": "FILLED"})
    return talk


def resume() -> Conversation:
    talk = Conversation()
    talk.apply(Update("orders", "1", {"status": "NEW"}), Update("market_data", "BTCUSDT", {"last_price": 1}))
    talk.subscribe("orders", "market_data")
    _step(talk, "orders", "1", {"price": 2})
    # While the client is away:
    talk.apply(Update("orders", "1", GONE), Update("orders", "2", {"status": "NEW"}))
    talk.apply(Update("orders", "1", {"status": "NEW"}), Update("market_data", "BTCUSDT", {"last_price": None}))
    talk.connect(talk.board)
    talk.subscribe("orders", "market_data", resume=True)
    talk.check()
    # Nothing happened meanwhile: the answer alone.
    talk.connect(talk.board)
    talk.subscribe("orders", "market_data", resume=True)
    talk.check()
    _step(talk, "orders", "2", {"status": "FILLED"})
    return talk


def resume_on_another_gateway() -> Conversation:
    """The other gateway lags behind the cursor: it waits until its replica is there."""
    talk = Conversation()
    other = Board("")
    other.load(talk.board.snapshot())
    talk.subscribe("market_data")
    for price in range(4):
        _step(talk, "market_data", "BTCUSDT", {"last_price": price, f"x{price}": True})
    behind = len(talk.diffs) - 2
    for diff in talk.diffs[:behind]:
        other.merge(diff)
    talk.connect(other)
    talk.subscribe("market_data", resume=True)
    for diff in talk.diffs[behind:]:
        other.merge(diff)
        talk.poll()
    talk.check()
    talk.apply(Update("market_data", "BTCUSDT", {"x1": None}))
    other.merge(talk.diffs[-1])
    talk.tick()
    talk.check()
    return talk


def resume_too_late() -> Conversation:
    """The board has forgotten a removal since the cursor: the client gets a state instead."""
    talk = Conversation(limits=Limits(max_tombstones=1))
    for key in ("1", "2", "3"):
        talk.apply(Update("account", key, {"equity": int(key)}))
    talk.subscribe("account")
    talk.check()
    for key in ("1", "2"):
        talk.apply(Update("account", key, GONE))
    talk.connect(talk.board)
    talk.subscribe("account", resume=True)
    talk.check()
    _step(talk, "account", "1", {"equity": 9})
    return talk


def epoch_change() -> Conversation:
    """The board begins anew under an open connection: one state for all that is held."""
    talk = Conversation()
    talk.apply(Update("orders", "1", {"status": "NEW"}), Update("account", "main", {"equity": 1}))
    talk.subscribe("orders", "account:main", "trades")
    _step(talk, "account", "main", {"equity": 2})
    fresh = Board(OTHER_EPOCH)
    fresh.apply(Update("orders", "9", {"status": "NEW"}))
    fresh.commit(1_759_729_270_000)
    talk.move_to(fresh)
    talk.tick()
    talk.check()
    fresh.apply(Update("account", "main", {"balance": 7}))
    fresh.commit(1_759_729_271_000)
    talk.tick()
    talk.check()
    return talk


def resume_in_another_epoch() -> Conversation:
    talk = Conversation()
    talk.apply(Update("services", "feed", {"status": "up", "gaps": 1}))
    talk.subscribe("services")
    talk.check()
    talk.restart(OTHER_EPOCH)
    talk.apply(Update("services", "feed", {"status": "down"}))
    talk.subscribe("services", resume=True)
    talk.check()
    return talk


def opaque_keys() -> Conversation:
    """Keys and fields that mean something in a language, but nothing here."""
    talk = Conversation()
    names = ("__proto__", "constructor", "toString", "hasOwnProperty", "später ☂", "a:b:c", "a/b", "*", "0")
    for index, name in enumerate(names):
        talk.apply(
            Update("account", name, {"equity": index, name: "x", "balances": {name: {"total": index, name: 1}}}),
            Update("orders", name, {"status": "NEW", name: index}),
            Update("market_data", "kraken:BTC/USDT", {name: index}),
            Update("trades", name, {"trade_id": name, name: index}),
            Update("orderbook", name, {"bids": [[index, 1]], "asks": [], name: index}),
        )
    talk.subscribe("account", "orders", "market_data:kraken:BTCUSDT", "trades", "orderbook")
    talk.check()
    for name in names:
        talk.apply(
            Update("account", name, {name: None, "balances": {name: {name: None}}}),
            Update("orders", name, {name: None}),
            Update("orderbook", name, {name: None}),
        )
    talk.tick()
    talk.check()
    for name in names:
        talk.apply(Update("account", name, GONE), Update("orders", name, GONE), Update("orderbook", name, GONE))
    talk.tick()
    talk.check()
    talk.apply(Update("account", "__proto__", {"equity": 1}), Update("orders", "__proto__", {"__proto__": 2}))
    talk.tick()
    talk.check()
    return talk


def numbers() -> Conversation:
    """Numbers at the edges of what every client can hold."""
    talk = Conversation()
    talk.subscribe("market_data", "orderbook")
    values = (
        0,
        -0.0,
        1e-8,
        0.1 + 0.2,
        2**53 - 1,
        -(2**53) + 1,
        1.7976931348623157e308,
        5e-324,
        1e21,
        1e22,
        123456789.5,
    )
    for index, value in enumerate(values):
        talk.apply(Update("market_data", f"K{index}", {"change_24h": value}))
        talk.apply(Update("orderbook", "BTCUSDT", {"partial": True, "bids": [[value, index + 0.5]]}))
        talk.tick()
    talk.check()
    return talk


def gap() -> Conversation:
    """A diff is lost. The next one does not continue the cursor: the client asks for everything again."""
    talk = Conversation()
    talk.apply(Update("market_data", "BTCUSDT", {"last_price": 1, "venue": "a"}))
    talk.subscribe("market_data", "orders")
    talk.check()
    talk.apply(Update("market_data", "BTCUSDT", {"venue": None}), Update("orders", "1", {"status": "NEW"}))
    talk.tick(lost=True)
    # These two may not be merged.
    talk.apply(Update("market_data", "BTCUSDT", {"last_price": 2}))
    talk.tick()
    talk.apply(Update("orders", "1", {"price": 5}))
    talk.tick()
    # The client's request reaches the server after one more commit.
    talk.apply(Update("orders", "2", {"price": 6}))
    talk.subscribe("market_data", "orders")
    talk.check()
    _step(talk, "orders", "2", {"price": 7})
    return talk


_ALL: tuple[Callable[[], Conversation], ...] = (
    nested_fields_removed_and_returned,
    rows_removed_and_returned,
    rows_by_id_in_order,
    tape_overflow,
    ladder_levels_and_removal,
    keys_removed,
    partial_state_update,
    overlapping_subscriptions,
    repeated_subscribe,
    heartbeat_moves_cursor,
    quiet_between_diffs,
    resume,
    resume_on_another_gateway,
    resume_too_late,
    epoch_change,
    resume_in_another_epoch,
    opaque_keys,
    numbers,
    gap,
)
SCENARIOS: dict[str, Callable[[], Conversation]] = {scenario.__name__: scenario for scenario in _ALL}
"""By name, which is also the name of its files."""
