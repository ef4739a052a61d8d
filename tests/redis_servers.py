"""Real Redis servers for tests, each on a free port with a folder of its own."""

from __future__ import annotations

import asyncio
import signal
import socket
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from redis.asyncio import Redis
from redis.exceptions import RedisError

from servers import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["RedisServer", "redis_server"]


class RedisServer:
    """One `redis-server`; it can be stopped and started again on the same port."""

    def __init__(self, folder: Path, options: tuple[str, ...]) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._options = options
        self._process: asyncio.subprocess.Process | None = None

    def client(self) -> Redis:
        """A client of its own; close it."""
        return Redis(port=self.port, decode_responses=True, socket_timeout=DEADLINE_S)

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = await asyncio.create_subprocess_exec(
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", "",
            "--appendonly", "no", *self._options, stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        async with asyncio.timeout(DEADLINE_S), self.client() as client:
            while True:
                try:
                    await client.ping()
                except (RedisError, OSError):
                    await asyncio.sleep(0.02)
                else:
                    return

    def send(self, number: int) -> None:
        """Send a signal: SIGSTOP and SIGCONT make it hang and go on."""
        assert self._process is not None
        self._process.send_signal(number)

    async def stop(self) -> None:
        """Kill it; it keeps nothing."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()


@asynccontextmanager
async def redis_server(*options: str) -> AsyncIterator[RedisServer]:
    """A server that runs for the block; ``options`` as on its command line, such as ``--maxmemory 10mb``."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder), options)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()
