"""Reads the open candles that the collector before this one left in Redis. Needs the extra ``redis``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from bigboard.collector.open_candle import read_open_candles
from bigboard.collector.redis_commands import candles_key
from bigboard.redis_link import REDIS_AWAY, close_redis, within

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bigboard.collector.open_candle import OpenCandle
    from bigboard.redis_link import RedisClient

__all__ = ["left_candles"]

_log = structlog.stdlib.get_logger("bigboard.collector")

_WITHIN_S: Final = 2.0
"""Nothing of the feed is looked at meanwhile."""


async def left_candles(
    connect: Callable[[], Awaitable[RedisClient]], feed: str, *, prefix: str = "", within_s: float = _WITHIN_S
) -> dict[str, OpenCandle] | None:
    """The open candles of a feed, by the board's keys; ``None`` if Redis is away, refuses, or takes longer."""
    try:
        async with within(within_s):
            client = await connect()
            try:
                fields = await client.execute_command("HGETALL", candles_key(prefix, feed))
            finally:
                await close_redis(client)
    except REDIS_AWAY as error:
        _log.info("no candles of a collector before", feed=feed, error=str(error)[:200])
        return None
    return read_open_candles(fields)
