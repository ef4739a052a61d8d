"""Calls the broadcaster at the right moments: after a commit, and when an interval has passed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bigboard.wire import Instant

if TYPE_CHECKING:
    from bigboard.broadcaster.broadcaster import Broadcaster
    from bigboard.clock import Clock

__all__ = ["Pacemaker"]


class Pacemaker:
    """The event loop's side of the broadcaster.

    It uses loop callbacks, not a task: a hundred commits per second would otherwise mean as many task switches and timers
    for nothing more than to find out that no group is due.
    """

    def __init__(self, broadcaster: Broadcaster, clock: Clock) -> None:
        self._broadcaster = broadcaster
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self._due_at: float | None = None
        """When the timer rings, as the broadcaster asked for it."""
        self._soon: asyncio.Handle | None = None
        self._stopped = False

    def now(self) -> Instant:
        """This moment on both clocks."""
        return Instant(self._clock.monotonic_s(), self._clock.epoch_ms())

    def committed(self) -> None:
        """The board has a new commit. Where everybody's interval is running, the timer finds it, and this costs nothing."""
        if self._broadcaster.awaits_commit:
            self.wake()

    def wake(self) -> None:
        """Somebody has to be looked at, such as a client that changed what it wants. Several in one turn make one tick."""
        if self._soon is None and not self._stopped:
            self._soon = asyncio.get_running_loop().call_soon(self._woken)

    def stop(self) -> None:
        """Tick no more."""
        self._stopped = True
        for handle in (self._timer, self._soon):
            if handle is not None:
                handle.cancel()

    def _woken(self) -> None:
        self._soon = None
        self._tick(committed=True)

    def _due(self) -> None:
        self._timer = None
        self._tick(committed=False)

    def _tick(self, *, committed: bool) -> None:
        now = self.now()
        due = self._broadcaster.tick(now, committed=committed)
        if self._timer is not None:
            if due == self._due_at:
                return  # As it mostly is after a commit that nobody has to hear of yet.
            self._timer.cancel()
            self._timer = None
        self._due_at = due
        if due is not None:
            # Not from where the tick began: it may have sent for some milliseconds, and the timer would be late by as much.
            delay = max(0.0, due - self._clock.monotonic_s())
            self._timer = asyncio.get_running_loop().call_later(delay, self._due)
