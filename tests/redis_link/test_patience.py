"""The time limit around redis-py: it runs out, and no cancellation is lost in it."""

from __future__ import annotations

import asyncio

import pytest

from bigboard.redis_link import within


async def test_it_runs_out() -> None:
    with pytest.raises(TimeoutError):
        async with within(0.01):
            await asyncio.Event().wait()


async def test_in_time_nothing_happens() -> None:
    async with within(5.0):
        await asyncio.sleep(0)


async def _swallows(begun: asyncio.Event) -> str:
    """What ``asyncio.wait_for`` does of a result and a cancellation in one turn."""
    async with within(5.0):
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
    return "went on"


async def test_a_cancellation_that_was_swallowed_ends_the_task() -> None:
    begun = asyncio.Event()
    task = asyncio.create_task(_swallows(begun))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_was_cancelled_may_still_clean_up() -> None:
    begun, cleaned = asyncio.Event(), asyncio.Event()

    async def works() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        finally:
            async with within(5.0):
                await asyncio.sleep(0)
            cleaned.set()

    task = asyncio.create_task(works())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned.is_set()


async def test_a_cancellation_that_was_swallowed_for_an_error_ends_the_task_too() -> None:
    """As ``asyncio.wait_for`` does when what it waits for fails in the turn in which its task is cancelled."""
    begun = asyncio.Event()

    async def works() -> str:
        try:
            async with within(5.0):
                try:
                    begun.set()
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    raise ConnectionResetError from None
        except OSError:
            pass
        return "went on"

    task = asyncio.create_task(works())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
