"""Who may write: of any number of aggregators one, whatever happens to the others; and how the next one goes on."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from bigboard.board import Board, Cursor, Update
from bigboard.errors import SpineUnavailable
from bigboard.spine.takeover import take_over
from redis_servers import RedisServer, redis_server
from servers import DEADLINE_S, until
from spine.leading import followed, leading, spine_of
from spine.reader import Writer

if TYPE_CHECKING:
    from pathlib import Path

    from bigboard.board import Diff
    from bigboard.spine.redis_spine import RedisSpine


async def _fenced(spine: RedisSpine, diff: Diff) -> bool:
    try:
        await spine.append(diff)
    except SpineUnavailable as error:
        return error.reason == "fenced"
    return False


def _never() -> str:
    raise AssertionError("no epoch may begin here")


# The lease


async def test_without_the_lease_nothing_is_written() -> None:
    writer = Writer()
    async with redis_server() as server, spine_of(server.url) as spine:
        with pytest.raises(SpineUnavailable, match="lease") as refused:
            await spine.save(writer.snapshot())
        assert refused.value.reason == "fenced"
        assert await _fenced(spine, writer.commit())
        assert await spine.snapshot() is None


async def test_of_many_who_want_it_one_has_it() -> None:
    async with redis_server() as server, AsyncExitStack() as stack:
        spines = [await stack.enter_async_context(spine_of(server.url)) for _ in range(5)]
        taken = await asyncio.gather(*(spine.lease.acquire() for spine in spines))
        assert sum(standing is not None for standing in taken) == 1
        assert sum(spine.lease.held for spine in spines) == 1


async def test_a_leader_that_hung_can_never_write_again() -> None:
    """It believes that it leads, and its next commit would even continue the log: Redis knows better."""
    writer = Writer()
    async with redis_server() as server, leading(server.url, lease_s=0.3) as hung, spine_of(server.url) as next_:
        await hung.save(writer.snapshot())
        await writer.write(hung, 3)
        standing = await next_.lease.wait()
        assert standing.cursor == writer.board.cursor
        await until(lambda: hung.lease.held, "nobody told it")
        late = writer.commit()
        assert await _fenced(hung, late)
        assert not hung.lease.held
        assert hung.lease.lost.is_set()
        await next_.append(late)
        assert await _fenced(hung, late), "nor may it repeat what the other has written"
        with pytest.raises(SpineUnavailable, match="lease"):
            await hung.save(writer.snapshot())
        with pytest.raises(SpineUnavailable, match="lease"):
            await hung.save(Board("E9").snapshot())


async def test_a_lease_that_ran_out_writes_nothing_though_nobody_took_it() -> None:
    writer = Writer()
    async with redis_server() as server, leading(server.url, lease_s=0.1) as spine, server.client() as client:
        await spine.save(writer.snapshot())
        async with asyncio.timeout(DEADLINE_S):
            while await client.exists(spine.keys.lease):
                await asyncio.sleep(0.01)
        assert await _fenced(spine, writer.commit())
        assert not await spine.lease.renew()
        assert await spine.lease.acquire() is not None


async def test_who_keeps_it_keeps_it() -> None:
    async with redis_server() as server, leading(server.url, lease_s=0.5) as spine, spine_of(server.url) as other:
        task = asyncio.create_task(spine.lease.keep())
        for _ in range(30):
            assert await other.lease.acquire() is None
            await asyncio.sleep(0.05)  # Three times as long as the lease, by the clock of Redis.
        assert spine.lease.held
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_who_gives_it_back_is_followed_at_once() -> None:
    async with redis_server() as server, leading(server.url) as leader, spine_of(server.url) as other:
        assert await other.lease.acquire() is None
        await leader.close()
        assert await other.lease.acquire() is not None


async def test_a_leader_that_is_cut_off_notices_by_its_own_clock() -> None:
    async with redis_server() as server, leading(server.url, lease_s=0.5, timeout_s=0.2) as spine:
        task = asyncio.create_task(spine.lease.keep())
        server.send(signal.SIGSTOP)
        async with asyncio.timeout(DEADLINE_S):
            await task
        assert not spine.lease.held
        assert spine.lease.lost.is_set()
        server.send(signal.SIGCONT)
        assert await spine.lease.wait() is not None


# Going on after another leader


async def test_a_standby_goes_on_in_the_same_epoch_without_a_gap() -> None:
    writer, board = Writer(), Board("unused")
    async with (
        redis_server() as server,
        leading(server.url, lease_s=0.3) as dies,
        spine_of(server.url) as standby,
        followed(standby) as replica,
    ):
        await dies.save(writer.snapshot())
        await writer.write(dies, 7)
        await until(lambda: replica.cursor == writer.board.cursor)
        standing = await standby.lease.wait()
        assert standing.whole
        assert await take_over(standby, standing, board, _never)
        assert board.snapshot() == writer.snapshot()
        writer.board = board
        await standby.save(board.snapshot())
        await writer.write(standby, 3)
        await until(lambda: replica.cursor == Cursor("E1", 10))
        assert replica.snapshot() == board.snapshot()


async def test_a_first_leader_begins_an_epoch() -> None:
    board = Board("")
    async with redis_server() as server, spine_of(server.url) as spine:
        standing = await spine.lease.wait()
        assert standing.cursor is None
        assert not await take_over(spine, standing, board, lambda: "E1")
        assert board.epoch == "E1"


async def test_a_leader_that_only_lost_its_lease_goes_on_with_what_it_has() -> None:
    writer = Writer()
    async with redis_server() as server, leading(server.url) as spine, server.client() as client:
        await spine.save(writer.snapshot())
        await writer.write(spine, 3)
        await client.delete(spine.keys.lease)
        waiting = writer.commit()
        assert await _fenced(spine, waiting)
        async with followed(spine) as replica:
            await until(lambda: replica.cursor == Cursor("E1", 3))
            writer.board.apply(Update("market_data", "S9", {"last_price": 9.0}))
            assert not await take_over(spine, await spine.lease.wait(), writer.board, _never)
            assert writer.board.cursor == Cursor("E1", 5), "a commit that waited, and one that was still open"
            await until(lambda: replica.cursor == Cursor("E1", 5))
            assert replica.snapshot() == writer.snapshot()
            await spine.save(writer.snapshot())
            await writer.write(spine, 2)
            await until(lambda: replica.cursor == Cursor("E1", 7))
            assert replica.snapshot() == writer.snapshot()


async def test_a_commit_whose_answer_was_lost_is_not_written_twice() -> None:
    writer = Writer()
    async with redis_server() as server, leading(server.url) as spine, server.client() as client:
        await spine.save(writer.snapshot())
        confirmed = spine.lease.confirmed
        await writer.write(spine, 1)
        spine.lease.confirmed = confirmed
        await client.delete(spine.keys.lease)
        assert not await take_over(spine, await spine.lease.wait(), writer.board, _never)
        assert await client.xlen(spine.keys.log) == 2


async def test_a_new_epoch_that_could_not_be_saved_keeps_its_state() -> None:
    writer = Writer()
    async with redis_server() as server, leading(server.url) as spine, server.client() as client:
        await spine.save(writer.snapshot())
        await writer.write(spine, 3)
        writer.commit()
        writer.board.begin_epoch("E2")
        await client.delete(spine.keys.lease)
        with pytest.raises(SpineUnavailable, match="lease"):
            await spine.save(writer.snapshot())
        assert not await take_over(spine, await spine.lease.wait(), writer.board, lambda: "E3")
        assert writer.board.cursor == Cursor("E3", 4)
        await spine.save(writer.snapshot())
        assert await spine.snapshot() == writer.snapshot()


# Redis comes back with other data than it had


async def test_with_all_its_data_the_leader_goes_on_and_so_does_the_next(tmp_path: Path) -> None:
    writer, board = Writer(), Board("unused")
    server = RedisServer(tmp_path, keeps=True)
    await server.start()
    try:
        async with leading(server.url) as spine, spine_of(server.url) as next_, followed(next_) as replica:
            await spine.save(writer.snapshot())
            await writer.write(spine, 5)
            await until(lambda: replica.cursor == writer.board.cursor)
            await server.stop()
            await server.start()
            await _append(spine, writer.commit())
            await until(lambda: replica.cursor == writer.board.cursor)
            assert await spine.lease.renew(), "it sees that nothing is missing, and says so"
            await spine.lease.release()
            standing = await next_.lease.wait()
            assert standing.whole
            await take_over(next_, standing, board, _never)
            assert board.snapshot() == writer.snapshot()
    finally:
        await server.stop()


async def _append(spine: RedisSpine, diff: Diff) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                await spine.append(diff)
            except SpineUnavailable as error:
                if error.reason != "away":
                    raise
                await asyncio.sleep(0.02)
            else:
                return


async def _restart_with_older_data(server: RedisServer, older: bytes) -> None:
    await server.stop()
    (server.folder / "dump.rdb").write_bytes(older)
    await server.start()


async def _saved(server: RedisServer) -> bytes:
    async with server.client() as client:
        await client.save()
    return (server.folder / "dump.rdb").read_bytes()


async def test_with_older_data_the_leader_begins_a_new_epoch_and_no_follower_goes_back(tmp_path: Path) -> None:
    writer = Writer()
    server = RedisServer(tmp_path)
    await server.start()
    try:
        async with leading(server.url) as spine, spine_of(server.url) as other, followed(other) as replica:
            await spine.save(writer.snapshot())
            await writer.write(spine, 5)
            older = await _saved(server)
            await writer.write(spine, 5)
            await until(lambda: replica.cursor == Cursor("E1", 10))
            await _restart_with_older_data(server, older)
            await until(lambda: other.connection.outages == 1)
            await until(lambda: not other.connection.away)
            with pytest.raises(SpineUnavailable) as refused:
                await _append(spine, writer.commit())
            assert refused.value.reason in ("fenced", "lost")
            assert replica.cursor == Cursor("E1", 10), "it shows what it has, under the number that it has"
            standing = await spine.lease.wait()
            assert (standing.cursor, standing.whole) == (Cursor("E1", 5), False)
            assert not await take_over(spine, standing, writer.board, lambda: "E2")
            await spine.save(writer.snapshot())
            await until(lambda: replica.cursor == Cursor("E2", 11))
            assert replica.snapshot() == writer.snapshot()
    finally:
        await server.stop()


async def test_with_older_data_and_a_new_leader_a_new_epoch_begins_too(tmp_path: Path) -> None:
    writer, board = Writer(), Board("unused")
    server = RedisServer(tmp_path)
    await server.start()
    try:
        async with spine_of(server.url) as next_, followed(next_) as replica:
            async with leading(server.url, lease_s=0.5) as dies:
                await dies.save(writer.snapshot())
                await writer.write(dies, 5)
                older = await _saved(server)
                await writer.write(dies, 5)
                await until(lambda: replica.cursor == Cursor("E1", 10))
                await _restart_with_older_data(server, older)
            standing = await next_.lease.wait()
            assert await take_over(next_, standing, board, lambda: "E2")
            assert board.cursor == Cursor("E2", 5)
            await next_.save(board.snapshot())
            await until(lambda: replica.cursor == Cursor("E2", 5))
            assert replica.snapshot() == board.snapshot()
    finally:
        await server.stop()


async def test_an_empty_redis_is_filled_by_the_leader_in_a_new_epoch() -> None:
    writer = Writer()
    async with (
        redis_server() as server,
        leading(server.url) as spine,
        spine_of(server.url) as other,
        followed(other) as replica,
    ):
        await spine.save(writer.snapshot())
        await writer.write(spine, 5)
        await until(lambda: replica.cursor == writer.board.cursor)
        await server.stop()
        await server.start()
        with pytest.raises(SpineUnavailable) as refused:
            await _append(spine, writer.commit())
        assert refused.value.reason == "fenced"
        standing = await spine.lease.wait()
        assert standing.cursor is None
        await take_over(spine, standing, writer.board, lambda: "E2")
        await spine.save(writer.snapshot())
        await writer.write(spine, 2)
        await until(lambda: replica.cursor == Cursor("E2", 8))
        assert replica.snapshot() == writer.snapshot()
