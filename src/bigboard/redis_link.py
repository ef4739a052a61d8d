"""Clients of Redis from a URL. Needs the extra ``redis``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.errors import MissingExtra, SettingError

try:
    from redis.asyncio import Redis
except ImportError:
    raise MissingExtra("redis", "joining processes by Redis") from None

if TYPE_CHECKING:
    from redis.asyncio.cluster import RedisCluster

__all__ = ["open_redis"]


async def open_redis(url: str, *, timeout_s: float = 5.0) -> Redis | RedisCluster:
    """A client of ``redis://``, ``rediss://`` or ``unix://``, whose connections and commands end within ``timeout_s``.

    It connects with the first command. Raises ``SettingError`` for another URL.
    """
    try:
        return Redis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s)
    except ValueError as error:
        raise SettingError("redis", "", f"redis: {error}") from None
