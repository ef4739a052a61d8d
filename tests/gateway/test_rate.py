"""Rates: never more than what they allow, and never less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.gateway.rate import Rate, RateTable

if TYPE_CHECKING:
    from collections.abc import Iterable

_STEPS = st.lists(st.floats(0, 2, allow_nan=False), min_size=1, max_size=200)
_RATES = st.builds(Rate, st.floats(0.5, 50), st.integers(1, 30))


def _taken(rate: Rate, steps: Iterable[float]) -> list[float]:
    """The moments at which one was taken, of somebody who tries after each step."""
    now, full_at = 100.0, 0.0
    taken = []
    for step in steps:
        now += step
        full_at, wait = rate.take(full_at, now)
        if not wait:
            taken.append(now)
    return taken


@given(_RATES, _STEPS)
def test_no_stretch_of_time_holds_more_than_the_burst_and_the_rate(rate: Rate, steps: list[float]) -> None:
    taken = _taken(rate, steps)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= rate.burst + rate.per_s * (taken[last] - taken[first]) + 1e-6


@given(_RATES, st.integers(1, 200))
def test_who_keeps_to_the_rate_is_never_refused(rate: Rate, count: int) -> None:
    assert len(_taken(rate, [1 / rate.per_s] * count)) == count


@given(_RATES, _STEPS)
def test_the_wait_is_the_time_after_which_it_works(rate: Rate, steps: list[float]) -> None:
    now, full_at = 100.0, 0.0
    for step in steps:
        now += step
        full_at, wait = rate.take(full_at, now)
        if wait:
            assert rate.take(full_at, now + wait * 0.5)[1] > 0
            assert rate.take(full_at, now + wait + 1e-6)[1] == 0


def test_a_burst_at_once_and_then_one_by_one() -> None:
    rate = Rate(10.0, 5)
    assert len(_taken(rate, [0.0] * 20)) == 5
    assert len(_taken(rate, [0.0] * 20 + [0.1] * 3 + [0.0] * 5)) == 8


def test_a_table_counts_each_key_alone() -> None:
    table = RateTable(Rate(1.0, 2))
    assert [table.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert table.take("b", 0.0) == 0.0
    assert table.take("a", 1.0) == 0.0


def test_a_table_is_bounded_and_counts_whom_it_forgot_too_early() -> None:
    table = RateTable(Rate(1.0, 2), most=3)
    for number in range(1_000):
        table.take(str(number), 0.0)
        assert len(table) <= 3
    assert table.evicted == 997
    idle = RateTable(Rate(1.0, 2), most=3)
    for number in range(1_000):
        idle.take(str(number), float(number))
    assert idle.evicted == 0


def test_who_is_busy_is_kept() -> None:
    table = RateTable(Rate(0.001, 1), most=3)
    table.take("busy", 0.0)
    for number in range(100):
        table.take(str(number), 0.0)
        assert table.take("busy", 0.0) > 0


@pytest.mark.parametrize("burst", [1, 2])
def test_the_clock_may_start_anywhere(burst: int) -> None:
    for start in (0.0, 5.0, 1e9):
        table = RateTable(Rate(1.0, burst))
        assert [table.take("a", start) == 0 for _ in range(burst + 1)] == [True] * burst + [False]
