"""A Redis spine of a test that holds the lease, and a follower's replica of it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bigboard.board import Board
from bigboard.clock import SystemClock
from bigboard.spine import Follower
from bigboard.spine.redis_spine import RedisSpine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["followed", "leading", "spine_of"]


@asynccontextmanager
async def spine_of(url: str, board: str = "main", **options: Any) -> AsyncIterator[RedisSpine]:
    """A spine as any process may have it."""
    spine = RedisSpine(url, SystemClock(), board=board, **options)
    try:
        yield spine
    finally:
        await spine.close()


@asynccontextmanager
async def leading(url: str, board: str = "main", *, lease_s: float = 60.0, **options: Any) -> AsyncIterator[RedisSpine]:
    """A spine whose lease is held, for longer than a test lasts if nothing else is said: nobody renews it."""
    async with spine_of(url, board, lease_s=lease_s, **options) as spine:
        assert await spine.lease.acquire() is not None
        yield spine


@asynccontextmanager
async def followed(spine: RedisSpine) -> AsyncIterator[Board]:
    """A replica that follows a spine for the block."""
    board = Board("")
    task = asyncio.create_task(Follower(spine, board, lambda _: None).run())
    try:
        yield board
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
