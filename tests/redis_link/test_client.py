"""Clients of real servers: with a password, a database, a socket file, TLS, behind a sentinel, in a cluster."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

import pytest
from redis.exceptions import AuthenticationError

from bigboard.redis_link import REDIS_AWAY, open_redis
from certificates import Authority
from ports import free_port
from redis_servers import redis_cluster, redis_server, redis_with_sentinel
from servers import DEADLINE_S

if TYPE_CHECKING:
    from pathlib import Path

    from bigboard.redis_link import RedisClient


_PASSWORD = "s3 cret/@"  # noqa: S105 - of a server that lives as long as its test


async def _works(client: RedisClient) -> None:
    async with client:
        await client.set("key", "value")
        assert await client.get("key") == b"value"


async def test_with_a_password() -> None:
    async with redis_server(password=_PASSWORD) as server:
        await _works(await open_redis(f"redis://:s3%20cret%2F%40@127.0.0.1:{server.port}"))
        async with await open_redis(f"redis://127.0.0.1:{server.port}") as stranger:
            with pytest.raises(AuthenticationError):
                await stranger.get("key")


async def test_with_a_database_number() -> None:
    async with redis_server() as server:
        await _works(await open_redis(f"redis://127.0.0.1:{server.port}/3"))
        async with server.client(db=3) as third, server.client(db=0) as first:
            assert await third.get("key") == "value"
            assert await first.get("key") is None


async def test_on_a_socket_file(tmp_path: Path) -> None:
    path = tmp_path / "redis.sock"
    async with redis_server("--unixsocket", str(path)):
        await _works(await open_redis(f"unix://{path}?db=1"))


async def test_with_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.pair()
    tls = ("--tls-cert-file", str(pair.certificate), "--tls-key-file", str(pair.key), "--tls-auth-clients", "no")
    async with redis_server("--tls-port", str(port := free_port()), *tls, "--tls-ca-cert-file", str(authority.ca)):
        await _works(await open_redis(f"rediss://localhost:{port}?ssl_ca_certs={authority.ca}"))
        await _works(await open_redis(f"rediss://127.0.0.1:{port}?ssl_cert_reqs=none"))
        async with await open_redis(f"rediss://localhost:{port}") as careful:
            with pytest.raises(REDIS_AWAY):
                await careful.get("key")


async def test_behind_a_sentinel_it_finds_the_new_master() -> None:
    async with redis_with_sentinel() as servers:
        client = await open_redis(servers.url, timeout_s=2.0)
        async with client, asyncio.timeout(DEADLINE_S):
            await client.set("key", "value")
            await client.execute_command("WAIT", "1", "5000")
            await servers.master.stop()
            while True:
                try:
                    await client.set("again", "value")
                except REDIS_AWAY:
                    await asyncio.sleep(0.05)
                else:
                    break
            assert await client.get("key") == b"value"
        async with servers.replica.client() as direct:
            assert await direct.get("again") == "value"


async def test_in_a_cluster_keys_of_one_hash_tag_go_together() -> None:
    async with redis_cluster() as nodes:
        places = ",".join(f"127.0.0.1:{node.port}" for node in nodes[:2])
        client = await open_redis(f"redis+cluster://{places}")
        async with client:
            for number in range(20):
                await client.set(f"key{number}", str(number))
            script = "redis.call('SET', KEYS[1], 'x') return redis.call('GET', KEYS[2])"
            await client.set("{bigboard:main}:two", "y")
            assert await client.eval(script, 2, "{bigboard:main}:one", "{bigboard:main}:two") == b"y"
        held = []
        for node in nodes:
            async with node.client() as direct:
                held.append(await direct.dbsize())
        assert sum(held) == 22
        assert all(held), "each node holds some of the keys"


async def test_where_nothing_listens_it_fails_at_once() -> None:
    async with asyncio.timeout(DEADLINE_S):
        client = await open_redis(f"redis://127.0.0.1:{free_port()}")
        async with client:
            with pytest.raises(REDIS_AWAY):
                await client.get("key")
        with pytest.raises(REDIS_AWAY):
            await open_redis(f"redis+cluster://127.0.0.1:{free_port()}")


async def test_a_server_that_hangs_is_given_up_in_time() -> None:
    async with redis_server() as server, await open_redis(server.url, timeout_s=0.2) as client:
        server.send(signal.SIGSTOP)
        async with asyncio.timeout(DEADLINE_S):
            with pytest.raises(REDIS_AWAY):
                await client.get("key")
        server.send(signal.SIGCONT)
        assert await client.get("key") is None
