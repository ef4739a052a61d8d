"""Reads the keys ``ticker:SYMBOL`` of a Redis, as far as a bound of time and number allows. Needs the extra ``redis``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

from bigboard.errors import UpdateRejected
from bigboard.redis_link import REDIS_AWAY, within
from bigboard.sources.patterns import ticker_pattern
from bigboard.sources.ticker_keys import TICKERS, ticker_update

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.board import Update
    from bigboard.redis_link import RedisClient

__all__ = ["read_tickers"]

_log = structlog.stdlib.get_logger("bigboard.sources")

_MOST: Final = 50_000
"""Keys: as many as a topic of the board holds."""
_SCAN: Final = 1_000
"""Keys that Redis looks at in one go, while everybody else waits."""
_CHUNK: Final = 200
"""Tickers that are read together: a millisecond or two of work."""


async def read_tickers(
    client: RedisClient, prefix: str, refuse: Callable[[UpdateRejected], None], *, within_s: float
) -> list[Update]:
    """The tickers that are there. ``refuse`` is told of each that cannot be read.

    They are a help and no more: what is not read within ``within_s``, may not be, or lies on a node of a cluster that is
    away, is left out, and the log says so.
    """
    updates: list[Update] = []
    try:
        async with within(within_s):
            await _read(client, prefix, refuse, updates)
    except REDIS_AWAY as error:
        text = str(error)[:200] or f"not all within {within_s:g} s"
        _log.warning("tickers cannot be read", error=text, read=len(updates))
    return updates


async def _read(
    client: RedisClient, prefix: str, refuse: Callable[[UpdateRejected], None], updates: list[Update]
) -> None:
    start = len(f"{prefix}{TICKERS}")
    names: list[str] = []
    found = 0
    async for key in client.scan_iter(match=ticker_pattern(prefix), count=_SCAN):
        names.append(key.decode(errors="replace") if isinstance(key, bytes) else key)
        found += 1
        if len(names) == _CHUNK or found == _MOST:
            updates += await _get(client, names, start, refuse)
            names = []
        if found == _MOST:
            break
    updates += await _get(client, names, start, refuse)


async def _get(
    client: RedisClient, names: list[str], start: int, refuse: Callable[[UpdateRejected], None]
) -> list[Update]:
    updates: list[Update] = []
    if not names:
        return updates
    # On a cluster the keys lie on different nodes, where one command for all of them is refused.
    pipeline = client.pipeline(transaction=False)
    for name in names:
        pipeline.get(name)
    for name, value in zip(names, await pipeline.execute(raise_on_error=False), strict=True):
        if isinstance(value, Exception) or value is None:
            continue  # It ended meanwhile, or is of another type.
        try:
            updates.append(ticker_update(name[start:], value.encode() if isinstance(value, str) else value))
        except UpdateRejected as rejected:
            refuse(rejected)
    return updates
