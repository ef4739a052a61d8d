"""Differences of prices show no float noise and lose no tick."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.collector.spread import PriceScale, round_significant, tick_decimals


@pytest.mark.parametrize(
    ("tick", "decimals"), [(0.1, 1), (0.25, 2), (0.5, 1), (1.0, 0), (10.0, 0), (1e-08, 8), (0.00001, 5), (2.5e-07, 8)]
)
def test_decimals_of_a_tick(tick: float, decimals: int) -> None:
    assert tick_decimals(tick) == decimals


def test_noise_never_shows() -> None:
    assert PriceScale().difference(100000.1, 100000.0) == 0.1
    assert PriceScale().difference(0.00001235, 0.00001234) == 1e-08
    assert PriceScale().difference(123456.78, 123456.77) == 0.01


def test_the_tick_decides_once_it_is_known() -> None:
    scale = PriceScale()
    scale.set_tick(0.5)
    assert scale.difference(100.49999, 100.0) == 0.5


@given(st.integers(0, 12), st.integers(1, 10**10), st.integers(0, 10**6), st.booleans())
def test_a_difference_of_decimals_is_exact(decimals: int, bid_ticks: int, ticks: int, known: bool) -> None:
    tick = Decimal(1).scaleb(-decimals)
    bid, ask = bid_ticks * tick, (bid_ticks + ticks) * tick
    scale = PriceScale()
    if known:
        scale.set_tick(float(tick))
    assert scale.difference(float(ask), float(bid)) == float(ask - bid)


def test_one_scale_follows_the_price_through_magnitudes() -> None:
    scale = PriceScale()
    for price in (0.0, 1e-9, 5.0, 1e9, 3.0, -7.5, 1e300):
        assert scale.difference(price, price) == 0.0
        assert scale.difference(2 * price, price) == pytest.approx(price)


def test_basis_points_are_of_the_mid_price() -> None:
    scale = PriceScale()
    assert scale.spread_bps(99.5, 100.5, 1.0) == 100.0
    assert scale.spread_bps(-1.0, 0.5, 1.5) is None
    assert scale.spread_bps(0.0, 0.0, 0.0) is None


def test_significant_digits() -> None:
    assert round_significant(0.1 + 0.2) == 0.3
    assert round_significant(123456789.123456789, 10) == 123456789.1
    assert round_significant(0.0) == 0.0
