"""Rates over a sliding window, and the median latency."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bigboard.collector.rates import SlidingRate, median_latency_ms


def test_the_rate_is_that_of_the_window() -> None:
    rate = SlidingRate(5_000, 0)
    count = 0
    for second in range(1, 11):
        count += 100
        assert rate.read(count, second * 1_000) == 100.0
    for second in range(11, 15):
        assert rate.read(count, second * 1_000) == 100.0 * (15 - second) / 5
    assert rate.read(count, 15_000) == 0.0


def test_two_readings_at_one_moment_agree() -> None:
    rate = SlidingRate(5_000, 0)
    assert rate.read(5, 0) == 0.0
    assert rate.read(10, 1_000) == rate.read(10, 1_000) == 10.0


def test_a_clock_that_is_set_back_starts_anew() -> None:
    rate = SlidingRate(5_000, 100_000)
    rate.read(50, 101_000)
    assert rate.read(60, 1_000) == 0.0
    assert rate.read(80, 2_000) == 20.0


@given(st.lists(st.tuples(st.integers(1, 3_000), st.integers(0, 1_000)), min_size=1, max_size=50))
def test_never_negative_and_bounded(steps: list[tuple[int, int]]) -> None:
    rate = SlidingRate(5_000, 0)
    now = count = 0
    for elapsed, messages in steps:
        now += elapsed
        count += messages
        assert rate.read(count, now) >= 0
        assert len(rate._readings) <= 5_000 + 2
        inside = [at for at, _ in rate._readings if at > now - 5_000]
        assert len(rate._readings) <= len(inside) + 1


def test_latency_keeps_its_sign_and_ignores_what_is_no_number() -> None:
    assert median_latency_ms([]) is None
    assert median_latency_ms([float("nan"), float("inf"), 1e300]) is None
    assert median_latency_ms([-1270.0, -1268.04, 5_000.0]) == -1268.0
    assert median_latency_ms([1, 2]) == 1.5
