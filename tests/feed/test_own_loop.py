"""Work in a loop of its own: its result, its error, and its end with the caller's."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from bigboard.feed.own_loop import in_own_loop
from servers import until


async def test_it_computes_while_this_loop_turns() -> None:
    turns = 0

    async def work() -> int:
        ends_s = time.monotonic() + 0.2
        while time.monotonic() < ends_s:  # in one piece
            pass
        return threading.get_ident()

    async def turn() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    turning = asyncio.create_task(turn())
    assert await in_own_loop(work) != threading.get_ident()
    turning.cancel()
    assert turns > 10


async def test_its_error_is_the_callers() -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise ValueError("from over there")

    with pytest.raises(ValueError, match="from over there"):
        await in_own_loop(work)


async def test_cancelling_the_caller_ends_it_over_there() -> None:
    begun, ended = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.create_task(in_own_loop(work))
    await until(begun.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(ended.is_set)
