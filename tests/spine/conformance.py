"""The contract of ``bigboard.spine.base`` as tests: each implementation's own test file subclasses ``SpineConformance``."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from bigboard.board import Board, Cursor, Diff, Snapshot
from bigboard.errors import SpineUnavailable
from spine.reader import DEADLINE_S, Reader, Writer

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from bigboard.spine import Spine

__all__ = ["SpineConformance"]

BOUND = 8


class SpineConformance:
    """Subclasses give ``make``: an empty spine that holds ``max_diffs`` diffs, closed at the end."""

    def make(self, max_diffs: int) -> AbstractAsyncContextManager[Spine]:
        raise NotImplementedError

    # Where a follower starts

    async def test_it_is_empty_at_first(self) -> None:
        async with self.make(BOUND) as spine:
            assert await spine.snapshot() is None

    async def test_a_follower_waits_for_the_first_snapshot(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine, Reader(spine) as reader:
            reader.ask()
            await _turns()
            assert reader.waits
            await spine.save(writer.snapshot())
            assert await reader.next() == writer.snapshot()

    async def test_it_gives_a_snapshot_that_was_saved_and_what_came_after(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine:
            saved = [writer.snapshot()]
            await spine.save(saved[0])
            diffs = await writer.write(spine, 2)
            saved.append(writer.snapshot())
            await spine.save(saved[1])
            diffs += await writer.write(spine, 3)
            async with Reader(spine) as reader:
                await reader.reach(writer.board.cursor)
                first, *rest = reader.steps
                assert first in saved
                assert rest == diffs[first.sequence :]
                assert await spine.snapshot() == saved[1]
                assert reader.data() == writer.snapshot().data

    @pytest.mark.parametrize("held", range(6))
    async def test_a_cursor_in_the_log_gets_just_the_rest(self, held: int) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine:
            await spine.save(writer.snapshot())
            diffs = await writer.write(spine, 5)
            board = Board("E1")
            for diff in diffs[:held]:
                board.merge(diff)
            async with Reader(spine, board.cursor, board) as reader:
                reader.ask()
                following = await writer.write(spine, 1)
                await reader.reach(writer.board.cursor)
                assert reader.steps == diffs[held:] + following

    async def test_a_cursor_behind_the_log_gets_a_snapshot(self) -> None:
        async with self.make(BOUND) as spine:
            writer = await _long_history(spine)
            async with Reader(spine, Cursor("E1", 1)) as reader:
                await reader.reach(writer.board.cursor)
                assert isinstance(reader.steps[0], Snapshot)
                assert all(isinstance(step, Diff) for step in reader.steps[1:])
                assert reader.data() == writer.snapshot().data

    @pytest.mark.parametrize("cursor", [Cursor("E0", 3), Cursor("E0", 700), Cursor("E1", 700)])
    async def test_a_cursor_that_is_none_of_this_history_gets_a_snapshot(self, cursor: Cursor) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine:
            await spine.save(writer.snapshot())
            await writer.write(spine, 4)
            async with Reader(spine, cursor) as reader:
                await reader.reach(writer.board.cursor)
                assert reader.numbers() == ["snapshot 0", "diff 1", "diff 2", "diff 3", "diff 4"]

    # One history

    async def test_before_a_snapshot_nothing_is_appended(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine:
            with pytest.raises(SpineUnavailable):
                await spine.append(writer.commit())
            assert await spine.snapshot() is None

    async def test_what_does_not_continue_the_log_is_refused_and_leaves_no_trace(self) -> None:
        writer, stranger = Writer(), Writer("E2")
        async with self.make(BOUND) as spine, Reader(spine) as reader:
            await spine.save(writer.snapshot())
            first, second = await writer.write(spine, 2)
            skipped, after = writer.commit(), writer.commit()
            stranger.commit()
            stranger.commit()
            both = Diff("E1", 1, 3, 0, {})
            for wrong in (after, first, both, stranger.commit()):
                with pytest.raises(SpineUnavailable):
                    await spine.append(wrong)
            await spine.append(skipped)
            await spine.append(after)
            await reader.reach(writer.board.cursor)
            assert reader.steps[1:] == [first, second, skipped, after]

    async def test_to_append_the_last_diff_again_changes_nothing(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine, Reader(spine) as reader:
            await spine.save(writer.snapshot())
            for _ in range(3):
                diff = writer.commit()
                await spine.append(diff)
                await spine.append(diff)
            await reader.reach(writer.board.cursor)
            assert reader.numbers() == ["snapshot 0", "diff 1", "diff 2", "diff 3"]

    # Snapshots and epochs

    async def test_a_snapshot_does_not_disturb_followers(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine, Reader(spine) as reader:
            for _ in range(4):
                await spine.save(writer.snapshot())
                await writer.write(spine, 1)
                await reader.reach(writer.board.cursor)
            assert reader.numbers() == ["snapshot 0", "diff 1", "diff 2", "diff 3", "diff 4"]

    async def test_a_snapshot_ahead_of_the_log_is_refused(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine:
            await spine.save(writer.snapshot())
            missing = writer.commit()
            with pytest.raises(SpineUnavailable):
                await spine.save(writer.snapshot())
            await spine.append(missing)
            kept = await spine.snapshot()
            assert kept is not None
            assert kept.sequence == 0

    async def test_an_older_snapshot_never_replaces_a_newer_one(self) -> None:
        """Diffs before the newer one may be gone: a follower that started from the older would never get on."""
        async with self.make(BOUND) as spine:
            writer = Writer()
            oldest = writer.snapshot()
            await spine.save(oldest)
            for _ in range(BOUND):
                await writer.write(spine, 3)
                await spine.save(writer.snapshot())
            newest = writer.snapshot()
            await spine.save(oldest)
            assert await spine.snapshot() == newest
            async with Reader(spine, Cursor("E1", 1)) as reader:
                await reader.reach(writer.board.cursor)

    async def test_another_epoch_begins_a_new_history(self) -> None:
        old, new = Writer("E1"), Writer("E2")
        async with self.make(BOUND) as spine, Reader(spine) as reader:
            await spine.save(old.snapshot())
            await old.write(spine, 5)
            await reader.reach(old.board.cursor)
            reader.ask()
            for _ in range(3):
                new.commit()
            await spine.save(new.snapshot())
            await new.write(spine, 1)
            with pytest.raises(SpineUnavailable):
                await spine.append(old.commit())
            await reader.reach(new.board.cursor)
            assert reader.numbers()[-2:] == ["snapshot 3", "diff 4"]
            assert reader.data() == new.snapshot().data
            async with Reader(spine) as late:
                await late.reach(new.board.cursor)
                assert late.numbers() == ["snapshot 3", "diff 4"]

    # Bounds

    async def test_a_full_log_asks_for_a_snapshot_and_takes_it(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine, Reader(spine) as reader:
            await spine.save(writer.snapshot())
            await writer.write(spine, BOUND)
            cursor, snapshot = writer.board.cursor, writer.snapshot()
            refused = writer.commit()
            for _ in range(2):
                with pytest.raises(SpineUnavailable, match="snapshot"):
                    await spine.append(refused)
            await reader.reach(cursor)
            assert len(reader.steps) == BOUND + 1, "what was taken before is still there"
            await spine.save(snapshot)
            await spine.append(refused)
            await reader.reach(writer.board.cursor)
            assert reader.data() == writer.snapshot().data

    async def test_with_snapshots_it_goes_on_for_ever(self) -> None:
        async with self.make(BOUND) as spine:
            writer = await _long_history(spine)
            assert writer.board.sequence > 10 * BOUND
            async with Reader(spine) as reader:
                await reader.reach(writer.board.cursor)
                assert len(reader.steps) <= BOUND + 1

    @pytest.mark.parametrize("seed", range(4))
    async def test_whoever_comes_whenever_can_rebuild_the_present(self, seed: int) -> None:
        chance = random.Random(seed)
        writer = Writer()
        async with self.make(BOUND) as spine:
            await spine.save(writer.snapshot())
            saved = 0
            places = [writer.board.cursor, Cursor("E0", 2)]
            for _ in range(80):
                if writer.board.sequence - saved == BOUND or chance.random() < 0.2:
                    await spine.save(writer.snapshot())
                    saved = writer.board.sequence
                await writer.write(spine, 1)
                places.append(writer.board.cursor)
                # From nothing, or from a place that may be long gone: a board that is empty can only take the latter from a
                # snapshot, and one that stands there only from the diff that follows.
                cursor = chance.choice([None, *places[:-1]])
                async with Reader(spine, cursor) as reader:
                    if cursor is not None:
                        reader.board.cursor = cursor
                    await reader.reach(writer.board.cursor)

    # Followers

    async def test_nobody_waits_for_a_slow_reader_and_it_catches_up(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine, Reader(spine) as slow, Reader(spine) as fast:
            await spine.save(writer.snapshot())
            for reader in (slow, fast):
                await reader.next()
            for number in range(10 * BOUND):
                async with asyncio.timeout(DEADLINE_S):
                    await writer.write(spine, 1)
                    if number % (BOUND // 2) == 0:
                        await spine.save(writer.snapshot())
                await fast.reach(writer.board.cursor)
            await slow.reach(writer.board.cursor)
            assert sum(isinstance(step, Snapshot) for step in fast.steps) == 1
            assert sum(isinstance(step, Snapshot) for step in slow.steps) == 2
            assert len(slow.steps) < 2 * BOUND
            assert slow.data() == fast.data() == writer.snapshot().data

    async def test_several_followers_get_the_same(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine, Reader(spine) as one, Reader(spine) as two, Reader(spine) as three:
            one.ask()
            await spine.save(writer.snapshot())
            two.ask()
            await writer.write(spine, 3)
            for reader in (one, two, three):
                await reader.reach(writer.board.cursor)
            assert one.steps == two.steps == three.steps

    async def test_a_reader_that_leaves_disturbs_nobody(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine, Reader(spine) as stays:
            async with Reader(spine) as leaves:
                for reader in (stays, leaves):
                    reader.ask()
                await _turns()
            await spine.save(writer.snapshot())
            await writer.write(spine, 2)
            await stays.reach(writer.board.cursor)

    async def test_close_ends_every_follower(self) -> None:
        writer = Writer()
        async with self.make(BOUND) as spine, Reader(spine) as waiting, Reader(spine) as reading:
            waiting.ask()
            await _turns()
            await spine.save(writer.snapshot())
            for reader in (waiting, reading):
                await reader.next()
            waiting.ask()
            await _turns()
            await spine.close()
            for reader in (waiting, reading):
                with pytest.raises(StopAsyncIteration):
                    await reader.next()
            await spine.close()


async def _turns() -> None:
    """Let whoever is ready run; nothing is waited for."""
    for _ in range(5):
        await asyncio.sleep(0)


async def _long_history(spine: Spine) -> Writer:
    writer = Writer()
    await spine.save(writer.snapshot())
    for _ in range(30):
        await writer.write(spine, 3)
        await spine.save(writer.snapshot())
    await writer.write(spine, 2)
    return writer
