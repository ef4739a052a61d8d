"""The order book of a simulated symbol: 25 levels a side on the tick grid, never crossed. Pure.

Prices are whole ticks and sizes whole lots in here, so nothing is ever off the grid. A price at which something traded
is *touched* for the rest of the step: no new orders come to it before the next one, so that whoever follows the feed can
check each trade against the book that it took from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from random import Random

__all__ = ["DEPTH", "BookShape", "Fill", "SimulatedSide"]

DEPTH: Final = 25
_ROUND_TICKS: Final = 100
_MOST_NEW_LEVELS: Final = 6


class Fill(NamedTuple):
    """A part of an order that traded at one price."""

    tick: int
    lots: int


class BookShape(NamedTuple):
    """What a side typically looks like."""

    lots: float
    """On one level near the top."""
    gap_ticks: float
    """Between one level and the next, in the mean; at least 1."""


class SimulatedSide:
    """Bids (``sign`` -1) or asks (+1); "deeper" is farther from the other side."""

    __slots__ = ("_rng", "_shape", "_touched", "levels", "sign", "ticks")

    def __init__(self, sign: int, best: int, shape: BookShape, rng: Random) -> None:
        self.sign = sign
        self._shape = shape
        self._rng = rng
        self._touched: set[int] = set()
        self.ticks: list[int] = []
        """The prices, best first."""
        self.levels: dict[int, int] = {}
        """Price to lots."""
        self._insert(0, best)
        self.settle()

    @property
    def best(self) -> int:
        """The best price, in ticks."""
        return self.ticks[0]

    def begin_step(self) -> None:
        """Every price may get new orders again."""
        self._touched.clear()

    def take(self, lots: int, *, most_levels: int) -> list[Fill]:
        """Trade up to ``lots`` from the best price on, over at most ``most_levels`` prices."""
        fills: list[Fill] = []
        while lots > 0 and len(fills) < most_levels:
            tick = self.ticks[0]
            resting = self.levels[tick]
            traded = min(lots, resting)
            fills.append(Fill(tick, traded))
            self._touched.add(tick)
            lots -= traded
            if traded < resting:
                self.levels[tick] = resting - traded
                break
            self._remove(0)
        return fills

    def requote(self, target: int) -> None:
        """Move the best price to ``target``: what is better is withdrawn, and new orders lead up to it."""
        sign = self.sign
        while self.ticks and sign * self.ticks[0] < sign * target:
            self._remove(0)
        if self.ticks and self.ticks[0] == target:
            return
        # Toward a target that is far ahead the orders stand as sparsely as everywhere, most of them near the target.
        tick = target
        place = 0
        while place < DEPTH and (not self.ticks or place >= len(self.ticks) or sign * tick < sign * self.ticks[place]):
            if tick not in self._touched:
                self._insert(place, tick)
                place += 1
            tick += sign * self._gap()
            if place >= _MOST_NEW_LEVELS:
                break

    def churn(self, changes: int) -> None:
        """Orders come and go on some levels, more of them near the top."""
        rng = self._rng
        for _ in range(changes):
            draw = rng.random()
            place = int(draw * draw * len(self.ticks))
            tick = self.ticks[place]
            if tick in self._touched:
                continue
            if place and rng.random() < 0.15:
                self._remove(place)
            else:
                self.levels[tick] = self._lots(tick, place)

    def settle(self) -> None:
        """Bring the side to its depth again, whatever happened to it, and close a hole that orders left behind."""
        place = self._hole()
        if place is not None:
            self._fill_after(place)
        while len(self.ticks) > DEPTH:
            self._remove(-1)
        while len(self.ticks) < DEPTH:
            self._fill_after(len(self.ticks) - 1)

    def _hole(self) -> int | None:
        """After which level the next one is missing: the first of those that are much farther apart than usual."""
        widest = int(3 * self._shape.gap_ticks) + 1 if self._shape.gap_ticks > 1.5 else 1
        gaps = map(int.__sub__, self.ticks[1:], self.ticks)
        return next((place for place, gap in enumerate(gaps) if self.sign * gap > widest), None)

    def _fill_after(self, place: int) -> None:
        tick = self.ticks[place] + self.sign * self._gap()
        while tick in self._touched:
            tick += self.sign
        if place + 1 == len(self.ticks) or self.sign * tick < self.sign * self.ticks[place + 1]:
            self._insert(place + 1, tick)

    def _insert(self, place: int, tick: int) -> None:
        self.ticks.insert(place, tick)
        self.levels[tick] = self._lots(tick, place)

    def _remove(self, place: int) -> None:
        del self.levels[self.ticks.pop(place)]

    def _gap(self) -> int:
        spare = self._shape.gap_ticks - 1
        return 1 + min(int(self._rng.expovariate(1.0) * (spare + 0.2)), int(spare * 8) + 1)

    def _lots(self, tick: int, place: int) -> int:
        """Heavy-tailed, growing with depth, and larger at round prices, where people like to place orders."""
        size = self._shape.lots * (0.4 + 0.05 * place) * self._rng.lognormvariate(0.0, 1.1)
        if tick % _ROUND_TICKS == 0:
            size *= 3
        return max(1, int(size))
