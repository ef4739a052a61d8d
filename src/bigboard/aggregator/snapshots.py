"""Saves snapshots on the spine beside the commits: one that takes long, or fails, holds up nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from bigboard.aggregator.outage import Outage
from bigboard.errors import SpineUnavailable

if TYPE_CHECKING:
    from bigboard.board import Snapshot
    from bigboard.clock import Clock
    from bigboard.spine import Spine

__all__ = ["SnapshotSaver"]

_log = structlog.stdlib.get_logger("bigboard.aggregator")

_RETRY_S: Final = 1.0


class SnapshotSaver:
    """Keeps the newest snapshot until the spine has it. One that waits is replaced by a newer one.

    A snapshot that is not saved costs only that the log cannot be trimmed, and so grows up to its bound: whoever starts to
    follow has more to read.
    """

    def __init__(self, spine: Spine, clock: Clock, *, timeout_s: float = 60.0) -> None:
        self.saved = 0
        """Snapshots that the spine took."""
        self.outage = Outage()
        self._spine = spine
        self._clock = clock
        self._timeout_s = timeout_s
        self._waiting: Snapshot | None = None
        self._due = asyncio.Event()

    def offer(self, snapshot: Snapshot) -> None:
        """Have it saved as soon as may be. Its last commit is on the log already."""
        self._waiting = snapshot
        self._due.set()

    async def run(self) -> None:
        """Save what is offered, until cancelled."""
        while True:
            await self._due.wait()
            snapshot = self._waiting
            if snapshot is None:
                self._due.clear()
            elif await self._save(snapshot):
                if self._waiting is snapshot:
                    self._waiting = None
            else:
                await self._clock.sleep(_RETRY_S)

    async def _save(self, snapshot: Snapshot) -> bool:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._spine.save(snapshot)
        except (SpineUnavailable, TimeoutError) as error:
            if self.outage.failed(self._clock.monotonic_s()):
                text = str(error) or f"no answer within {self._timeout_s:g} s"
                _log.warning("a snapshot waits for the spine", sequence=snapshot.sequence, error=text)
            return False
        if self.outage.lasts:
            self.outage.ended()
            _log.warning("the spine takes snapshots again", sequence=snapshot.sequence)
        self.saved += 1
        return True
