"""A feed of a simulated market: paces ``simulation`` by the clock."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from bigboard.clock import Clock, SystemClock
from bigboard.feed.instrument import LISTED, choose_instruments
from bigboard.feed.simulation import Simulation
from bigboard.feed.turn import SHORTEST_SLEEP_S, Turn
from bigboard.wire.market import Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bigboard.wire.market import MarketEvent, Mode

__all__ = ["SimulatedFeed"]

_MOST_SYMBOLS: Final = 32
"""In one batch: some milliseconds of work, so that hundreds of symbols do not hold the event loop in one piece."""
_LARGEST_DEBT_S: Final = 0.1
_STATUS_EVERY_S: Final = 1.0


class SimulatedFeed:
    """A market of ``symbols`` (a count, or names) that each move ``updates_per_second`` times a second.

    Equal seeds give the same market, step by step and on any machine; the clock only decides when a step is shown. A machine
    that is too slow for the rate shows fewer steps a second; the status tells the true rate.

    Raises ``ValueError`` for a rate outside 1 to 1,000, or no symbol at all.
    """

    name = "simulated"
    mode: Mode = "simulated"
    venue: str | None = None

    def __init__(
        self,
        symbols: int | Sequence[str] = len(LISTED),
        *,
        updates_per_second: float = 10.0,
        seed: int = 0,
        clock: Clock | None = None,
    ) -> None:
        if not 1 <= updates_per_second <= 1_000:
            raise ValueError(f"a symbol can have 1 to 1,000 updates per second, not {updates_per_second}")
        self._simulation = Simulation(choose_instruments(symbols), seed=seed)
        self._interval_s = 1 / updates_per_second
        self._asked_rate = updates_per_second
        self._clock = clock if clock is not None else SystemClock()
        self._begun = False
        self._counted_steps = 0
        self._counting_since_s = -math.inf

    @property
    def symbols(self) -> list[str]:
        """What is traded here, in the spelling that was asked for."""
        return [symbol.instrument.symbol for symbol in self._simulation.symbols]

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        """See ``Feed``; it never ends by itself."""
        if self._begun:
            raise RuntimeError("events() of a feed may be called once")
        self._begun = True
        clock, turn = self._clock, Turn()
        due_s = self._counting_since_s = clock.monotonic_s()
        yield [self._status(None)]
        while True:
            now_ms = clock.epoch_ms()
            self._simulation.begin(self._interval_s)
            for first in range(0, len(self._simulation.symbols), _MOST_SYMBOLS):
                if batch := self._step(first, now_ms):
                    yield batch
                if turn.is_over():
                    await clock.sleep(0)
                    turn.begin()
            if news := self._count_step():
                yield news
            due_s += self._interval_s
            now_s = clock.monotonic_s()
            # Timers fire late by up to a millisecond or two, so some steps follow each other at once to keep the rate.
            # A debt beyond that is not the timer's: the machine cannot keep up, and the steps are left out.
            due_s = max(due_s, now_s - _LARGEST_DEBT_S)
            if due_s > now_s:
                await clock.sleep(max(due_s - now_s, SHORTEST_SLEEP_S))
                turn.begin()

    def _step(self, first: int, now_ms: int) -> list[MarketEvent]:
        simulation = self._simulation
        symbols = simulation.symbols[first : first + _MOST_SYMBOLS]
        return [event for symbol in symbols for event in simulation.step(symbol, now_ms)]

    def _count_step(self) -> list[MarketEvent]:
        self._counted_steps += 1
        span_s = self._clock.monotonic_s() - self._counting_since_s
        if span_s < _STATUS_EVERY_S:
            return []
        rate = self._counted_steps / span_s
        self._counted_steps, self._counting_since_s = 0, self._clock.monotonic_s()
        return [self._status(rate)]

    def _status(self, true_rate: float | None) -> Status:
        detail = f"{len(self._simulation.symbols)} symbols, {self._asked_rate:g} updates/s each"
        if true_rate is not None and true_rate < 0.95 * self._asked_rate:
            detail += f" asked for, {true_rate:.0f} kept up with"
        return Status(
            service=self.name,
            kind="feed",
            status="up",
            timestamp=self._clock.epoch_ms(),
            detail=detail,
            skipped=0,
        )
