"""The spine in Redis: a stream, a snapshot and a lease, for aggregators and gateways in any number of processes.

It works with a single Redis from 6.2 on, behind Sentinel, and in a cluster, where a board's keys share one node. Only the
holder of ``lease`` can write, and Redis itself checks that. Followers need no lease.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from bigboard.errors import SpineUnavailable
from bigboard.spine.records import encode_diff, encode_snapshot
from bigboard.spine.redis_connection import RedisConnection
from bigboard.spine.redis_keys import SpineKeys
from bigboard.spine.redis_lease import Lease
from bigboard.spine.redis_reader import SLOWEST_BYTES_PER_S, LogReader
from bigboard.spine.redis_scripts import APPEND, SAVE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bigboard.board import Cursor, Diff, Snapshot
    from bigboard.clock import Clock

__all__ = ["RedisSpine"]

_FIRST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 1.0
_WORDS: Final = {
    "fenced": "the lease is not this writer's (any more): another may lead",
    "lost": "Redis has lost commits that it had: a new epoch has to begin",
    "gap": "the diff does not continue the log",
    "full": "the log has no room until a newer snapshot is saved",
}


class RedisSpine:
    """A ``Spine`` in Redis. ``append`` and ``save`` raise ``SpineUnavailable`` with its reason.

    The log keeps at most ``max_diffs`` diffs, and of those that the snapshot covers none older than ``max_age_s`` and at
    most ``max_bytes``; never fewer than what came after the snapshot. Raises ``SettingError`` for a URL or a name that
    cannot be.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        board: str = "main",
        prefix: str = "",
        max_diffs: int = 10_000,
        max_age_s: float = 3_600.0,
        max_bytes: int = 64 * 2**20,
        lease_s: float = 3.0,
        timeout_s: float = 2.0,
    ) -> None:
        self.connection = RedisConnection(url, clock, timeout_s=timeout_s)
        """Whether Redis is there, and how far away."""
        self.keys = SpineKeys.of(board, prefix)
        self.lease = Lease(self.connection, self.keys, clock, seconds=lease_s)
        self.clock = clock
        self.behind = True
        """Whether ``follow`` has begun with a snapshot and not come to where the log ended then."""
        self._max_diffs = max_diffs
        self._max_age_ms = round(max_age_s * 1_000)
        self._max_bytes = max_bytes
        self._closed = asyncio.Event()

    async def append(self, diff: Diff) -> None:
        """See ``Spine``."""
        said = await self.connection.script(
            APPEND, self.keys, self.lease.token, self.lease.owner, diff.epoch, diff.since, diff.sequence,
            encode_diff(diff), self._max_diffs,
        )  # fmt: skip
        self._judge(said, f"diff {diff.epoch}@{diff.since} to {diff.sequence}")
        self.lease.confirmed = diff.cursor

    async def save(self, snapshot: Snapshot) -> None:
        """See ``Spine``."""
        confirmed = self.lease.confirmed
        if confirmed is not None and confirmed.epoch != snapshot.epoch:
            # A renewal on its way would call the old epoch lost as soon as the new one has begun.
            self.lease.confirmed = None
        data = encode_snapshot(snapshot)
        said = await self.connection.script(
            SAVE, self.keys, self.lease.token, self.lease.owner, snapshot.epoch, snapshot.sequence,
            data, self._max_age_ms, self._max_bytes, patience_s=len(data) / SLOWEST_BYTES_PER_S,
        )  # fmt: skip
        self._judge(said, f"snapshot {snapshot.cursor}")
        if self.lease.confirmed is None:
            self.lease.confirmed = snapshot.cursor

    async def snapshot(self) -> Snapshot | None:
        """See ``Spine``. Raises ``SpineUnavailable``."""
        return await self.reader().snapshot()

    def reader(self, cursor: Cursor | None = None) -> LogReader:
        """A reader that raises where ``follow`` would wait."""
        return LogReader(self.connection, self.keys, self.clock, cursor)

    async def follow(self, cursor: Cursor | None = None) -> AsyncGenerator[Snapshot | Diff, None]:
        """See ``Spine``. While Redis is away it waits; ``connection`` tells so."""
        reader = LogReader(self.connection, self.keys, self.clock, cursor, reach_back=True)
        pause_s = _FIRST_PAUSE_S
        while not self._closed.is_set():
            try:
                steps = await reader.read()
            except SpineUnavailable:
                reader.look_again()
                await self._pause(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            pause_s = _FIRST_PAUSE_S
            if reader.fruitless > 1:
                await self._pause(min(reader.fruitless * 0.02, _LONGEST_PAUSE_S))
            self.behind = reader.behind
            for step in steps:
                yield step
                if self._closed.is_set():
                    return

    async def close(self) -> None:
        """See ``Spine``. A lease that is held is given back, so that a standby need not wait."""
        if not self._closed.is_set():
            self._closed.set()
            await self.lease.release()
            await self.connection.close()

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._closed.wait()
        except TimeoutError:
            return

    def _judge(self, said: list[Any], what: str) -> None:
        word, epoch, number = said[0].decode(), said[1].decode(), said[2]
        if word == "ok":
            return
        if word != "full":
            # Whatever it was: who leads has to look where the history stands before it goes on.
            self.lease.give_up()
        where = f" (the log: {epoch}@{number})" if epoch and word != "full" else ""
        raise SpineUnavailable(f"{what}: {_WORDS[word]}{where}", word)
