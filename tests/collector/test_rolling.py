"""The 24 h window equals a naive computation over all that was seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.collector.rolling import MINUTES, RollingDay

_MINUTE_MS = 60_000

# Steps that stay within a minute, cross a few, leave most of the window behind, or come late.
_STEPS = st.one_of(
    st.integers(0, 30_000),
    st.integers(0, 10 * _MINUTE_MS),
    st.integers(0, 30 * 60 * _MINUTE_MS),
    st.integers(-3 * 60 * _MINUTE_MS, 0),
)
_TRADES = st.lists(st.tuples(_STEPS, st.integers(1, 500), st.integers(0, 1_000)), min_size=1, max_size=60)


@given(_TRADES)
def test_equals_a_naive_computation(steps: list[tuple[int, int, int]]) -> None:
    window = RollingDay()
    seen: list[tuple[int, float, float]] = []
    time = newest = 10 * 24 * 60 * _MINUTE_MS
    for step, price, size in steps:
        time = max(0, time + step)
        newest = max(newest, time) if seen else time
        if time // _MINUTE_MS >= newest // _MINUTE_MS - MINUTES:
            seen.append((time, float(price), size / 10))
        window.add(time, float(price), size / 10)
        oldest = newest // _MINUTE_MS - MINUTES
        inside = [entry for entry in seen if entry[0] // _MINUTE_MS >= oldest]
        first_minute = min(at // _MINUTE_MS for at, _, _ in inside)
        assert window.open == next(price for at, price, _ in inside if at // _MINUTE_MS == first_minute)
        assert window.high == max(price for _, price, _ in inside)
        assert window.low == min(price for _, price, _ in inside)
        assert window.volume == pytest.approx(sum(size for _, _, size in inside))
        assert window.quote_volume == pytest.approx(sum(price * size for _, price, size in inside))


def test_a_minute_leaves_after_a_day() -> None:
    window = RollingDay()
    window.add(0, 100.0, 1.0)
    window.add(_MINUTE_MS, 50.0, 2.0)
    assert not window.advance(MINUTES * _MINUTE_MS + _MINUTE_MS - 1)
    assert (window.high, window.volume) == (100.0, 3.0)
    assert window.advance((MINUTES + 1) * _MINUTE_MS)
    assert (window.open, window.high, window.volume, window.quote_volume) == (50.0, 50.0, 2.0, 100.0)
    assert window.advance((MINUTES + 2) * _MINUTE_MS)
    assert window.empty


def test_memory_is_bounded() -> None:
    window = RollingDay()
    for minute in range(3 * MINUTES):
        window.add(minute * _MINUTE_MS, 1.0, 1.0)
    assert len(window) == MINUTES + 1
    assert window.volume == MINUTES + 1


def test_a_day_of_sums_leaves_no_residue() -> None:
    window = RollingDay()
    window.add(0, 1.0, 1e15)
    for minute in range(1, MINUTES + 2):
        window.add(minute * _MINUTE_MS, 1.0, 0.1)
    assert window.volume == pytest.approx(0.1 * (MINUTES + 1), rel=1e-12)


def test_prices_alone_move_high_and_low() -> None:
    window = RollingDay()
    window.add(0, 5.0)
    window.add(10, 7.0)
    assert (window.open, window.high, window.low, window.volume) == (5.0, 7.0, 5.0, 0.0)
