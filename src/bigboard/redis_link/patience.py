"""A time limit around calls of redis-py that loses no cancellation."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["within"]


class within:  # noqa: N801 - it reads as what it says, like asyncio.timeout
    """As ``asyncio.timeout``, which raises ``TimeoutError``; and a task that is cancelled within ends within.

    redis-py sends with ``asyncio.wait_for``, and that of Python 3.11 gives the result, or raises the error, and forgets that
    the task was cancelled, if both come in the same turn of the event loop. The task would then go on, for ever if need be.
    """

    __slots__ = ("_before", "_timeout")

    def __init__(self, seconds: float) -> None:
        self._timeout = asyncio.timeout(seconds)
        self._before = 0

    async def __aenter__(self) -> Self:
        await self._timeout.__aenter__()
        self._before = _cancellations()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self._timeout.__aexit__(kind, error, where)
        cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        if not cancelled and _cancellations() > self._before:
            raise asyncio.CancelledError from error


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
