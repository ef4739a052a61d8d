"""Commands that run on, as a user starts them: each in a process of its own."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from servers import DEADLINE_S, Ended, starting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["Role", "role"]


class Role:
    """A command at work."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self, words: str, *, of: str = "stdout") -> str:
        """The next line of an output that has these words."""
        stream: asyncio.StreamReader = getattr(self.process, of)
        async with asyncio.timeout(DEADLINE_S):
            while words not in (line := (await stream.readline()).decode()):
                assert line, f"it ended and never said {words!r}"
        return line.rstrip("\n")

    async def end(self, number: int = signal.SIGTERM) -> Ended:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        async with asyncio.timeout(DEADLINE_S):
            out, err = await self.process.communicate()
        return Ended(self.process.returncode, out, err)


@asynccontextmanager
async def role(*arguments: str) -> AsyncIterator[Role]:
    """A role in a process of its own; it has to end with status 0 when it is asked to."""
    process = await starting(arguments)
    try:
        at_work = Role(process)
        yield at_work
        if process.returncode is None:
            ended = await at_work.end()
            assert ended.status == 0, ended.err
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
