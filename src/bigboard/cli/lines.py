"""What a command that runs on says about the log lines that were too many."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bigboard.clock import Clock
    from bigboard.logs import LineLimit

__all__ = ["reporting"]

_REPORT_S = 10.0


@asynccontextmanager
async def reporting(lines: LineLimit, clock: Clock) -> AsyncIterator[None]:
    """Every ten seconds, until the end of the block, say how many lines were not shown."""
    task = asyncio.create_task(_report(lines, clock))
    try:
        yield
    finally:
        task.cancel()


async def _report(lines: LineLimit, clock: Clock) -> None:
    while True:
        await clock.sleep(_REPORT_S)
        lines.report()
