"""The history in memory: the contract, and its bounds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from bigboard.errors import SettingError
from bigboard.history import Candle, MemoryCandleHistory
from bigboard.history.lengths import LengthIndex
from history.conformance import KEY, MINUTE, CandleHistoryConformance, candle, fields

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bigboard.history import CandleHistory


class TestMemoryCandleHistory(CandleHistoryConformance):
    """The suite of the contract."""

    @pytest_asyncio.fixture
    async def history(self) -> AsyncIterator[CandleHistory]:
        history = MemoryCandleHistory(max_closed=100)
        yield history
        await history.close()


async def test_a_key_keeps_its_newest_closed_candles_and_the_live_one() -> None:
    history = MemoryCandleHistory(max_closed=3)
    for minute in range(10):
        history.record({KEY: fields(minute, closed=True)})
    history.record({KEY: fields(10)})
    assert [each.open_time // MINUTE for each in await history.query(KEY)] == [7, 8, 9, 10]
    assert history.dropped == 0
    assert len(history) == 4


async def test_a_candle_older_than_all_that_is_kept_does_not_push_out_a_newer_one() -> None:
    history = MemoryCandleHistory(max_closed=2)
    for minute in (5, 6, 7, 1):
        history.record({KEY: fields(minute, closed=True)})
    assert [each.open_time // MINUTE for each in await history.query(KEY)] == [5, 6, 7]


async def test_over_all_keys_the_oldest_of_the_longest_goes() -> None:
    history = MemoryCandleHistory(max_closed=100, max_candles=10)
    for minute in range(8):
        history.record({"A/1m": fields(minute, closed=True)})
    for minute in range(8):
        history.record({"B/1m": fields(minute, closed=True)})
    assert len(history) == 10
    assert history.dropped == 6
    assert [each.open_time // MINUTE for each in await history.query("A/1m")] == [3, 4, 5, 6, 7]
    assert [each.open_time // MINUTE for each in await history.query("B/1m")] == [3, 4, 5, 6, 7]


async def test_more_keys_than_candles_forget_the_first() -> None:
    history = MemoryCandleHistory(max_candles=3)
    for number in range(5):
        history.record({f"S{number}/1m": fields(1)})
    assert [len(await history.query(f"S{number}/1m")) for number in range(5)] == [0, 0, 1, 1, 1]
    assert history.dropped == 2


async def test_states_are_bounded() -> None:
    history = MemoryCandleHistory(max_keys=2)
    for number in range(5):
        history.record({f"S{number}/1m": {"open_time": 1}})
    assert history.dropped == 3
    history.record({"S0/1m": None})
    history.record({"S9/1m": fields(1)})
    assert await history.query("S9/1m") == [candle(1)]


@pytest.mark.parametrize("name", ["max_closed", "max_candles", "max_keys"])
def test_a_bound_below_one_is_refused(name: str) -> None:
    with pytest.raises(SettingError, match=name):
        MemoryCandleHistory(**{name: 0})


def test_a_candle_is_an_array_on_the_wire() -> None:
    text = msgspec.json.encode(candle(1, 11.0, closed=True))
    assert text == b"[60000,10.0,11.0,10.0,11.0,1.5,1,true]"
    assert msgspec.json.decode(text, type=Candle) == candle(1, 11.0, closed=True)


_KEYS = ("A/1s", "B/1s", "C/1s")
_MINUTES = st.one_of(st.none(), st.integers(0, 30))
_CHANGES = st.lists(st.tuples(st.sampled_from(_KEYS), _MINUTES, st.integers(1, 99), st.booleans()), max_size=80)


@given(_CHANGES)
def test_equals_a_plain_table(changes: list[tuple[str, int | None, int, bool]]) -> None:
    history = MemoryCandleHistory()
    table: dict[str, dict[int, Candle]] = {}
    for key, minute, close, closed in changes:
        history.record({key: None if minute is None else fields(minute, float(close), closed=closed)})
        if minute is not None:
            table.setdefault(key, {})[minute] = candle(minute, float(close), closed=closed)
    for key in _KEYS:
        held = table.get(key, {})
        assert asyncio.run(history.query(key)) == [held[minute] for minute in sorted(held)]


@given(_CHANGES, st.integers(1, 6), st.integers(1, 12))
def test_memory_is_bounded(changes: list[tuple[str, int | None, int, bool]], closed: int, candles: int) -> None:
    history = MemoryCandleHistory(max_closed=closed, max_candles=candles)
    for key, minute, close, final in changes:
        history.record({key: None if minute is None else fields(minute, float(close), closed=final)})
        lengths = [len(series) for series in history._series.values()]
        assert len(history) == sum(lengths) <= candles
        assert all(1 <= length <= closed + 1 for length in lengths)
        if lengths:
            assert len(history._series[history._lengths.longest()]) == max(lengths)


def test_the_longest_of_none_is_an_error() -> None:
    index = LengthIndex()
    index.move("A", 0, 1)
    assert index.longest() == "A"
    index.move("A", 1, 0)
    with pytest.raises(KeyError):
        index.longest()


def test_keys_of_a_snapshot_replace_states_within_the_bound() -> None:
    history = MemoryCandleHistory(max_keys=2)
    data: dict[str, Any] = {"A/1m": fields(1), "B/1m": fields(1)}
    for _ in range(3):
        history.load(data)
    assert history.dropped == 0
