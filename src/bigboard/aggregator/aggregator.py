"""The only writer: takes what sources say, commits it to the board, appends each commit to the spine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from bigboard.aggregator.hints import news
from bigboard.aggregator.outage import Outage
from bigboard.aggregator.snapshots import SnapshotSaver
from bigboard.board import Update
from bigboard.errors import SpineUnavailable, UpdateRejected
from bigboard.rejections import Rejections

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from bigboard.board import Board, Diff, Snapshot, UpdateBatch
    from bigboard.clock import Clock
    from bigboard.sources import Delivery
    from bigboard.spine import Spine
    from bigboard.wire.market import ServiceStatus

__all__ = ["Aggregator"]

_log = structlog.stdlib.get_logger("bigboard.aggregator")

_RETRY_S = 0.1
"""Between two attempts to reach a spine that takes nothing."""
_SAVE_TIMEOUT_S = 60.0
"""The first snapshot may be large, and nothing can go on without it."""


class Aggregator:
    """Sources in, commits out.

    Updates are applied the moment they come and become visible with the next commit: at once after a quiet time, otherwise
    at most every ``commit_interval_s``. There is no queue of updates; what waits is already merged into the board. If the
    spine does not take a commit, it is kept, and nothing more is committed until the spine has it: changes go on merging
    in the board meanwhile, so an outage costs intermediate values and no memory. Snapshots are saved beside the commits.
    """

    def __init__(
        self,
        board: Board,
        spine: Spine,
        clock: Clock,
        *,
        commit_interval_s: float = 0.010,
        snapshot_commits: int = 1_000,
        snapshot_weight: int = 20_000,
        append_timeout_s: float = 5.0,
        name: str = "aggregator",
    ) -> None:
        self.board = board
        self.name = name
        self.updates = 0
        """Updates taken, changed anything or not."""
        self.commits = 0
        self.rejections = Rejections()
        self.outage = Outage()
        self.snapshots = SnapshotSaver(spine, clock)
        self._spine = spine
        self._clock = clock
        self._commit_interval_s = commit_interval_s
        self._snapshot_commits = snapshot_commits
        self._snapshot_weight = snapshot_weight
        self._weight = 0
        self._append_timeout_s = append_timeout_s
        self._dirty = asyncio.Event()
        self._committing = asyncio.Lock()
        self._unsent: Diff | None = None
        self._due: Snapshot | None = None
        self._begun = False
        self._since_ms = board.timestamp
        self._reported: tuple[float, int] | None = None

    def ingest(self, updates: Sequence[Update]) -> None:
        """Apply updates, each for itself: a bad one is counted and logged, and harms no other."""
        board = self.board
        changed = False
        for update in updates:
            try:
                changed |= board.apply(update)
            except UpdateRejected as error:
                self._reject(error)
        self.updates += len(updates)
        if changed:
            self._dirty.set()

    def ingest_atomic(self, updates: Sequence[Update]) -> None:
        """Apply updates that belong together, all or none; they become visible in one commit."""
        try:
            if self.board.apply_all(updates):
                self._dirty.set()
        except UpdateRejected as error:
            self._reject(error)
        self.updates += len(updates)

    async def publish(self, batches: Sequence[UpdateBatch]) -> None:
        """Apply batches in order; one with a barrier is committed before the next is applied.

        While the spine takes nothing a barrier holds nobody up: then its batch merges with what follows.
        """
        for updates, barrier in batches:
            self.ingest(updates)
            if barrier and not self.outage.lasts:
                await self.commit()

    async def take(self, deliveries: Sequence[Delivery]) -> None:
        """Apply what a source hands on, in order; a barrier is kept as in ``publish``."""
        for updates, atomic, barrier, hint in deliveries:
            if atomic:
                self.ingest_atomic(updates)
            else:
                self.ingest(news(updates, self.board, self._since_ms) if hint else updates)
            if barrier and not self.outage.lasts:
                await self.commit()

    async def begin(self) -> None:
        """Start the history on the spine, however long that takes; ``run`` does so if nobody has.

        One that goes on with another's history must ingest nothing before: what is applied by then would be in its first
        snapshot, and in no diff.
        """
        while not await self._try_to_begin():
            await self._clock.sleep(_RETRY_S)
        self._begun = True

    async def run(self) -> None:
        """Start the history on the spine, then commit until cancelled."""
        if not self._begun:
            await self.begin()
        async with asyncio.TaskGroup() as parts:
            parts.create_task(self.snapshots.run(), name="snapshots")
            while True:
                await self._dirty.wait()
                self._dirty.clear()
                await self.commit()
                await self._clock.sleep(_RETRY_S if self.outage.lasts else self._commit_interval_s)

    async def _try_to_begin(self) -> bool:
        async with self._committing:
            # A snapshot is the state of a commit. What came before anybody could follow is in it, and needs no diff.
            self.board.commit(self._clock.epoch_ms())
            self._unsent = None
            snapshot = self.board.snapshot()
            return await self._delivered(self._spine.save(snapshot), snapshot.sequence, _SAVE_TIMEOUT_S)

    async def commit(self) -> None:
        """Make what was applied visible, if there is anything, and hand it to the spine."""
        async with self._committing:
            # What waited for the spine goes first; what has merged in the board meanwhile is a commit of its own.
            if self._unsent is None or await self._send(self._unsent):
                self._unsent = self._take_commit()
                if self._unsent is not None:
                    await self._send(self._unsent)

    @property
    def status(self) -> ServiceStatus:
        """``degraded`` while commits wait for the spine."""
        return "degraded" if self.outage.lasts else "up"

    async def _send(self, diff: Diff) -> bool:
        if not await self._delivered(self._spine.append(diff), diff.sequence, self._append_timeout_s):
            self._dirty.set()
            return False
        self._unsent = None
        if self._due is not None:
            # Not before its last commit stands on the log: nobody could follow from it.
            self.snapshots.offer(self._due)
            self._due = None
        return True

    async def _delivered(self, delivery: Coroutine[None, None, None], sequence: int, timeout_s: float) -> bool:
        """Whether the spine took it; the start and the end of an outage are logged."""
        try:
            async with asyncio.timeout(timeout_s):
                await delivery
        except (SpineUnavailable, TimeoutError) as error:
            now = self._clock.monotonic_s()
            if self.outage.failed(now):
                text = str(error) or f"no answer within {timeout_s:g} s"
                waited_s = round(self.outage.seconds(now), 1)
                _log.warning("commits wait for the spine", sequence=sequence, waited_s=waited_s, error=text)
            return False
        if self.outage.lasts:
            waited_s = round(self.outage.seconds(self._clock.monotonic_s()), 1)
            _log.warning("the spine takes commits again", sequence=sequence, waited_s=waited_s)
            self.outage.ended()
        return True

    def _take_commit(self) -> Diff | None:
        diff = self.board.commit(self._clock.epoch_ms())
        if diff is None:
            return None
        self.commits += 1
        # A snapshot can only be made here: while the spine is awaited, updates are applied that belong to the next commit.
        # It is due after so many commits, or changed keys: a log of large diffs is large. It costs the size of the state, so
        # that on a large board more has to change first.
        self._weight += diff.weight
        heavy = self._weight >= max(self._snapshot_weight, 4 * sum(self.board.sizes().values()))
        if heavy or not self.commits % self._snapshot_commits:
            self._weight = 0
            self._due = self.board.snapshot()
        return diff

    def service(self) -> Update:
        """The aggregator's own row in the topic ``services``; called about once a second."""
        now = self._clock.monotonic_s()
        rate = 0.0
        if self._reported is not None and now > self._reported[0]:
            rate = (self.updates - self._reported[1]) / (now - self._reported[0])
        self._reported = (now, self.updates)
        row = {
            "service": self.name,
            "kind": "aggregator",
            "status": self.status,
            "detail": self._detail(now),
            "last_seen": self._clock.epoch_ms(),
            "messages_per_second": round(rate, 1),
            "rejected": self.rejections.total,
            **self.board.anomalies(),
        }
        return Update("services", self.name, row)

    def _detail(self, now_s: float) -> str | None:
        if self.outage.lasts:
            return f"commits wait for the spine since {self.outage.seconds(now_s):.0f} s"
        saving = self.snapshots.outage
        return f"a snapshot waits for the spine since {saving.seconds(now_s):.0f} s" if saving.lasts else None

    def _reject(self, error: UpdateRejected) -> None:
        count = self.rejections.count(error, self._clock.monotonic_s())
        if count:
            _log.warning("update rejected", topic=error.topic, reason=error.reason, count=count, error=str(error)[:500])
