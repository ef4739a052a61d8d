"""Clients of redis-py for an address. A command is sent once: whoever sends it knows whether it may be sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from bigboard.errors import MissingExtra
from bigboard.redis_link.address import RedisAddress

try:
    from redis.asyncio import Redis
    from redis.asyncio.cluster import ClusterNode, RedisCluster
    from redis.asyncio.retry import Retry
    from redis.asyncio.sentinel import Sentinel
    from redis.backoff import NoBackoff
    from redis.exceptions import NoScriptError, RedisClusterException, RedisError, ResponseError
except ImportError:
    raise MissingExtra("redis", "a Redis") from None

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["REDIS_AWAY", "NoScriptError", "RedisClient", "ResponseError", "close_redis", "open_redis", "sentinels"]

RedisClient: TypeAlias = Redis | RedisCluster

REDIS_AWAY = (RedisError, RedisClusterException, OSError, TimeoutError)
"""What a command raises that did not come back with an answer, or with one that refuses it."""


class _SentinelRedis(Redis):
    """A client of whichever server the sentinels call the master; it ends with its sentinels' connections."""

    async def aclose(self, close_connection_pool: bool | None = None) -> None:  # noqa: FBT001 - the library's signature
        await super().aclose(close_connection_pool)
        await self.connection_pool.sentinel_manager.aclose()  # type: ignore[attr-defined]


async def open_redis(url: str | RedisAddress, *, timeout_s: float = 5.0, answer_s: float | None = None) -> RedisClient:
    """A client of a single server, of Sentinel's master, or of a cluster; close it with ``close_redis``.

    ``timeout_s`` bounds each attempt to connect, and each answer too unless ``answer_s`` does, from its first byte to the
    last. Nothing is sent yet, but for a cluster: its map is
    read. Raises ``SettingError`` for a URL that cannot be, and one of ``REDIS_AWAY`` where a cluster is away.
    """
    address = RedisAddress.parse(url) if isinstance(url, str) else url
    if address.kind == "cluster":
        return await _cluster(address, _options(address, timeout_s, answer_s))
    options = {**_options(address, timeout_s, answer_s), "db": address.database}
    if address.kind == "sentinel":
        master: Redis = sentinels(address, timeout_s).master_for(address.service, redis_class=_SentinelRedis, **options)
        return master
    if address.path:
        return Redis(unix_socket_path=address.path, **options)
    ((host, port),) = address.hosts[:1]
    return Redis(host=host, port=port, **options)


async def close_redis(client: RedisClient) -> None:
    """End all connections of a client. Raises one of ``REDIS_AWAY`` where one does not even end."""
    await client.aclose()
    if isinstance(client, RedisCluster):
        # After a command that failed it takes itself for closed, and keeps what it has opened since.
        await client.nodes_manager.aclose()
        await client.nodes_manager.aclose("startup_nodes")


def sentinels(address: RedisAddress, timeout_s: float) -> Sentinel:
    """The sentinels of an address."""
    # A sentinel is asked the way to the server by whoever lost it: one that hangs must not take all the time there is.
    patience_s = max(timeout_s / max(len(address.hosts), 1), 0.2)
    login = {**_tls(address), **address.sentinel_login, **_plain(patience_s)}
    places: Sequence[tuple[str, int]] = address.hosts
    return Sentinel(list(places), sentinel_kwargs=login)


async def _cluster(address: RedisAddress, options: dict[str, Any]) -> RedisCluster:
    nodes = [ClusterNode(host, port) for host, port in address.hosts]
    client = RedisCluster(startup_nodes=nodes, **options)
    try:
        await client.initialize()
    except BaseException:
        await close_redis(client)
        raise
    return client


def _options(address: RedisAddress, timeout_s: float, answer_s: float | None) -> dict[str, Any]:
    login = {"username": address.username, "password": address.password}
    return {**_plain(timeout_s, answer_s), **_tls(address), **login}


def _plain(timeout_s: float, answer_s: float | None = None) -> dict[str, Any]:
    return {
        "socket_timeout": answer_s or timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), 0),
        # What RESP3 adds, pushes between answers, nobody here asks for.
        "protocol": 2,
    }


def _tls(address: RedisAddress) -> dict[str, Any]:
    if not address.tls:
        return {}
    address.tls_context()  # The library would tell of a bad file at the first connection, and not which setting it is.
    options = {name: value for name, value in address.options if name.startswith("ssl_")}
    check = options.pop("ssl_check_hostname", "true").lower() != "false" and options.get("ssl_cert_reqs") != "none"
    return {"ssl": True, "ssl_check_hostname": check, **options}
