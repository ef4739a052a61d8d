"""Hand-picked conversations about the merge rules (PROTOCOL section 4), each named by what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.board import Limits, Update
from wire.conversation import Conversation

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["MERGE_SCENARIOS"]

GONE = {"deleted": True}


def nested_fields_removed_and_returned() -> Conversation:
    talk = Conversation()
    talk.apply(Update("account", "main", {"equity": 10.5, "balances": {"BTC": {"total": 1, "free": 1}, "USDT": {}}}))
    talk.subscribe("account", "strategies")
    talk.check()
    talk.step("account", "main", {"balances": {"BTC": {"free": None, "used": 1}}})
    talk.step("account", "main", {"balances": {"BTC": None}, "currency": "USDT"})
    talk.step("account", "main", {"balances": {"BTC": {"total": 2}}})
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
    talk.step("strategies", "mm-1", {"symbols": ["A", "B"], "status": "RUNNING"})
    talk.step("strategies", "mm-1", {"symbols": ["B"]})
    talk.step("strategies", "mm-1", {"symbols": []})
    talk.step("account", "main", GONE)
    return talk


def rows_removed_and_returned() -> Conversation:
    talk = Conversation()
    for key in ("1", "2", "3"):
        talk.apply(Update("orders", key, {"status": "NEW", "price": 10.0 + int(key), "symbol": "BTC/USDT"}))
    talk.subscribe("orders", "alerts")
    talk.check()
    talk.step("orders", "2", {"status": "PARTIALLY_FILLED", "price": None})
    talk.step("orders", "2", GONE)
    # It returns as another row, at the end.
    talk.step("orders", "2", {"status": "NEW"})
    # Removal and return between two diffs: the old price must not stay, and the row moves to the end.
    talk.apply(Update("orders", "1", GONE))
    talk.apply(Update("orders", "4", {"status": "NEW"}))
    talk.apply(Update("orders", "1", {"status": "FILLED"}))
    talk.tick()
    talk.check()
    talk.apply(Update("alerts", "a", {"status": "firing", "value": True}), Update("alerts", "b", {"value": 1}))
    talk.tick()
    talk.check()
    talk.step("alerts", "a", {"status": "resolved", "value": None})
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
    talk.step("orders", "1", {"price": 2})
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
    talk.step("trades", "BTCUSDT", {"trade_id": 3, "price": 2})
    talk.step("trades", "BTCUSDT", {"trade_id": 4, "price": 2})
    talk.step("trades", "BTCUSDT", [{"trade_id": number} for number in range(5, 15)])
    talk.step("trades", "ETH/USDT", [{"trade_id": number} for number in range(5)])
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
    talk.step("orderbook", "BTCUSDT", {"partial": True, "bids": [[100, 0], [100.25, 3]], "update_id": 8})
    talk.step("orderbook", "BTCUSDT", {"partial": True, "asks": [[100.5, 0.25], [101, 1], [102, 1]]})
    # A level that goes and returns between two diffs, and a field that goes.
    talk.apply(Update("orderbook", "BTCUSDT", {"partial": True, "asks": [[101, 0]], "update_id": None}))
    talk.apply(Update("orderbook", "BTCUSDT", {"partial": True, "asks": [[101, 4], [102, 0]]}))
    talk.tick()
    talk.check()
    talk.step("orderbook", "BTCUSDT", {"bids": [[90, 1]], "asks": []})
    talk.step("orderbook", "ETHUSDT", {"bids": [], "asks": []})
    # The book goes and returns between two diffs: old levels come with size 0.
    talk.apply(Update("orderbook", "BTCUSDT", GONE))
    talk.apply(Update("orderbook", "BTCUSDT", {"bids": [[1e-8, 1e9]], "asks": [[2e-8, 0.1]]}))
    talk.tick()
    talk.check()
    talk.step("orderbook", "ETHUSDT", GONE)
    return talk


def keys_removed() -> Conversation:
    talk = Conversation()
    talk.apply(Update("market_data", "BTCUSDT", {"last_price": 1}), Update("market_data", "ETHUSDT", {"last_price": 2}))
    talk.subscribe("market_data:BTCUSDT", "market_data:ETHUSDT", "positions")
    talk.check()
    talk.step("market_data", "BTC/USDT:USDT", GONE)
    talk.step("positions", "main/BTCUSDT", {"quantity": 1, "side": "LONG"})
    talk.step("positions", "main/BTCUSDT", {"quantity": None, "side": None})
    talk.step("positions", "main/BTCUSDT", GONE)
    talk.step("market_data", "BTCUSDT", {"ask_price": 3})
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


_ALL: tuple[Callable[[], Conversation], ...] = (
    nested_fields_removed_and_returned,
    rows_removed_and_returned,
    rows_by_id_in_order,
    tape_overflow,
    ladder_levels_and_removal,
    keys_removed,
    opaque_keys,
    numbers,
)
MERGE_SCENARIOS: dict[str, Callable[[], Conversation]] = {scenario.__name__: scenario for scenario in _ALL}
"""By name, which is also the name of its files."""
