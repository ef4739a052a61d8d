"""What a standby kept, played on the board that it found: as if it had led all the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from bigboard.aggregator.replay import without_known_trades
from bigboard.board import Board, Limits, Update
from bigboard.sources import Delivery

if TYPE_CHECKING:
    from collections.abc import Iterable


def _trade(number: int) -> dict[str, Any]:
    return {"trade_id": str(number), "price": 1.0, "size": 1.0, "side": "buy", "timestamp": number}


def _apply(board: Board, deliveries: Iterable[Delivery]) -> Board:
    for delivery in deliveries:
        for update in delivery.updates:
            board.apply(update)
    board.commit(1)
    return board


def _board() -> Board:
    return Board("E", limits=Limits(tape_length=4))


_KEYS = st.sampled_from(["BTC/USDT", "BTCUSDT", "ETHUSDT"])
_ROWS = st.builds(
    lambda key, name, value: Update("market_data", key, {name: value}),
    _KEYS, st.sampled_from(["last_price", "bid_price"]), st.none() | st.integers(1, 9),
)  # fmt: skip
_LEVELS = st.lists(st.tuples(st.integers(1, 4).map(float), st.integers(0, 3).map(float)), max_size=3)
_BOOKS = st.builds(
    lambda key, bids, partial: Update("orderbook", key, {"bids": bids, "asks": []} | ({"partial": True} if partial else {})),
    _KEYS, _LEVELS, st.booleans(),
)  # fmt: skip
_ORDERS = st.builds(
    lambda key, data: Update("orders", key, data),
    st.sampled_from(["1", "2"]),
    st.sampled_from([{"status": "NEW", "price": 1.0}, {"status": "FILLED"}, {"price": None}]),
)
_WHAT = st.one_of(_ROWS, _BOOKS, _ORDERS, st.tuples(_KEYS, st.integers(1, 3)))


def _messages(steps: list[Any]) -> list[Delivery]:
    """Trades are numbered as they come, one or several in a message."""
    number = 0
    deliveries = []
    for step in steps:
        if isinstance(step, Update):
            deliveries.append(Delivery([step]))
            continue
        key, count = step
        entries = [_trade(number + at) for at in range(count)]
        number += count
        deliveries.append(Delivery([Update("trades", key, entries if count > 1 else entries[0])]))
    return deliveries


@given(st.lists(_WHAT, max_size=30), st.integers(0, 30), st.integers(0, 30))
def test_the_board_ends_as_if_it_had_been_told_everything_once(
    steps: list[Any], kept_from: int, logged_to: int
) -> None:
    """Whatever is kept reaches back beyond what the log has."""
    messages = _messages(steps)
    logged_to = min(logged_to, len(messages))
    kept = messages[min(kept_from, logged_to) :]
    told = _apply(_board(), messages)
    found = _apply(_board(), messages[:logged_to])
    replayed = _apply(found, without_known_trades(kept, found))
    assert replayed.snapshot().data == told.snapshot().data


def test_what_is_no_trade_is_left_to_the_board() -> None:
    board = _apply(_board(), [Delivery([Update("trades", "BTCUSDT", _trade(1))])])
    odd = [Update("trades", "BTCUSDT", 7), Update("trades", 7, {}), Update("trades", "BTCUSDT", [None])]  # type: ignore[arg-type]
    assert without_known_trades([Delivery(odd)], board) == [Delivery(odd)]
