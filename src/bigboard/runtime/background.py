"""The parts of a role, run side by side until a signal or the end: for roles without a port."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping

__all__ = ["run_until", "stopped_by_signals"]

_CAUGHT = (signal.SIGINT, signal.SIGTERM)


async def run_until(stop: asyncio.Event, parts: Mapping[str, Coroutine[Any, Any, None]]) -> None:
    """Run parts, by their names, until ``stop`` is set or one of them ends: then its error is raised."""
    tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
    stopped = asyncio.create_task(stop.wait(), name="stop")
    try:
        done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in (stopped, *tasks):
            task.cancel()
        await asyncio.gather(stopped, *tasks, return_exceptions=True)


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
