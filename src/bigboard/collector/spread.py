"""Spread and price differences without float noise.

``100000.1 - 100000.0`` is ``0.10000000000582`` in binary floats. A difference of two prices is therefore rounded to the
decimals of the tick, or if no tick is known to 12 significant digits *of the price*: that is finer than any tick in use
and far coarser than the noise, which grows with the price and not with the difference.
"""

from __future__ import annotations

from decimal import Decimal
from math import isfinite, log10

__all__ = ["PriceScale", "round_significant", "tick_decimals"]

_DIGITS = 12


def round_significant(value: float, digits: int = _DIGITS) -> float:
    """``value`` with so many significant digits: what a sum of sizes is worth after many additions."""
    return float(f"{value:.{digits}g}")


def tick_decimals(tick_size: float) -> int:
    """Decimals that a multiple of ``tick_size`` needs: 0.25 → 2, 1e-08 → 8, 10.0 → 0."""
    exponent = Decimal(repr(tick_size)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else _DIGITS


class PriceScale:
    """The decimals to which differences of one symbol's prices are rounded."""

    __slots__ = ("_decimals", "_from", "_known", "_to")

    def __init__(self) -> None:
        self._decimals = _DIGITS
        self._known = False
        # Without a tick: the magnitudes of price for which _decimals holds.
        self._from = 0.0
        self._to = 0.0

    def set_tick(self, tick_size: float) -> None:
        """Take the decimals from the tick from now on."""
        self._decimals = tick_decimals(tick_size)
        self._known = True

    def difference(self, of: float, less: float) -> float:
        """``of - less`` as a price difference, rounded."""
        if not self._known:
            magnitude = max(abs(of), abs(less))
            if not self._from <= magnitude < self._to:
                self._fit(magnitude)
        return round(of - less, self._decimals)

    def spread_bps(self, bid: float, ask: float, spread: float) -> float | None:
        """The spread in basis points of the mid price, to 4 decimals; ``None`` where the mid is not positive."""
        twice_mid = bid + ask
        if twice_mid <= 0:
            return None
        bps = 20_000.0 * spread / twice_mid
        return round(bps, 4) if isfinite(bps) else None

    def _fit(self, magnitude: float) -> None:
        if magnitude <= 0:
            return
        exponent = int(log10(magnitude) // 1)
        self._decimals = _DIGITS - 1 - exponent
        self._from, self._to = 10.0**exponent, 10.0 ** min(exponent + 1, 308)
