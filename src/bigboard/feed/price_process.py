"""How the fair price of a simulated symbol moves. Pure: the time that passes is an argument.

Stochastic volatility in the manner of Heston's and of Taylor's models: the logarithm of the volatility is the sum of two
Ornstein-Uhlenbeck processes, one with a memory of minutes and one of hours, so that calm and nervous times cluster as
they do in a real market, at every interval of a chart. A rare jump kicks the price and makes the next minutes nervous.
Returns are one factor that all symbols share (times their beta) plus their own.
"""

from __future__ import annotations

from math import exp, log, sqrt
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

__all__ = ["FairPrice", "Volatility"]

YEAR_S: Final = 365 * 24 * 3600.0


class _Reverting:
    """An Ornstein-Uhlenbeck process around 0, stepped exactly for any span of time."""

    __slots__ = ("_deviation", "_dt", "_keep", "_noise", "_rate", "value")

    def __init__(self, *, half_life_s: float, deviation: float) -> None:
        self.value = 0.0
        self._rate = log(2) / half_life_s
        self._deviation = deviation
        self._dt = self._keep = self._noise = 0.0

    def advance(self, dt_s: float, rng: Random) -> float:
        if dt_s != self._dt:  # steps mostly have the same length
            self._dt = dt_s
            self._keep = exp(-self._rate * dt_s)
            self._noise = self._deviation * sqrt(1 - self._keep * self._keep)
        self.value = self.value * self._keep + self._noise * rng.gauss(0.0, 1.0)
        return self.value


class Volatility:
    """A multiplier around 1 of how lively things are now."""

    __slots__ = ("_fast", "_slow")

    def __init__(self) -> None:
        self._fast = _Reverting(half_life_s=90.0, deviation=0.45)
        self._slow = _Reverting(half_life_s=5_400.0, deviation=0.45)

    def advance(self, dt_s: float, rng: Random) -> float:
        """The multiplier after ``dt_s`` more seconds."""
        return exp(self._fast.advance(dt_s, rng) + self._slow.advance(dt_s, rng) - 0.2)

    def excite(self) -> None:
        """Something has happened: the next minutes are nervous."""
        self._fast.value += 0.9


class FairPrice:
    """A price that starts at ``start`` and moves in proportion.

    A weak pull back to the start (half of the way in ten days) and a bound at a fifth and five times of it keep a
    simulation that runs for months on its price scale.
    """

    __slots__ = ("_beta", "_jumps_per_s", "_log", "_per_root_s", "_volatility", "level", "start")

    _PULL: Final = log(2) / (10 * 24 * 3600.0)
    _FARTHEST: Final = log(5)

    def __init__(self, start: float, *, volatility: float, beta: float, jumps_per_day: float = 40.0) -> None:
        self.start = start
        self.level = 1.0
        """The multiplier of its volatility now."""
        self._log = 0.0
        self._beta = beta
        self._per_root_s = volatility / sqrt(YEAR_S)
        self._jumps_per_s = jumps_per_day / (24 * 3600.0)
        self._volatility = Volatility()

    @property
    def value(self) -> float:
        """The price now."""
        return self.start * exp(self._log)

    def advance(self, dt_s: float, market_return: float, rng: Random) -> float:
        """Let ``dt_s`` seconds pass, in which the market moved by ``market_return``; returns the own return."""
        self.level = self._volatility.advance(dt_s, rng)
        own = self._per_root_s * self.level * sqrt(dt_s) * rng.gauss(0.0, 1.0)
        if rng.random() < self._jumps_per_s * dt_s:
            own += self._per_root_s * rng.gauss(0.0, 12.0)
            self._volatility.excite()
        move = own + self._beta * market_return - self._PULL * dt_s * self._log
        self._log = min(self._FARTHEST, max(-self._FARTHEST, self._log + move))
        return move
