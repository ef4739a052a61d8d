"""The tick size of a symbol, as far as its prices tell it.

A stream of prices does not say the tick size, but its decimals do: the most decimals seen so far, without trailing
zeros (spot pads every price to eight decimals). The guess only ever gets finer, and settles within a few prices.
"""

from __future__ import annotations

__all__ = ["TickSize"]

_MOST_DECIMALS = 12


class TickSize:
    """The finest step seen so far. A tick of 0.05 or 5 is seen as 0.01 or 1: right for how many decimals to show."""

    __slots__ = ("_decimals",)

    def __init__(self) -> None:
        self._decimals = -1

    @property
    def value(self) -> float | None:
        """In units of the price; ``None`` before the first price."""
        return float(f"1e-{self._decimals}") if self._decimals >= 0 else None

    def refine(self, *prices: str) -> float | None:
        """Take prices as the source spells them; returns the tick size if it has become finer."""
        before = self._decimals
        for price in prices:
            point = price.find(".")
            decimals = len(price.rstrip("0")) - point - 1 if point >= 0 else 0
            if self._decimals < decimals <= _MOST_DECIMALS:
                self._decimals = decimals
        return self.value if self._decimals != before else None
