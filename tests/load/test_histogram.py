"""Percentiles within 1 % of the exact ones, in a size that never grows."""

from __future__ import annotations

import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.load.histogram import Histogram

_VALUES = st.lists(st.integers(0, 2**36) | st.integers(0, 500), min_size=1, max_size=300)


@given(_VALUES, st.sampled_from([1.0, 50.0, 90.0, 99.0, 99.9, 100.0]))
def test_a_percentile_is_the_exact_one_within_a_percent(values: list[int], percent: float) -> None:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    exact = sorted(values)[max(1, math.ceil(round(len(values) * percent / 100, 6))) - 1]
    told = histogram.percentile(percent)
    assert told is not None
    assert abs(told - exact) <= exact * 0.01
    assert (histogram.count, histogram.largest) == (len(values), max(values))


@given(st.integers(0, 255))
def test_small_values_are_exact(value: int) -> None:
    histogram = Histogram()
    histogram.record(value)
    assert histogram.percentile(50) == value


def test_nothing_recorded_has_no_percentile() -> None:
    assert Histogram().percentile(99) is None


@pytest.mark.parametrize(("value", "counts_as"), [(-1, 0), (-(10**12), 0), (2**37, 2**37 - 1), (10**18, 2**37 - 1)])
def test_what_is_beyond_the_range_counts_as_its_end(value: int, counts_as: int) -> None:
    histogram = Histogram()
    histogram.record(value)
    assert histogram.largest == counts_as
    assert histogram.percentile(50) == pytest.approx(counts_as, rel=0.01)


def test_its_size_does_not_depend_on_what_is_recorded() -> None:
    histogram = Histogram()
    before = sys.getsizeof(histogram._buckets)
    for value in range(50_000):
        histogram.record(value * 1_000)
    assert sys.getsizeof(histogram._buckets) == before < 40_000
    assert histogram.percentile(99.9) == pytest.approx(49_949_000, rel=0.01)
