"""The spine inside one process: the contract, and what is its own."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from bigboard.board import Board, Cursor, Diff, Snapshot, Update
from bigboard.spine import MemorySpine
from spine.conformance import SpineConformance
from spine.reader import Reader, Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from bigboard.spine import Spine


class TestMemorySpine(SpineConformance):
    def make(self, max_diffs: int) -> AbstractAsyncContextManager[Spine]:
        return _memory(max_diffs)


@asynccontextmanager
async def _memory(max_diffs: int) -> AsyncIterator[Spine]:
    spine = MemorySpine(max_diffs=max_diffs)
    yield spine
    await spine.close()


async def test_it_counts_what_it_lets_go() -> None:
    spine, writer = MemorySpine(max_diffs=4), Writer()
    for _ in range(6):
        await spine.save(writer.snapshot())
        await writer.write(spine, 2)
    assert spine.trimmed >= 12 - 4


async def test_followers_share_the_writers_objects() -> None:
    spine, writer = MemorySpine(), Writer()
    await spine.save(writer.snapshot())
    (diff,) = await writer.write(spine, 1)
    async with Reader(spine) as one, Reader(spine) as two:
        for reader in (one, two):
            await reader.reach(writer.board.cursor)
            assert reader.steps[-1] is diff


async def test_a_long_way_to_catch_up_lets_others_run() -> None:
    spine, writer = MemorySpine(), Writer()
    await spine.save(writer.snapshot())
    await writer.write(spine, 1_000)
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    task = asyncio.create_task(other())
    steps = 0
    async for step in spine.follow():
        steps += isinstance(step, Diff)
        if step.cursor == writer.board.cursor:
            break
    task.cancel()
    assert steps == 1_000
    assert turns >= 10


async def test_heavy_diffs_go_as_soon_as_a_snapshot_covers_them() -> None:
    spine, board = MemorySpine(max_diffs=1_000, max_weight=50), Board("E")
    await spine.save(board.snapshot())
    for price in range(1, 21):
        for symbol in range(10):
            board.apply(Update("market_data", f"S{symbol}", {"last_price": float(price)}))
        diff = board.commit(price)
        assert diff is not None
        assert diff.weight == 10
        await spine.append(diff)
    assert spine.trimmed == 0, "nothing may go that no snapshot covers"
    await spine.save(board.snapshot())
    assert spine.trimmed == 15

    replica = Board("")
    async with aclosing(spine.follow(Cursor("E", 3))) as steps:
        async for step in steps:
            if isinstance(step, Snapshot):
                replica.load(step)
            else:
                replica.merge(step)
            if replica.sequence == board.sequence:
                break
    assert replica.snapshot() == board.snapshot()
