"""The spine inside one process: a bounded list of diffs and one snapshot."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from bigboard.board import Cursor
from bigboard.errors import SpineUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bigboard.board import Diff, Snapshot

__all__ = ["MemorySpine"]

_STEPS_PER_TURN = 64
"""A diff takes a follower some ten microseconds or a few hundred: this is some milliseconds of work."""


class MemorySpine:
    """A ``Spine`` for `bigboard up`: nothing is encoded or copied, followers share the writer's objects."""

    def __init__(self, *, max_diffs: int = 10_000, max_weight: int = 20_000) -> None:
        self.max_diffs = max_diffs
        """Diffs kept. Full and not to be trimmed: ``append`` raises."""
        self.max_weight = max_weight
        """Changed keys in the diffs that a snapshot covers. Diffs of a busy board are large, and no follower in this process
        is ever far behind: past this the covered ones go, and who is behind them starts from the snapshot."""
        self._weight = 0
        self.trimmed = 0
        """Diffs that were dropped from the log's old end."""
        self._log: deque[Diff] = deque()
        self._snapshot: Snapshot | None = None
        self._last: Cursor | None = None
        self._changed = asyncio.Event()
        self._closed = False

    async def append(self, diff: Diff) -> None:
        """See ``Spine``."""
        if self._last == diff.cursor:
            return
        if self._last != Cursor(diff.epoch, diff.since):
            raise SpineUnavailable(f"the log ends at {self._last}, the diff starts at {diff.epoch}@{diff.since}")
        if len(self._log) >= self.max_diffs and not self._trim():
            raise SpineUnavailable(f"the log holds {len(self._log)} diffs since its snapshot: save a newer one")
        self._log.append(diff)
        self._weight += diff.weight
        self._last = diff.cursor
        self._notify()

    async def save(self, snapshot: Snapshot) -> None:
        """See ``Spine``."""
        if self._last is None or snapshot.epoch != self._last.epoch:
            self._log.clear()
            self._weight = 0
            self._last = snapshot.cursor
        elif snapshot.sequence > self._last.sequence:
            raise SpineUnavailable(f"the log ends at {self._last}, the snapshot is of {snapshot.cursor}")
        elif self._snapshot is not None and snapshot.sequence < self._snapshot.sequence:
            return  # The log may have been trimmed up to the newer one: from an older one nobody could get on.
        self._snapshot = snapshot
        while self._weight > self.max_weight and self._drop_oldest(snapshot.sequence):
            pass
        self._notify()

    async def snapshot(self) -> Snapshot | None:
        """See ``Spine``."""
        return self._snapshot

    async def follow(self, cursor: Cursor | None = None) -> AsyncGenerator[Snapshot | Diff, None]:
        """See ``Spine``."""
        steps = 0
        while not self._closed:
            changed = self._changed
            step = self._next(cursor)
            if step is None:
                await changed.wait()
                steps = 0
                continue
            if steps == _STEPS_PER_TURN:
                # Nothing here ever waits: a reader that is far behind would hold the event loop until it has caught up.
                await asyncio.sleep(0)
                steps = 0
                continue
            steps += 1
            cursor = step.cursor
            yield step

    async def close(self) -> None:
        """See ``Spine``."""
        self._closed = True
        self._notify()

    def _next(self, cursor: Cursor | None) -> Snapshot | Diff | None:
        """What brings a reader at ``cursor`` on by one step; ``None`` if it has all."""
        if self._snapshot is None or cursor == self._last:
            return None
        if cursor is not None and self._last is not None and cursor.epoch == self._last.epoch:
            behind = self._last.sequence - cursor.sequence
            if 0 < behind <= len(self._log):
                return self._log[len(self._log) - behind]
        return self._snapshot

    def _trim(self) -> bool:
        """Drop the older half of what the snapshot covers; whether there is room now."""
        covered = self._snapshot.sequence if self._snapshot is not None else 0
        while len(self._log) > self.max_diffs // 2 and self._drop_oldest(covered):
            pass
        return len(self._log) < self.max_diffs

    def _drop_oldest(self, covered: int) -> bool:
        """Drop the oldest diff, if there is one and a snapshot at ``covered`` makes up for it."""
        if not self._log or self._log[0].sequence > covered:
            return False
        self._weight -= self._log.popleft().weight
        self.trimmed += 1
        return True

    def _notify(self) -> None:
        # A fresh event per change: whoever waited on the old one wakes, and nobody has to reset it for others.
        self._changed.set()
        self._changed = asyncio.Event()
