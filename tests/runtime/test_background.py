"""Parts that run side by side end, also those that a library has made forget that they were cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from bigboard.runtime import background
from bigboard.runtime.background import end_all

if TYPE_CHECKING:
    import pytest


async def _forgets(times: int, begun: asyncio.Event) -> None:
    begun.set()
    for _ in range(times):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    await asyncio.Event().wait()


async def test_a_task_that_forgot_its_cancellation_is_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()
    task = asyncio.create_task(_forgets(2, begun))
    await begun.wait()
    monkeypatch.setattr(background, "_ATTEMPT_S", 0.01)
    await end_all(task)
    assert task.cancelled()


async def test_one_that_failed_is_ended_and_nothing_is_raised() -> None:
    async def fails() -> None:
        raise ValueError

    task = asyncio.create_task(fails())
    await asyncio.sleep(0)
    await end_all(task)
    assert task.done()
    await end_all()
