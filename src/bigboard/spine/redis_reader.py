"""One follower's way through the log in Redis: from where it is to the end, by diffs where there are any."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bigboard.board import Cursor, Diff, Snapshot
from bigboard.spine.records import decode_diff, decode_snapshot
from bigboard.spine.redis_scripts import HEAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigboard.clock import Clock
    from bigboard.spine.redis_connection import RedisConnection
    from bigboard.spine.redis_keys import SpineKeys

__all__ = ["SLOWEST_BYTES_PER_S", "LogReader"]

_BLOCK_S: Final = 0.5
"""How long Redis waits for a commit before it says that there is none."""
_LOOK_S: Final = 1.0
"""So often a reader looks whether the log is still the one that it reads: Redis tells nobody that a key is gone."""
_STEPS: Final = 64
"""Entries read at once: some milliseconds of work."""
SLOWEST_BYTES_PER_S: Final = 2_000_000
"""A snapshot may be some tens of megabytes: how slow the way to Redis may be on top of the usual time limit."""
_BEGINNING: Final = "0-0"


class LogReader:
    """Reads on from ``cursor``; see ``redis_scripts`` for what stands in the log.

    ``reach_back``: begin with a snapshot that is somewhat older than the last one, where the log reaches it.
    """

    def __init__(
        self,
        connection: RedisConnection,
        keys: SpineKeys,
        clock: Clock,
        cursor: Cursor | None = None,
        *,
        reach_back: bool = False,
    ) -> None:
        self.fruitless = 0
        """Reads in a row that brought nothing and did not wait either: the log lacks what would bring the reader on."""
        self._connection = connection
        self._keys = keys
        self._clock = clock
        self._cursor = cursor
        self._behind = cursor is None
        """Whether only a snapshot can help."""
        self._generation = ""
        self._place: str | None = None
        """The entry after which to read; ``None`` when that has to be found out."""
        self._looked_s = 0.0
        self._reach_back = reach_back
        self._goal = 0

    @property
    def behind(self) -> bool:
        """Whether it began with a snapshot, and has not come to where the log ended then."""
        return self._cursor is None or self._cursor.sequence < self._goal

    def look_again(self) -> None:
        """Find out anew where to read, as after an error: the log may be another one by now."""
        self._place = None

    async def read(self) -> Sequence[Snapshot | Diff]:
        """The next steps; none if there is nothing new for now. Raises ``SpineUnavailable``."""
        if self._place is None or self._clock.monotonic_s() - self._looked_s > _LOOK_S:
            self._looked_s = self._clock.monotonic_s()
            snapshot = await self._find_place()
            if snapshot is not None:
                self.fruitless = 0
                return [snapshot]
        steps: Sequence[Diff] = []
        if self._place is not None:
            entries = await self._wait(self._place)
            if not entries:
                self.look_again()
                self.fruitless = 0
                return []
            steps = self._take(entries)
        self.fruitless = 0 if steps else self.fruitless + 1
        return steps

    async def snapshot(self) -> Snapshot | None:
        """The snapshot that is kept. Raises ``SpineUnavailable``."""
        kept = await self._kept()
        return None if kept is None else kept[1]

    async def _find_place(self) -> Snapshot | None:
        """Set the place to read after; a snapshot if only that brings the reader there."""
        head = await self._connection.script(HEAD, self._keys)
        if head is None:
            self._place = _BEGINNING  # The first entry of whatever begins wakes the reader.
            return None
        epoch, generation, first, last, whole = head[0].decode(), head[1].decode(), int(head[2]), int(head[3]), head[5]
        held = self._cursor
        known = held is not None and held.epoch == epoch and (held.sequence <= last or not whole)
        if held is None or not known or self._behind or held.sequence < first:
            self._behind |= known
            self._goal = last
            return await self._begin()
        # A reader that is ahead of a log that is not known to be whole has seen what Redis has lost, and a new epoch will
        # come. To show an older state until then, under numbers that clients have had before, would mislead them.
        self._generation, self._place = generation, f"{generation}-{held.sequence}"
        return None

    async def _begin(self) -> Snapshot | None:
        held = self._cursor
        kept = await self._kept(reach_back=self._reach_back and held is None)
        if kept is None:
            return None
        generation, snapshot = kept
        if self._behind and held is not None and held.epoch == snapshot.epoch and snapshot.sequence <= held.sequence:
            self._place = None
            return None  # The log has a hole after this snapshot, and this reader stands before it.
        self._behind = False
        self._cursor, self._generation = snapshot.cursor, generation
        self._place = f"{generation}-{snapshot.sequence}"
        return snapshot

    async def _kept(self, *, reach_back: bool = False) -> tuple[str, Snapshot] | None:
        field = "data"
        if reach_back:
            before, first = await self._connection.command("HMGET", self._keys.snapshot, "before_sequence", "first")
            if before is not None and int(before) >= int(first):
                field = "before"
        size = await self._connection.command("HSTRLEN", self._keys.snapshot, field)
        # In one command, so that the number of the history belongs to the snapshot.
        words = ("HMGET", self._keys.snapshot, "generation", field)
        generation, data = await self._connection.command(*words, patience_s=size / SLOWEST_BYTES_PER_S)
        if data is None:
            # There is none, or another history began in this moment: then the newest one is asked for.
            return await self._kept() if reach_back else None
        return generation.decode(), decode_snapshot(data)

    async def _wait(self, place: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        words = ("COUNT", _STEPS, "BLOCK", round(_BLOCK_S * 1_000), "STREAMS", self._keys.log, place)
        answer = await self._connection.command("XREAD", *words, patience_s=_BLOCK_S)
        return answer[0][1] if answer else []

    def _take(self, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> Sequence[Diff]:
        steps: list[Diff] = []
        for id_, fields in entries:
            place = id_.decode()
            if place.partition("-")[0] != self._generation or b"d" not in fields:
                self.look_again()  # Another history has begun.
                break
            diff = decode_diff(fields[b"d"])
            if self._cursor != Cursor(diff.epoch, diff.since):
                self._behind = True  # It was trimmed while the reader was away.
                self.look_again()
                break
            self._cursor, self._place = diff.cursor, place
            steps.append(diff)
        return steps
