"""Aggregators and gateways as processes of their own, which a test may kill."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx

from roles import Role, role
from servers import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["GatewayProcess", "aggregator", "gateway", "leads"]


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
