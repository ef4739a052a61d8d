"""One load from its begin to its report."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple

from bigboard.load.histogram import Histogram
from bigboard.load.running import RunningLoad
from bigboard.load.summary import Measured, Outcome, Ramp, summarise
from bigboard.load.survey import survey
from bigboard.load.swarm import Swarm

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from bigboard.load.plan import Bounds, LoadPlan
    from bigboard.load.report import Report
    from bigboard.load.target import Target

__all__ = ["Moment", "run_load"]

_TELL_S = 0.25
_LATE_S = 0.02


class Moment(NamedTuple):
    """How far a load is, for whoever shows it."""

    phase: str
    """``connecting``, ``measuring`` or ``checking``."""
    fraction: float
    clients: int
    """Connected."""
    messages: int
    """In what is measured, so far."""
    p99_ms: float | None
    """Delivery, so far."""


async def run_load(
    plan: LoadPlan, target: Target, bounds: Bounds, stop: asyncio.Event, tell: Callable[[Moment], None] | None = None
) -> Report:
    """Load the server. ``stop`` ends it early; what was measured until then is reported.

    Raises ``ConnectionFailed`` or ``WireError`` if the very first client is not served.
    """
    load = RunningLoad(plan, target, stop)
    swarm = Swarm(load, await survey(load))
    phases = _Phases(load, swarm, tell or _nobody)
    try:
        ramp, measured = await phases.ramp(), await phases.measure()
        outcome = Outcome(ramp, measured, *await phases.check())
    finally:
        await swarm.leave()
    return summarise(load, outcome, bounds)


def _nobody(_moment: Moment) -> None:
    pass


class _Phases:
    """The phases of a load, each with what goes on beside it."""

    def __init__(self, load: RunningLoad, swarm: Swarm, tell: Callable[[Moment], None]) -> None:
        self._plan = load.plan
        self._stop = load.stop
        self._swarm = swarm
        self._tell = tell
        self._measuring_since = 0.0

    async def ramp(self) -> Ramp:
        """Connect everybody."""
        tally = self._swarm.tally
        begun = time.monotonic()
        async with _meanwhile(_repeat(self._tell_connecting)):
            await self._swarm.ramp()
            connected_s = time.monotonic() - begun
            opened = tally.opened
            await self._swarm.settle()
        return Ramp(time.monotonic() - begun, opened / max(connected_s, 1e-9))

    async def measure(self) -> Measured:
        """Let the board move for a while, and count."""
        tally, late = self._swarm.tally, Histogram()
        tally.next_window()
        begun, cpu_begun = time.monotonic(), time.process_time()
        self._measuring_since = begun
        beside = (self._swarm.churn(), self._swarm.watch(), _time_the_loop(late), _repeat(self._tell_measuring))
        async with _meanwhile(*beside):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._plan.seconds):
                    await self._stop.wait()
            seconds = time.monotonic() - begun
            cpu_s = time.process_time() - cpu_begun
        return Measured(tally.next_window(), seconds, cpu_s, late)

    async def check(self) -> tuple[int, list[list[str] | None]]:
        """How many are connected, and what comes of comparing states; then the slow ones read what waits for them."""
        self._tell(Moment("checking", 1.0, self._swarm.connected(), 0, None))
        await self._swarm.settle()
        connected = self._swarm.connected()
        compared = await self._swarm.compare()
        await self._swarm.read_slow()
        return connected, compared

    def _tell_connecting(self) -> None:
        connected = self._swarm.connected()
        self._tell(Moment("connecting", connected / self._plan.clients, connected, 0, None))

    def _tell_measuring(self) -> None:
        window = self._swarm.tally.window
        p99_us = window.delivery.percentile(99)
        fraction = min(1.0, (time.monotonic() - self._measuring_since) / self._plan.seconds)
        p99_ms = None if p99_us is None else p99_us / 1_000
        self._tell(Moment("measuring", fraction, self._swarm.connected(), window.messages, p99_ms))


@contextlib.asynccontextmanager
async def _meanwhile(*beside: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run these as long as the block does. An error of one of them ends the block."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in beside]
        yield
        for task in tasks:
            task.cancel()


async def _repeat(work: Callable[[], None]) -> None:
    while True:
        work()
        await asyncio.sleep(_TELL_S)


async def _time_the_loop(late: Histogram) -> None:
    """Record by how much this program misses its own times: so much may it add to every delay that it measures."""
    while True:
        due = time.monotonic() + _LATE_S
        await asyncio.sleep(_LATE_S)
        late.record(round((time.monotonic() - due) * 1e6))
