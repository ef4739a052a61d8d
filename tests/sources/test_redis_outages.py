"""A Redis that is not there yet, restarts, hangs, cuts a slow listener off, or refuses."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from redis.asyncio import Redis
from structlog.testing import capture_logs

from bigboard.clock import SystemClock
from bigboard.sources.redis_channels import RedisChannels
from redis_servers import redis_server
from servers import DEADLINE_S, until
from sources.listening import command, listening, publish

if TYPE_CHECKING:
    from bigboard.sources import Delivery


async def test_a_redis_that_is_not_there_yet_is_waited_for() -> None:
    async with redis_server() as server:
        await server.stop()
        async with listening(server) as listener:
            await until(lambda: listener.states, "a failed attempt")
            row = listener.data("services")["redis"]
            assert row["status"] == "down"
            assert row["detail"].startswith("no Redis on redis://here: ")
            await server.start()
            await listener.up()
            await until(lambda: listener.data("services")["redis"]["status"] == "up")
            assert "detail" not in listener.data("services")["redis"]
            assert listener.source.losses == 0


async def test_a_restart_in_the_middle_is_got_over() -> None:
    with capture_logs() as lines:
        async with redis_server() as server, listening(server) as listener:
            await listener.up()
            async with server.client() as client:
                await publish(client, [("risk:a", b'{"leverage": 1}')])
            await listener.heard(1)
            await server.stop()
            await until(lambda: not listener.source.connected, "the loss")
            assert listener.data("services")["redis"]["status"] == "down"
            assert listener.data("risk") == {"a": {"leverage": 1}}
            await server.start()
            await listener.up()
            async with server.client() as client:
                await publish(client, [("risk:a", b'{"leverage": 2}')])
            await listener.heard(2)
            assert listener.data("risk") == {"a": {"leverage": 2}}
            assert (listener.source.connections, listener.source.losses) == (2, 1)
    told = [line["event"] for line in lines if line["log_level"] == "warning"]
    assert told[0] == "Redis is away"
    assert told[-1] == "Redis is there"
    assert len(told) <= 4


async def test_a_redis_that_hangs_is_noticed() -> None:
    async with redis_server() as server, listening(server, idle_s=0.2, timeout_s=0.5) as listener:
        await listener.up()
        server.send(signal.SIGSTOP)
        await until(lambda: listener.source.losses == 1, "the loss")
        server.send(signal.SIGCONT)
        await listener.up()
        async with server.client() as client:
            await publish(client, [("risk:a", b"{}")])
        await until(lambda: listener.source.messages == 1)


async def test_silence_is_no_loss() -> None:
    async with redis_server() as server, server.client() as client, listening(server, idle_s=0.02) as listener:
        await listener.up()
        await until_pings(client, 10)
        await publish(client, [("risk:a", b"{}")])
        await listener.heard(1)
        assert listener.source.losses == 0


async def until_pings(client: Redis, count: int) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while (await client.info("commandstats")).get("cmdstat_ping", {}).get("calls", 0) < count:
            await asyncio.sleep(0.01)


async def test_one_that_is_too_slow_is_cut_off_and_comes_back() -> None:
    """Redis drops a subscriber whose buffer is full: what was in it is lost, that is counted, and the tickers are read."""
    limit = ("--client-output-buffer-limit", "pubsub 1mb 1mb 1")
    async with redis_server(*limit) as server, server.client() as client, listening(server) as listener:
        await listener.up()
        listener.gate.clear()
        body = b'{"message": "%s"}' % (b"x" * 4_000)
        async with asyncio.timeout(DEADLINE_S):
            while await client.publish("strategies:a", body):
                await publish(client, [("strategies:a", body)] * 500)
        await client.set("ticker:X/USDT", f'{{"last": 5, "received_at": {2**52}}}')
        listener.gate.set()
        await until(lambda: listener.source.connections == 2 and listener.source.tickers == 1, "the second connection")
        assert listener.source.losses == 1
        before = listener.source.messages
        await publish(client, [("risk:a", b'{"leverage": 1}')])
        await listener.heard(before + 1)
        assert listener.data("risk") == {"a": {"leverage": 1}}
        assert listener.data("market_data")["XUSDT"]["last_price"] == 5
        assert listener.states == ["up", "down", "up"]


async def test_after_a_loss_an_old_key_does_not_hide_a_newer_price() -> None:
    """Redis can refuse to store a key and pass on what is published: then the key is older than the board."""
    async with redis_server() as server, server.client() as client, listening(server) as listener:
        await client.mset(
            {
                "ticker:OLD/USDT": '{"last": 1, "received_at": 5}',
                "ticker:NEW/USDT": f'{{"last": 1, "received_at": {2**52}}}',
            }
        )
        await listener.up()
        await publish(
            client, [("market_data:OLDUSDT", b'{"last_price": 2}'), ("market_data:NEWUSDT", b'{"last_price": 2}')]
        )
        await listener.heard(2)
        await client.set("ticker:NEW/USDT", f'{{"last": 3, "received_at": {2**52 + 1}}}')
        await command(client, "CLIENT", "KILL", "TYPE", "pubsub")
        await until(lambda: listener.source.connections == 2, "the second connection")
        await until(lambda: listener.data("market_data")["NEWUSDT"]["last_price"] == 3, "the newer price")
        assert listener.data("market_data")["OLDUSDT"]["last_price"] == 2


async def test_a_user_who_may_not_listen_is_told_so_and_may_later() -> None:
    async with redis_server() as server, server.client() as client:
        await command(client, "ACL", "SETUSER", "board", "on", ">secret", "+@all", "~*", "resetchannels")

        async def connect() -> Redis:
            return Redis(port=server.port, username="board", password="secret")  # noqa: S106 - of this test's server

        async with listening(server, connect) as listener:
            await until(lambda: listener.states, "an attempt")
            assert "permissions" in listener.data("services")["redis"]["detail"]
            assert "secret" not in listener.data("services")["redis"]["detail"]
            await command(client, "ACL", "SETUSER", "board", "allchannels")
            await listener.up()


async def test_without_leave_to_read_keys_channels_are_heard_all_the_same() -> None:
    async with redis_server() as server, server.client() as client:
        await client.set("ticker:X/USDT", '{"last": 1}')
        await command(client, "ACL", "SETUSER", "board", "on", "nopass", "+@all", "-scan", "~*", "allchannels")

        async def connect() -> Redis:
            return Redis(port=server.port, username="board", password="")

        with capture_logs() as lines:
            async with listening(server, connect) as listener:
                await listener.up()
                await publish(client, [("risk:a", b"{}")])
                await listener.heard(1)
                assert listener.source.tickers == 0
        assert [line["event"] for line in lines] == ["tickers cannot be read"]


async def test_it_ends_when_it_is_cancelled_at_any_moment_of_its_start() -> None:
    async with redis_server() as server:

        async def connect() -> Redis:
            return Redis(port=server.port, socket_timeout=DEADLINE_S)

        async def take(_: list[Delivery]) -> None:
            pass

        for turns in range(80):
            source = RedisChannels(connect, SystemClock(), where="redis://here")
            task = asyncio.create_task(source.run(take))
            if turns % 2:
                async with asyncio.timeout(DEADLINE_S):
                    while not source.connected:
                        await asyncio.sleep(0)
            for _ in range(turns // 2):
                await asyncio.sleep(0)
            task.cancel()
            done, _pending = await asyncio.wait([task], timeout=DEADLINE_S)
            assert done, f"it goes on after being cancelled in turn {turns}"
            assert task.cancelled()


async def test_it_can_be_run_again() -> None:
    """An aggregator that stands by listens to nothing; when it leads again, this was no loss."""

    async def take(_: list[Delivery]) -> None:
        pass

    async with redis_server() as server:

        async def connect() -> Redis:
            return Redis(port=server.port, socket_timeout=DEADLINE_S)

        source = RedisChannels(connect, SystemClock(), where="redis://here")
        with capture_logs() as lines:
            for times in (1, 2):
                task = asyncio.create_task(source.run(take))
                await until(lambda: source.connected, "subscribed")
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                assert (source.connections, source.losses) == (times, 0)
                assert source.service().data["status"] == "down"
        assert lines == []


async def test_what_is_no_redis_is_left_alone() -> None:
    """Something else answers on the port, with what is no reply of Redis."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    stranger = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = stranger.sockets[0].getsockname()[1]

    async def connect() -> Redis:
        return Redis(port=port, socket_timeout=1.0)

    async with stranger, redis_server() as server, listening(server, connect) as listener:
        await until(lambda: len(listener.states) >= 2, "two attempts")
        assert set(listener.states) == {"down"}
