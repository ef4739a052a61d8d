"""Aggregators and gateways on fixed ports that are killed, stopped and started again, as a bad day would."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from ports import free_port
from servers import DEADLINE_S, clean_environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis_servers import RedisServer

__all__ = ["Fleet", "fleet", "resident_mib"]


class Fleet:
    """Two of each. What they say goes to files in ``folder``."""

    def __init__(self, server: RedisServer, folder: Path) -> None:
        self.folder = folder
        ports = {name: (free_port(), free_port()) for name in ("gateway-1", "gateway-2")}
        self.urls = [f"ws://127.0.0.1:{hub}/ws" for _, hub in ports.values()]
        self._healths = [f"http://127.0.0.1:{hub}/health?ready" for _, hub in ports.values()]
        at = ("--redis", server.url)
        self._commands = {
            **dict.fromkeys(("aggregator-1", "aggregator-2"), ("aggregator", *at, "--standby", "--lease", "1s")),
            **{
                name: ("gateway", *at, "--port", str(port), "--hub-port", str(hub))
                for name, (port, hub) in ports.items()
            },
        }
        self._running: dict[str, asyncio.subprocess.Process] = {}

    @property
    def names(self) -> list[str]:
        """All of them, running or not."""
        return list(self._commands)

    async def start(self, name: str) -> None:
        """Start one that does not run."""
        if name in self._running:
            return
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bigboard", *self._commands[name], "--name", name,
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, env=clean_environment(),
            )  # fmt: skip

    async def stop(self, name: str, number: int = signal.SIGKILL) -> None:
        """End one that runs, in order or not."""
        process = self._running.pop(name, None)
        if process is not None:
            process.send_signal(number)
            async with asyncio.timeout(DEADLINE_S):
                await process.wait()

    def send(self, name: str, number: int) -> None:
        """Send a signal that does not end it."""
        if name in self._running:
            self._running[name].send_signal(number)

    async def ready(self) -> None:
        """Wait until every gateway would be given clients."""
        async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as client:
            for url in self._healths:
                async with asyncio.timeout(2 * DEADLINE_S):
                    while not await _answers(client, url):
                        await asyncio.sleep(0.05)

    def resident_mib(self) -> dict[str, float]:
        """Memory of each that runs."""
        return {name: resident_mib(process.pid) for name, process in self._running.items()}

    def ended(self) -> list[str]:
        """Those that ended although nobody ended them."""
        return [name for name, process in self._running.items() if process.returncode is not None]


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def _answers(client: Any, url: str) -> bool:
    try:
        return bool((await client.get(url)).status_code == httpx.codes.OK)
    except httpx.TransportError:
        return False


@asynccontextmanager
async def fleet(server: RedisServer, folder: Path) -> AsyncIterator[Fleet]:
    """All of them, started; ended in order at the end, or killed."""
    made = Fleet(server, folder)
    try:
        for name in made.names:
            await made.start(name)
        await made.ready()
        yield made
        for name in made.names:
            await made.stop(name, signal.SIGTERM)
    finally:
        for name in made.names:
            await made.stop(name)
