"""Hand-picked conversations about subscriptions, cursors and connections (PROTOCOL sections 3 and 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.board import Board, Limits, Update
from wire.conversation import Conversation

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["CONNECTION_SCENARIOS"]

GONE = {"deleted": True}
OTHER_EPOCH = "01J9ZK3Q5T0000000000000002"


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
    talk.step("trades", "BTCUSDT", {"trade_id": 1})
    talk.step("trades", "ETHUSDT", {"trade_id": 1})
    talk.step("risk", "main", {"drawdown": 0.25})
    return talk


def overlapping_subscriptions() -> Conversation:
    talk = Conversation()
    for key in ("BTCUSDT", "ETHUSDT", "kraken:BTCUSDT"):
        talk.apply(Update("market_data", key, {"last_price": 1, "symbol": key}))
        talk.apply(Update("trades", key, {"trade_id": 1}), Update("orderbook", key, {"bids": [[1, 1]], "asks": []}))
    talk.subscribe("market_data", "market_data:BTCUSDT", "trades:BTC/USDT", "orderbook:BTCUSDT")
    talk.check()
    talk.step("market_data", "BTCUSDT", {"last_price": 2})
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
    talk.step("services", "oms", {"status": "up"})
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
    talk.step("orders", "1", {"status": "NEW"})
    talk.heartbeat()
    talk.check()
    return talk


def quiet_between_diffs() -> Conversation:
    """Commits that touch nothing subscribed to: the next diff starts at the client's own cursor, not at the last commit."""
    talk = Conversation()
    talk.subscribe("orders:7")
    talk.step("orders", "7", {"status": "NEW"})
    for price in range(5):
        talk.apply(Update("market_data", "BTCUSDT", {"last_price": price}), Update("orders", "8", {"price": price}))
        talk.tick()
    talk.step("orders", "7", {"status": "FILLED"})
    return talk


def resume() -> Conversation:
    talk = Conversation()
    talk.apply(Update("orders", "1", {"status": "NEW"}), Update("market_data", "BTCUSDT", {"last_price": 1}))
    talk.subscribe("orders", "market_data")
    talk.step("orders", "1", {"price": 2})
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
    talk.step("orders", "2", {"status": "FILLED"})
    return talk


def resume_on_another_gateway() -> Conversation:
    """The other gateway lags behind the cursor: it waits until its replica is there."""
    talk = Conversation()
    other = Board("")
    other.load(talk.board.snapshot())
    talk.subscribe("market_data")
    for price in range(4):
        talk.step("market_data", "BTCUSDT", {"last_price": price, f"x{price}": True})
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
    talk.step("account", "1", {"equity": 9})
    return talk


def epoch_change() -> Conversation:
    """The board begins anew under an open connection: one state for all that is held."""
    talk = Conversation()
    talk.apply(Update("orders", "1", {"status": "NEW"}), Update("account", "main", {"equity": 1}))
    talk.subscribe("orders", "account:main", "trades")
    talk.step("account", "main", {"equity": 2})
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
    talk.step("orders", "2", {"price": 7})
    return talk


_ALL: tuple[Callable[[], Conversation], ...] = (
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
    gap,
)
CONNECTION_SCENARIOS: dict[str, Callable[[], Conversation]] = {scenario.__name__: scenario for scenario in _ALL}
"""By name, which is also the name of its files."""
