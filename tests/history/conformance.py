"""What every history of candles must do: the suite of the contract in ``bigboard.history.base``.

A test file of an implementation makes a subclass named ``Test…`` with a fixture ``history`` that yields an empty one,
holding at least 50 closed candles per key, and closes it afterwards.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from bigboard.board import Board, Update
from bigboard.history import Candle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bigboard.history import CandleHistory

__all__ = ["CandleHistoryConformance", "candle", "fields"]

KEY = "BTCUSDT/1m"
MINUTE = 60_000


def fields(minute: int, close: float = 10.0, *, closed: bool = False, trades: int = 1) -> dict[str, Any]:
    """All fields of a candle as they stand on the board."""
    return {
        "open_time": minute * MINUTE,
        "open": 10.0,
        "high": max(10.0, close),
        "low": min(10.0, close),
        "close": close,
        "volume": 1.5,
        "trades": trades,
        "closed": closed,
    }


def candle(minute: int, close: float = 10.0, *, closed: bool = False, trades: int = 1) -> Candle:
    """The same as a candle of the history."""
    return Candle(**fields(minute, close, closed=closed, trades=trades))


def _full(history: CandleHistory, minutes: int, key: str = KEY) -> None:
    """Record so many closed candles, and one that is live."""
    for minute in range(minutes):
        history.record({key: fields(minute, closed=True)})
    history.record({key: fields(minutes)})


class CandleHistoryConformance:
    """The suite."""

    async def test_nothing_is_known_of_an_unknown_key(self, history: CandleHistory) -> None:
        assert await history.query("NOSUCH/1m") == []
        assert history.dropped == 0

    async def test_the_live_candle_comes_last(self, history: CandleHistory) -> None:
        _full(history, 3)
        assert await history.query(KEY) == [*(candle(minute, closed=True) for minute in range(3)), candle(3)]

    async def test_a_snapshot_starts_it(self, history: CandleHistory) -> None:
        history.load({KEY: fields(1), "ETHUSDT/1m": fields(2)})
        history.record({KEY: {"close": 11.0, "high": 11.0, "trades": 2}})
        assert await history.query(KEY) == [candle(1, 11.0, trades=2)]
        assert await history.query("ETHUSDT/1m") == [candle(2)]

    async def test_a_change_may_name_few_fields(self, history: CandleHistory) -> None:
        history.record({KEY: fields(1)})
        history.record({KEY: {"close": 9.0, "low": 9.0}})
        history.record({KEY: {"closed": True}})
        assert await history.query(KEY) == [candle(1, 9.0, closed=True)]

    async def test_a_new_candle_keeps_what_is_equal_to_the_one_before(self, history: CandleHistory) -> None:
        history.record({KEY: fields(1, 12.0, closed=True)})
        history.record({KEY: {"open_time": 2 * MINUTE, "closed": False, "trades": 7}})
        assert await history.query(KEY) == [candle(1, 12.0, closed=True), candle(2, 12.0, trades=7)]

    async def test_a_candle_whose_end_was_not_seen_stays_open(self, history: CandleHistory) -> None:
        history.record({KEY: fields(1)})
        history.record({KEY: fields(3)})
        assert [(each.open_time // MINUTE, each.closed) for each in await history.query(KEY)] == [
            (1, False),
            (3, False),
        ]

    async def test_what_is_no_candle_yet_is_not_told(self, history: CandleHistory) -> None:
        history.record({KEY: {"open_time": MINUTE, "open": 10.0, "high": 10.0}})
        assert await history.query(KEY) == []
        history.record({KEY: {"low": 10.0, "close": 10.0}})
        assert await history.query(KEY) == [Candle(MINUTE, 10.0, 10.0, 10.0, 10.0, 0.0, 0, closed=False)]

    async def test_fields_that_are_none_of_its_own_are_ignored(self, history: CandleHistory) -> None:
        history.record({KEY: {**fields(1), "vwap": 10.1, "note": {"deep": True}}})
        assert await history.query(KEY) == [candle(1)]

    async def test_a_removed_field_is_gone(self, history: CandleHistory) -> None:
        history.record({KEY: fields(1)})
        history.record({KEY: {"volume": None, "trades": None}})
        (last,) = await history.query(KEY)
        assert (last.volume, last.trades) == (0.0, 0)

    async def test_a_removed_key_keeps_its_past(self, history: CandleHistory) -> None:
        _full(history, 2)
        history.record({KEY: None, "NOSUCH/1m": None})
        assert len(await history.query(KEY)) == 3
        history.record({KEY: {"open_time": 9 * MINUTE}})
        assert len(await history.query(KEY)) == 3, "a state that returns must not keep fields of the removed one"

    async def test_a_snapshot_ends_what_it_does_not_name(self, history: CandleHistory) -> None:
        history.record({KEY: fields(1)})
        history.load({"ETHUSDT/1m": fields(1)})
        history.record({KEY: {"open_time": 2 * MINUTE}})
        assert await history.query(KEY) == [candle(1)]

    async def test_hearing_it_twice_changes_nothing(self, history: CandleHistory) -> None:
        _full(history, 5)
        before = await history.query(KEY)
        _full(history, 5)
        assert await history.query(KEY) == before

    async def test_a_candle_that_is_told_again_is_replaced(self, history: CandleHistory) -> None:
        _full(history, 5)
        history.record({KEY: fields(2, 55.0, closed=True)})
        assert (await history.query(KEY))[2] == candle(2, 55.0, closed=True)
        assert len(await history.query(KEY)) == 6

    async def test_an_older_candle_finds_its_place(self, history: CandleHistory) -> None:
        for minute in (5, 1, 3, 9, 2):
            history.record({KEY: fields(minute, closed=True)})
        assert [each.open_time // MINUTE for each in await history.query(KEY)] == [1, 2, 3, 5, 9]

    async def test_a_limit_takes_the_newest(self, history: CandleHistory) -> None:
        _full(history, 20)
        assert [each.open_time // MINUTE for each in await history.query(KEY, limit=3)] == [18, 19, 20]
        assert await history.query(KEY, limit=0) == []
        assert await history.query(KEY, limit=-5) == []

    async def test_pages_go_back_in_time(self, history: CandleHistory) -> None:
        _full(history, 20)
        pages: list[Candle] = []
        before = None
        while page := await history.query(KEY, limit=6, before=before):
            pages = page + pages
            before = page[0].open_time
        assert [each.open_time // MINUTE for each in pages] == list(range(21))
        assert [each.open_time // MINUTE for each in await history.query(KEY, before=2 * MINUTE + 1)] == [0, 1, 2]

    async def test_any_spelling_of_the_symbol_is_found(self, history: CandleHistory) -> None:
        history.record({KEY: fields(1)})
        assert await history.query("BTC/USDT/1m") == await history.query("btcusdt/1m") == [candle(1)]
        assert await history.query("BTCUSDT/1M") == []

    async def test_recording_is_synchronous(self, history: CandleHistory) -> None:
        assert not inspect.iscoroutinefunction(history.record)
        assert not inspect.iscoroutinefunction(history.load)

    async def test_what_a_query_gave_does_not_change_afterwards(self, history: CandleHistory) -> None:
        history.record({KEY: fields(1)})
        given = await history.query(KEY)
        history.record({KEY: {"close": 11.0}})
        history.record({KEY: fields(2)})
        assert given == [candle(1)]

    async def test_it_follows_a_real_board(self, history: CandleHistory) -> None:
        board = Board("E")
        self._commit(board, fields(0))
        history.load(board.snapshot().data["candles"])
        for minute in range(6):
            for step, closed in ((1, False), (2, False), (3, True)):
                close = 10.0 + (minute * 7 + step) % 5
                history.record(self._commit(board, fields(minute, close, closed=closed, trades=step)))
        expected = [candle(minute, 10.0 + (minute * 7 + 3) % 5, closed=True, trades=3) for minute in range(6)]
        assert await history.query(KEY) == expected

    async def test_closing_twice_is_allowed(self, history: CandleHistory) -> None:
        history.record({KEY: fields(1)})
        await history.close()
        await history.close()

    @staticmethod
    def _commit(board: Board, data: dict[str, Any]) -> Mapping[str, Any]:
        board.apply(Update("candles", KEY, data))
        diff = board.commit(0)
        changes: Mapping[str, Any] = diff.changes.get("candles", {}) if diff else {}
        return changes
