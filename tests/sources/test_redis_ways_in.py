"""Channels are heard whatever way leads to Redis: a socket file, a password, TLS, a sentinel, a cluster."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from bigboard.redis_link import open_redis
from bigboard.sources.redis_subscription import RedisSubscription
from certificates import Authority
from ports import free_port
from redis_servers import redis_cluster, redis_server, redis_with_sentinel
from servers import until
from sources.listening import listening, publish

if TYPE_CHECKING:
    from pathlib import Path

    from redis.asyncio import Redis

    from sources.listening import Listener

_PATIENCE_S = 2.0


async def _hears(listener: Listener, client: Redis) -> None:
    await listener.up()
    await publish(client, [("risk:a", b'{"leverage": 1}')])
    await listener.heard(1)
    assert listener.data("risk") == {"a": {"leverage": 1}}


async def test_on_a_socket_file_with_a_password_and_a_database(tmp_path: Path) -> None:
    """Keys belong to a database, channels to all of them."""
    path = tmp_path / "redis.sock"
    async with redis_server("--unixsocket", str(path), password="secret") as server:  # noqa: S106 - of this test's server
        async with server.client(db=3) as client:
            await client.set("ticker:X/USDT", '{"last": 3}')
        async with server.client(db=0) as client:
            await client.set("ticker:X/USDT", '{"last": 0}')
            async with listening(server, partial(open_redis, f"unix://:secret@{path}?db=3")) as listener:
                await _hears(listener, client)
                await until(lambda: listener.source.tickers, "the tickers")
                assert listener.data("market_data")["XUSDT"]["last_price"] == 3


async def test_with_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.pair()
    tls = ("--tls-cert-file", str(pair.certificate), "--tls-key-file", str(pair.key), "--tls-auth-clients", "no")
    port = free_port()
    async with redis_server("--tls-port", str(port), *tls, "--tls-ca-cert-file", str(authority.ca)) as server:
        url = f"rediss://localhost:{port}?ssl_ca_certs={authority.ca}"
        async with server.client() as client, listening(server, partial(open_redis, url), idle_s=0.1) as listener:
            await _hears(listener, client)
            await publish(client, [("risk:b", b'{"breaches": ["%s"]}' % (b"x" * 4_000))] * 500)
            await listener.heard(501)
            assert listener.source.losses == 0


async def test_behind_a_sentinel_it_follows_to_the_new_master() -> None:
    async with redis_with_sentinel() as servers:
        connect = partial(open_redis, servers.url, timeout_s=_PATIENCE_S)
        async with listening(servers.master, connect, timeout_s=_PATIENCE_S) as listener:
            async with servers.master.client() as client:
                await _hears(listener, client)
            await servers.master.stop()
            await until(lambda: listener.source.losses == 1, "the loss")
            await until(lambda: listener.source.connected, "the new master")
            async with servers.replica.client() as client:
                await publish(client, [("risk:a", b'{"leverage": 2}')])
            await listener.heard(2)
            assert listener.data("risk") == {"a": {"leverage": 2}}


async def test_a_cluster_passes_on_what_is_published_at_any_node() -> None:
    async with redis_cluster() as nodes:
        url = f"redis+cluster://{','.join(f'127.0.0.1:{node.port}' for node in nodes)}"
        async with await open_redis(url) as client:
            for number in range(20):
                await client.set(f"ticker:S{number}/USDT", f'{{"last": {number}}}')
        async with listening(nodes[0], partial(open_redis, url)) as listener:
            await until(lambda: listener.source.tickers == 20, "the tickers of all nodes")
            for number, node in enumerate(nodes):
                async with node.client() as client:
                    await publish(client, [(f"risk:{number}", b'{"leverage": 1}')])
            await listener.heard(3)
            assert set(listener.data("risk")) == {"0", "1", "2"}


async def test_of_a_cluster_any_node_that_is_there_will_do() -> None:
    async with redis_cluster() as nodes:
        url = f"redis+cluster://{','.join(f'127.0.0.1:{node.port}' for node in nodes)}"
        async with await open_redis(url) as client:
            for number in range(20):
                await client.set(f"ticker:S{number}/USDT", f'{{"last": {number}}}')
            await nodes[1].stop()
            for _ in range(12):
                subscription = await RedisSubscription.open(client, ["risk:*"])
                await subscription.close()
        with capture_logs() as lines:
            async with listening(nodes[0], partial(open_redis, url)) as listener, nodes[2].client() as client:
                await _hears(listener, client)
                assert listener.source.losses == 0
        assert [line["event"] for line in lines] == ["tickers cannot be read"]
