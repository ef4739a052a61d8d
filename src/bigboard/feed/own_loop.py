"""Work with an event loop of its own, so that it does not hold up the one that everything else runs on."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

__all__ = ["in_own_loop"]

_T = TypeVar("_T")


async def in_own_loop(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Run ``work()`` in a thread that has a loop for it alone. Cancelling the caller cancels it over there.

    For work that is asynchronous, and yet computes for tens of milliseconds in one piece.
    """
    running = _Running[_T]()
    try:
        return await asyncio.to_thread(running.run, work)
    except asyncio.CancelledError:
        running.cancel()
        raise


class _Running(Generic[_T]):
    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[_T] | None = None
        self._cancelled = False

    def run(self, work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            task = self._task = self._loop.create_task(work())
            if self._cancelled:
                task.cancel()
            return self._loop.run_until_complete(task)

    def cancel(self) -> None:
        self._cancelled = True
        loop, task = self._loop, self._task
        if loop is not None and task is not None and not loop.is_closed():
            try:
                loop.call_soon_threadsafe(task.cancel)
            except RuntimeError:  # it has just ended by itself
                return
