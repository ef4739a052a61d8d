"""The spine in a real Redis: the contract over every kind of connection, and the bounds of the log."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from bigboard.board import Board, Update
from bigboard.errors import SettingError, SpineUnavailable
from bigboard.spine.redis_keys import SpineKeys
from certificates import Authority
from ports import free_port
from redis_servers import redis_cluster, redis_server, redis_with_sentinel
from servers import DEADLINE_S, until
from spine.conformance import SpineConformance
from spine.leading import followed, leading, spine_of
from spine.reader import Reader, Writer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from bigboard.spine import Spine
    from bigboard.spine.redis_spine import RedisSpine


class _InRedis(SpineConformance):
    """Each test has a board of its own."""

    url = ""

    def make(self, max_diffs: int) -> AbstractAsyncContextManager[Spine]:
        return leading(self.url, uuid.uuid4().hex, max_diffs=max_diffs)


class TestRedisSpine(_InRedis):
    @pytest.fixture(autouse=True)
    async def _server(self) -> AsyncIterator[None]:
        async with redis_server() as server:
            self.url = server.url
            yield


async def _keeps_the_contract(url: str) -> None:
    """Every test of the contract that has no parameters, one after the other."""
    suite = _InRedis()
    suite.url = url
    ran = 0
    for name, test in inspect.getmembers(suite, inspect.iscoroutinefunction):
        if name.startswith("test_") and not inspect.signature(test).parameters:
            await test()
            ran += 1
    assert ran > 10


async def test_it_works_with_a_password_and_a_database_number() -> None:
    async with redis_server(password="of this test") as server:  # noqa: S106 - it opens a server for a second
        await _keeps_the_contract(f"redis://:of%20this%20test@127.0.0.1:{server.port}/7")
        async with server.client(db=7) as seventh, server.client(db=0) as first:
            assert await seventh.dbsize() > 10
            assert await first.dbsize() == 0


async def test_it_works_on_a_socket_file(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    async with redis_server("--unixsocket", str(path)):
        await _keeps_the_contract(f"unix://{path}")


async def test_it_works_with_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.pair()
    port = free_port()
    tls = ("--tls-port", str(port), "--tls-cert-file", str(pair.certificate), "--tls-key-file", str(pair.key))
    async with redis_server(*tls, "--tls-auth-clients", "no", "--tls-ca-cert-file", str(authority.ca)):
        await _keeps_the_contract(f"rediss://localhost:{port}?ssl_ca_certs={authority.ca}")


async def test_it_works_in_a_cluster_where_the_keys_of_a_board_are_on_one_node() -> None:
    async with redis_cluster() as nodes:
        url = f"redis+cluster://127.0.0.1:{nodes[0].port}"
        await _keeps_the_contract(url)
        boards: set[str] = set()
        for node in nodes:
            async with node.client() as client:
                keys = [str(key) for key in await client.keys("*:log")]
                held = {key[: key.index("}")] for key in keys}
                assert held, "some boards are on each node"
                assert not held & boards
                boards |= held


async def test_it_works_behind_a_sentinel_and_goes_on_with_the_replica() -> None:
    async with redis_with_sentinel() as servers:
        await _keeps_the_contract(servers.url)
        writer = Writer()
        async with leading(servers.url, timeout_s=1.0) as spine, followed(spine) as replica:
            await spine.save(writer.snapshot())
            await writer.write(spine, 5)
            await until(lambda: replica.cursor == writer.board.cursor)
            await spine.connection.command("WAIT", "1", "5000")
            await servers.master.stop()
            diff = writer.commit()
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    try:
                        await spine.append(diff)
                    except SpineUnavailable:
                        await asyncio.sleep(0.05)
                    else:
                        break
            await until(lambda: replica.cursor == writer.board.cursor)
            assert replica.snapshot().data == writer.snapshot().data


# Names and bounds


@pytest.mark.parametrize("name", ["", "a b", "a}b", "x" * 65])
def test_a_name_that_would_break_the_hash_tag_is_a_setting_error(name: str) -> None:
    with pytest.raises(SettingError) as refused:
        SpineKeys.of(name)
    assert refused.value.setting == "board"


def test_a_prefix_comes_before_the_hash_tag() -> None:
    assert SpineKeys.of("main", "desk:").log == "desk:{bigboard:main}:log"
    with pytest.raises(SettingError, match="braces"):
        SpineKeys.of("main", "{desk}:")


async def test_boards_of_one_redis_know_nothing_of_each_other() -> None:
    one, two = Writer("E1"), Writer("E2")
    async with redis_server() as server, leading(server.url, "one") as first, leading(server.url, "two") as second:
        await first.save(one.snapshot())
        await second.save(two.snapshot())
        await one.write(first, 3)
        await two.write(second, 1)
        for spine, writer in ((first, one), (second, two)):
            async with Reader(spine) as reader:
                await reader.reach(writer.board.cursor)


async def _length(server: Any, spine: Any) -> int:
    async with server.client() as client:
        return int(await client.xlen(spine.keys.log))


def _heavy(board: Board, number: int) -> Any:
    board.apply(Update("strategies", f"s{number % 3}", {"message": f"{number:09}" * 100}))
    return board.commit(number)


async def test_what_a_snapshot_covers_is_kept_up_to_so_many_bytes() -> None:
    board = Board("E")
    async with redis_server() as server, leading(server.url, max_bytes=10_000) as spine, followed(spine) as replica:
        await spine.save(board.snapshot())
        for number in range(1, 41):
            await spine.append(_heavy(board, number))
        assert await _length(server, spine) == 41, "nothing goes that no snapshot covers"
        await until(lambda: replica.cursor == board.cursor)
        await spine.save(board.snapshot())
        assert 9 <= await _length(server, spine) <= 11
        await spine.append(_heavy(board, 41))
        await until(lambda: replica.cursor == board.cursor)
        assert replica.snapshot() == board.snapshot()


async def test_what_a_snapshot_covers_is_kept_for_so_long() -> None:
    writer = Writer()
    async with redis_server() as server, leading(server.url, max_age_s=0.2) as spine:
        await spine.save(writer.snapshot())
        await writer.write(spine, 20)
        await asyncio.sleep(0.25)  # The clock is that of Redis, which no test can move.
        await writer.write(spine, 3)
        await spine.save(writer.snapshot())
        assert await _length(server, spine) == 3
        async with Reader(spine) as reader:
            await reader.reach(writer.board.cursor)


async def test_a_reader_that_was_away_while_its_place_was_trimmed_gets_a_snapshot() -> None:
    writer, board = Writer(), Board("E1")
    async with redis_server() as server, leading(server.url, max_diffs=8) as spine:
        await spine.save(writer.snapshot())
        (first,) = await writer.write(spine, 1)
        board.merge(first)
        for _ in range(10):
            await writer.write(spine, 4)
            await spine.save(writer.snapshot())
        async with Reader(spine, board.cursor, board) as reader:
            await reader.reach(writer.board.cursor)
            assert reader.numbers() == ["snapshot 41"]


async def test_a_log_whose_entries_somebody_else_took_is_lost_to_its_writer_and_begins_anew() -> None:
    writer = Writer()
    async with redis_server() as server, leading(server.url) as spine, followed(spine) as replica:
        await spine.save(writer.snapshot())
        await writer.write(spine, 5)
        await until(lambda: replica.cursor == writer.board.cursor)
        async with server.client() as client:
            await client.delete(spine.keys.log)
        with pytest.raises(SpineUnavailable) as refused:
            await spine.append(writer.commit())
        assert refused.value.reason == "lost"
        writer.board.begin_epoch("E2")
        await spine.save(writer.snapshot())
        await until(lambda: replica.cursor == writer.board.cursor)
        assert replica.snapshot() == writer.snapshot()


async def test_without_memory_redis_refuses_and_nothing_is_half_done() -> None:
    board = Board("E")
    async with redis_server() as server, leading(server.url) as spine, followed(spine) as replica:
        await spine.save(board.snapshot())
        for number in range(1, 6):
            await spine.append(_heavy(board, number))
        async with server.client() as client:
            await client.config_set("maxmemory", "1")
            diff = _heavy(board, 6)
            for _ in range(3):
                with pytest.raises(SpineUnavailable, match="maxmemory") as refused:
                    await spine.append(diff)
                assert refused.value.reason == "away"
            await client.config_set("maxmemory", "0")
        await spine.append(diff)
        await until(lambda: replica.cursor == board.cursor)
        assert replica.snapshot() == board.snapshot()


def _latency_ms(spine: RedisSpine) -> float | None:
    return spine.connection.latency_ms


async def test_the_round_trip_is_measured_and_unknown_while_redis_is_away() -> None:
    async with redis_server() as server, spine_of(server.url, timeout_s=0.5) as spine, followed(spine):
        assert _latency_ms(spine) is None
        await until(lambda: _latency_ms(spine) is not None)
        assert 0 < (_latency_ms(spine) or 0) < 1_000
        await server.stop()
        await until(lambda: spine.connection.away)
        assert _latency_ms(spine) is None
        assert spine.connection.error
        await server.start()
        await until(lambda: not spine.connection.away)
        await until(lambda: _latency_ms(spine) is not None)
        assert spine.connection.outages == 1


async def test_whoever_starts_to_follow_reaches_back_beyond_the_last_snapshot() -> None:
    """A client that was at another gateway a moment ago can resume there."""
    writer = Writer()
    async with redis_server() as server, leading(server.url, "b", max_diffs=8) as spine:
        await spine.save(writer.snapshot())
        await writer.write(spine, 3)
        await spine.save(writer.snapshot())
        await writer.write(spine, 3)
        async with Reader(spine) as reader:
            await reader.reach(writer.board.cursor)
            assert reader.numbers()[0] == "snapshot 0"
            assert reader.board.horizon == 0
            assert not spine.behind
        # The older one is kept for a while, until the log does not reach it any more.
        await spine.save(writer.snapshot())
        await writer.write(spine, 6)
        async with Reader(spine) as reader:
            await reader.reach(writer.board.cursor)
            assert reader.numbers()[0] == "snapshot 6"
        writer = Writer("E2")
        await spine.save(writer.snapshot())
        await writer.write(spine, 1)
        async with Reader(spine) as reader:
            await reader.reach(writer.board.cursor)
            assert reader.numbers() == ["snapshot 0", "diff 1"]
