"""Commands that run on, as a user starts them: each in a process of its own."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from servers import DEADLINE_S, Ended, starting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["GatewayProcess", "Role", "aggregator", "collector", "feed", "gateway", "leads", "role"]


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


async def leads(process: Role) -> None:
    """Wait until an aggregator says that it leads."""
    await process.line("Leads the board", of="stderr")


@asynccontextmanager
async def aggregator(redis: str, *arguments: str) -> AsyncIterator[Role]:
    """An aggregator that heeds signals."""
    async with role("aggregator", "--redis", redis, *arguments) as process:
        await process.line("Stop with")
        yield process


class GatewayProcess:
    """A gateway that takes connections."""

    def __init__(self, process: asyncio.subprocess.Process, line: str) -> None:
        self.process = process
        words = line.split()
        self.port = int(words[1].rsplit(":", 1)[1])
        self.hub_port = int(words[-1].removesuffix("/ws").rsplit(":", 1)[1])

    @property
    def url(self) -> str:
        """The WebSocket of the hub port."""
        return f"ws://127.0.0.1:{self.hub_port}/ws"

    async def health(self, *, ready: bool = False) -> tuple[int, dict[str, Any]]:
        """Status code and body of ``/health``."""
        async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as client:
            answer = await client.get(f"http://127.0.0.1:{self.port}/health{'?ready' if ready else ''}")
            return answer.status_code, answer.json()

    async def services(self) -> list[dict[str, Any]]:
        """The rows of ``/api/v1/services``."""
        async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as client:
            answer = await client.get(f"http://127.0.0.1:{self.port}/api/v1/services")
            rows: list[dict[str, Any]] = answer.json()["services"]
            return rows

    async def ready(self, status: int = 200) -> None:
        """Wait until it would be given clients, or answers otherwise when it is asked that."""
        async with asyncio.timeout(DEADLINE_S):
            while (await self.health(ready=True))[0] != status:
                await asyncio.sleep(0.05)


@asynccontextmanager
async def gateway(redis: str, *arguments: str) -> AsyncIterator[GatewayProcess]:
    """A gateway on free ports."""
    async with role("gateway", "--redis", redis, "--port=0", "--hub-port=0", *arguments) as process:
        yield GatewayProcess(process.process, await process.line("Open "))


@asynccontextmanager
async def feed(endpoint: str, *arguments: str) -> AsyncIterator[Role]:
    """A feed that publishes on an endpoint."""
    async with role("feed", "--feed", endpoint, *arguments) as process:
        await process.line("Publishes")
        yield process


@asynccontextmanager
async def collector(endpoint: str, redis: str) -> AsyncIterator[Role]:
    """A collector between an endpoint and a Redis."""
    async with role("collector", "--feed", endpoint, "--redis", redis) as process:
        await process.line("collector:")
        yield process
