"""A time limit around calls of redis-py that loses no cancellation."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["within"]


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """As ``asyncio.timeout``, which raises ``TimeoutError``; and a task that is cancelled within ends within.

    redis-py sends with ``asyncio.wait_for``, and that of Python 3.11 gives the result, and forgets that the task was
    cancelled, if both come in the same turn of the event loop. The task would then wait on, for ever if need be.
    """
    task = asyncio.current_task()
    before = 0 if task is None else task.cancelling()
    async with asyncio.timeout(seconds):
        yield
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
