"""The parts of a role, run side by side until a signal or the end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping

__all__ = ["end_all", "run_until", "stopped_by_signals", "until_one_ends"]

_log = structlog.stdlib.get_logger("bigboard.runtime")

_ATTEMPTS = 10
_ATTEMPT_S = 1.0

_CAUGHT = (signal.SIGINT, signal.SIGTERM)


async def run_until(stop: asyncio.Event, parts: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Run parts, by their names, until ``stop`` is set or one of them ends: then its error is raised."""
    tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    stopped = asyncio.create_task(stop.wait(), name="stop")
    await until_one_ends(stopped, *tasks)


async def until_one_ends(*tasks: asyncio.Task[Any]) -> None:
    """Wait until one of them ends, and end the others; raises what it raised."""
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await end_all(*tasks)
    for task in done:
        task.result()


async def end_all(*tasks: asyncio.Task[Any]) -> None:
    """Cancel tasks and wait until they have ended, whatever they raise.

    A library may forget that a task was cancelled, so it is said again every second. After ten of them whoever still runs is
    named in the log and left: the end of the process must not depend on it.
    """
    waiting = {task for task in tasks if not task.done()}
    for _ in range(_ATTEMPTS):
        for task in waiting:
            task.cancel()
        if waiting:
            _, waiting = await asyncio.wait(waiting, timeout=_ATTEMPT_S)
    for task in waiting:
        _log.error("a part does not end", part=task.get_name())
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # Nobody else asks for it, and Python would say so at its end.


@contextlib.contextmanager
def stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set ``stop``."""
    loop = asyncio.get_running_loop()
    for number in _CAUGHT:
        # A test runs this outside the main thread now and then, where no signal arrives anyway.
        with contextlib.suppress(RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in _CAUGHT:
            with contextlib.suppress(RuntimeError, ValueError):
                loop.remove_signal_handler(number)
