"""The follower: a replica that is what the writer's board is, whatever the log does."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bigboard.board import Board, Diff, Snapshot, Update
from bigboard.spine import Follower, MemorySpine
from spine.reader import DEADLINE_S, Writer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from bigboard.board import Cursor
    from bigboard.spine import Spine


class Follows:
    """A follower, its board and its steps."""

    def __init__(self, spine: Spine) -> None:
        self.board = Board("")
        self.steps: list[Snapshot | Diff] = []
        self.at_step: list[Cursor] = []
        self._stepped = asyncio.Event()
        self.follower = Follower(spine, self.board, self._step)

    def _step(self, step: Snapshot | Diff) -> None:
        self.steps.append(step)
        self.at_step.append(self.board.cursor)
        self._stepped.set()

    async def reach(self, cursor: Cursor) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self.board.cursor != cursor:
                self._stepped.clear()
                await self._stepped.wait()


@asynccontextmanager
async def _follows(spine: Spine) -> AsyncIterator[Follows]:
    follows = Follows(spine)
    task = asyncio.create_task(follows.follower.run())
    yield follows
    await spine.close()
    async with asyncio.timeout(DEADLINE_S):
        await task


async def test_it_rebuilds_the_writers_board_at_every_step() -> None:
    spine, writer = MemorySpine(), Writer()
    async with _follows(spine) as follows:
        await spine.save(writer.snapshot())
        for _ in range(50):
            await writer.write(spine, 1)
            await follows.reach(writer.board.cursor)
            assert follows.board.snapshot() == writer.snapshot()
        assert follows.follower.snapshots == 1
        assert len(follows.steps) == 51


async def test_whoever_is_told_finds_the_board_already_there() -> None:
    spine, writer = MemorySpine(), Writer()
    await spine.save(writer.snapshot())
    await writer.write(spine, 4)
    async with _follows(spine) as follows:
        await follows.reach(writer.board.cursor)
        assert follows.at_step == [step.cursor for step in follows.steps]


async def test_a_new_epoch_replaces_what_was_held() -> None:
    spine, old, new = MemorySpine(), Writer("E1"), Writer("E2")
    async with _follows(spine) as follows:
        await spine.save(old.snapshot())
        await old.write(spine, 7)
        await follows.reach(old.board.cursor)
        await spine.save(new.snapshot())
        await new.write(spine, 2)
        await follows.reach(new.board.cursor)
        assert follows.board.snapshot() == new.snapshot()
        assert follows.follower.snapshots == 2


async def test_a_replica_that_does_not_fit_the_log_heals_by_a_snapshot() -> None:
    spine, writer = MemorySpine(), Writer()
    async with _follows(spine) as follows:
        await spine.save(writer.snapshot())
        await writer.write(spine, 3)
        await follows.reach(writer.board.cursor)
        # Somebody has moved the replica: the next diff does not start where it stands.
        for price in (1.0, 2.0):
            follows.board.apply(Update("market_data", "GHOST", {"last_price": price}))
            follows.board.commit(1)
        await writer.write(spine, 1)
        await follows.reach(writer.board.cursor)
        assert follows.board.snapshot() == writer.snapshot()
        assert follows.follower.snapshots == 2


async def test_two_followers_and_the_writer_agree_though_they_share_objects() -> None:
    spine, writer = MemorySpine(), Writer()
    follows = Follows(spine)
    task = asyncio.create_task(follows.follower.run())
    async with _follows(spine) as late:
        await spine.save(writer.snapshot())
        await writer.write(spine, 30)
        await spine.save(writer.snapshot())
        await writer.write(spine, 30)
        await asyncio.gather(follows.reach(writer.board.cursor), late.reach(writer.board.cursor))
        assert follows.board.snapshot() == late.board.snapshot() == writer.snapshot()
    await task


async def test_whoever_stops_it_leaves_no_open_generator() -> None:
    opened: list[str] = []

    class Watched(MemorySpine):
        async def follow(self, cursor: Cursor | None = None) -> AsyncGenerator[Snapshot | Diff, None]:
            opened.append("open")
            try:
                async for step in super().follow(cursor):
                    yield step
            finally:
                opened.append("closed")

    spine, writer = Watched(), Writer()
    await spine.save(writer.snapshot())
    follows = Follows(spine)
    task = asyncio.create_task(follows.follower.run())
    await follows.reach(writer.board.cursor)
    follows.board.cursor = follows.board.cursor._replace(sequence=99)
    await writer.write(spine, 1)
    await follows.reach(writer.board.cursor)
    assert opened == ["open", "closed", "open"], "the one that met the gap is closed before the next is opened"
    await spine.close()
    await task
    assert opened[-1] == "closed"
