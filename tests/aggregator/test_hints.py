"""Old prices are of use only where nothing newer is known."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.aggregator.hints import news
from bigboard.board import Board, Update


def _row(key: str, **fields: Any) -> Update:
    return Update("market_data", key, {"last_price": 1.0, **fields})


def _board(*updates: Update) -> Board:
    board = Board("E")
    for update in updates:
        board.apply(update)
    board.commit(1)
    return board


@pytest.mark.parametrize(
    ("held", "hint", "taken"),
    [
        ({"received_at": 1_000}, {"received_at": 1_001}, True),
        ({"received_at": 1_000}, {"received_at": 1_000}, False),
        ({"received_at": 1_000}, {"received_at": 999}, False),
        ({"timestamp": 1_000}, {"timestamp": 2_000}, True),
        ({"received_at": 1_000, "timestamp": 3_000}, {"timestamp": 2_000}, True),
        ({}, {"received_at": 1}, True),
        ({"received_at": 1}, {}, False),
        ({}, {}, False),
        ({"received_at": 1}, {"received_at": "x", "timestamp": True}, False),
    ],
)
def test_a_price_is_news_if_it_arrived_after_the_boards_own(held: Any, hint: Any, taken: bool) -> None:
    hints = [_row("BTC/USDT", **hint)]
    assert news(hints, _board(_row("BTCUSDT", **held)), 0) == (hints if taken else [])


def test_a_symbol_that_the_board_lacks_is_news_if_the_board_cannot_have_removed_it() -> None:
    old, new = _row("OLDUSDT", received_at=500), _row("NEWUSDT", received_at=1_500)
    assert news([old, new], _board(), 0) == [old, new]
    assert news([old, new], _board(), 1_000) == [new]
    assert news([], _board(), 0) == []
    unsaid = _row("NEWUSDT")
    assert news([unsaid], _board(), 0) == [unsaid]
    assert news([unsaid], _board(), 1_000) == []


def test_a_row_that_does_not_say_when_it_arrived_is_from_the_last_commit() -> None:
    old, new = _row("XUSDT", received_at=500), _row("XUSDT", received_at=1_500)
    assert news([old], _board(_row("XUSDT")), 1_000) == []
    assert news([new], _board(_row("XUSDT")), 1_000) == [new]
