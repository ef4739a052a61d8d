"""From settings to what a role needs of Redis."""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from bigboard.collector.redis_candles import left_candles
from bigboard.collector.redis_commands import KeyWriter
from bigboard.collector.redis_publisher import RedisPublisher
from bigboard.errors import SettingError
from bigboard.redis_link import RedisAddress, open_redis
from bigboard.sources.redis_channels import RedisChannels
from bigboard.spine.redis_spine import RedisSpine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bigboard.clock import Clock
    from bigboard.collector import MarketCollector
    from bigboard.collector.outbox import Outbox
    from bigboard.settings import Settings
    from bigboard.spine.redis_connection import RedisConnection

__all__ = [
    "build_channels",
    "build_publisher",
    "build_spine",
    "go_on_with_candles",
    "process_name",
    "redis_url",
    "say_row",
]

_TIMEOUT_S: Final = 5.0


def redis_url(settings: Settings, role: str) -> str:
    """The Redis of the settings. Raises ``SettingError`` where there is none."""
    if settings.redis is None:
        raise SettingError(
            "redis", "", f"redis: {role} needs a Redis; say which with --redis redis://HOST:PORT or BIGBOARD_REDIS"
        )
    return settings.redis


def build_spine(settings: Settings, url: str, clock: Clock) -> RedisSpine:
    """The spine of the settings' board. Raises ``SettingError`` for a URL or a name that cannot be."""
    return RedisSpine(
        url,
        clock,
        board=settings.board,
        prefix=settings.redis_prefix,
        max_diffs=settings.spine_length,
        lease_s=settings.lease,
    )


def build_channels(settings: Settings, url: str, clock: Clock) -> RedisChannels:
    """What listens to the channels of services."""
    return RedisChannels(
        partial(open_redis, url, timeout_s=_TIMEOUT_S),
        clock,
        where=str(RedisAddress.parse(url)),
        prefix=settings.redis_prefix,
        timeout_s=_TIMEOUT_S,
    )


def build_publisher(
    settings: Settings, outbox: Outbox, names: Mapping[str, str], clock: Clock, tell: Callable[[str], None]
) -> RedisPublisher:
    """What writes a collector's outbox to keys and channels; ``names`` are the board's keys as Redis spells them."""
    url = redis_url(settings, "a collector")
    return RedisPublisher(
        partial(open_redis, url, timeout_s=_TIMEOUT_S),
        outbox,
        KeyWriter(names, prefix=settings.redis_prefix, ttl_s=round(settings.redis_ttl)),
        clock,
        where=str(RedisAddress.parse(url)),
        prefix=settings.redis_prefix,
        interval_s=settings.redis_write_interval,
        timeout_s=_TIMEOUT_S,
        tell=tell,
    )


async def go_on_with_candles(
    settings: Settings, collector: MarketCollector, feed: str, publisher: RedisPublisher, tell: Callable[[str], None]
) -> None:
    """Give a collector the candles that the one before it left open, and keep its own for the next; not of a replay."""
    publisher.keep_candles_of(None)
    if collector.mode == "replay":
        return
    connect = partial(open_redis, redis_url(settings, "a collector"), timeout_s=_TIMEOUT_S)
    candles = await left_candles(connect, feed, prefix=settings.redis_prefix)
    if candles is None:
        tell(f"Candles under way begin anew: no answer from {publisher.where} about those of an earlier run")
    collector.resume(candles or {})
    publisher.keep_candles_of(feed)


async def say_row(connection: RedisConnection, settings: Settings, name: str, row: dict[str, Any]) -> None:
    """Publish a process's own row in ``services``, as any service does. Raises ``SpineUnavailable``."""
    await connection.publish(f"{settings.redis_prefix}services:{name}", msgspec.msgpack.encode(row))


def process_name(settings: Settings, role: str, port: int | None = None) -> str:
    """What this process is called in ``services``: two of a role on one host differ by their port."""
    if settings.name:
        return settings.name
    host = socket.gethostname().split(".")[0][:40]
    return f"{role}-{host}" if port is None else f"{role}-{host}-{port}"
