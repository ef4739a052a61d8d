"""Real Redis servers for tests, on free ports with folders of their own: one, with a sentinel, or three as a cluster."""

from __future__ import annotations

import asyncio
import resource
import signal
import tempfile
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from ports import free_port, free_ports
from servers import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

__all__ = ["RedisServer", "SentinelServers", "redis_cluster", "redis_server", "redis_with_sentinel"]

_SLOTS = 16_384


class RedisServer:
    """One `redis-server`; it can be stopped and started again on the same port.

    ``options`` stand on its command line: ``("--maxmemory", "10mb")``. With ``keeps`` it writes each command to its file and
    has its data when it starts again; else it starts empty.
    """

    def __init__(self, folder: Path, options: Sequence[str] = (), *, keeps: bool = False, password: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://{f':{password}@' if password else ''}127.0.0.1:{self.port}/0"
        self.password = password
        self._options = (
            *(("--appendonly", "yes", "--appendfsync", "always") if keeps else ("--appendonly", "no")),
            *(("--requirepass", password) if password else ()),
            *options,
        )
        self._process: asyncio.subprocess.Process | None = None

    def client(self, **options: Any) -> Redis:
        """A client of its own; close it."""
        given = {"decode_responses": True, "socket_timeout": DEADLINE_S, "protocol": 2, **options}
        return Redis(port=self.port, password=self.password or None, **given)

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = await asyncio.create_subprocess_exec(
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--save", "",
            "--loglevel", "warning", *self._options, stdout=asyncio.subprocess.DEVNULL,
            # A file that may grow no more is an error for it then, as a full disk is, and no signal that kills it.
            restore_signals=False,
        )  # fmt: skip
        await answers(self.client())

    def send(self, number: int) -> None:
        """Send a signal: SIGSTOP and SIGCONT make it hang and go on."""
        assert self._process is not None
        self._process.send_signal(number)

    def limit_files(self, size: int = resource.RLIM_INFINITY) -> None:
        """Let no file of it grow beyond so many bytes: to the server that is a full disk."""
        assert self._process is not None
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    async def stop(self, number: int = signal.SIGKILL) -> None:
        """Kill it, or end it with another signal, and wait until it is gone."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            async with asyncio.timeout(DEADLINE_S):
                await self._process.wait()


async def answers(client: Redis) -> None:
    """Wait until a server answers; closes the client."""
    async with asyncio.timeout(DEADLINE_S), client:
        while True:
            try:
                await client.ping()
            except (RedisError, OSError):
                await asyncio.sleep(0.02)
            else:
                return


@asynccontextmanager
async def redis_server(*options: str, keeps: bool = False, password: str = "") -> AsyncIterator[RedisServer]:
    """A server that runs for the block; see ``RedisServer``."""
    with tempfile.TemporaryDirectory() as folder:
        server = RedisServer(Path(folder), options, keeps=keeps, password=password)
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


class SentinelServers:
    """A master, its replica, and a sentinel that makes the one the other when it is gone."""

    def __init__(self, master: RedisServer, replica: RedisServer, port: int) -> None:
        self.master = master
        self.replica = replica
        self.port = port
        self.url = f"redis+sentinel://127.0.0.1:{port}/board/0"


@asynccontextmanager
async def redis_with_sentinel() -> AsyncIterator[SentinelServers]:
    """Real servers under a real sentinel, which takes a master for dead after half a second."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        master = await stack.enter_async_context(redis_server())
        replica = await stack.enter_async_context(redis_server("--replicaof", "127.0.0.1", str(master.port)))
        async with asyncio.timeout(DEADLINE_S), replica.client() as client:
            while (await client.info("replication"))["master_link_status"] != "up":
                await asyncio.sleep(0.05)
        port = free_port()
        config = folder / "sentinel.conf"
        config.write_text(
            f"port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor board 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds board 500\nsentinel failover-timeout board 3000\n",
            encoding="utf-8",
        )
        process = await asyncio.create_subprocess_exec(
            "redis-server", str(config), "--sentinel", stdout=asyncio.subprocess.DEVNULL
        )
        try:
            await _knows_the_replica(port)
            yield SentinelServers(master, replica, port)
        finally:
            process.kill()
            await process.wait()


async def _knows_the_replica(port: int) -> None:
    client = Redis(port=port, decode_responses=True, socket_timeout=DEADLINE_S, protocol=2)
    await answers(client)
    async with asyncio.timeout(DEADLINE_S), client:
        while not await client.execute_command("SENTINEL", "REPLICAS", "board"):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def redis_cluster() -> AsyncIterator[list[RedisServer]]:
    """Three masters that share the slots."""
    async with AsyncExitStack() as stack:
        nodes, buses = [], free_ports(3)
        for bus in buses:
            options = ("--cluster-enabled", "yes", "--cluster-port", str(bus), "--cluster-node-timeout", "2000")
            nodes.append(await stack.enter_async_context(redis_server(*options)))
        clients = [await stack.enter_async_context(node.client()) for node in nodes]
        for number, client in enumerate(clients):
            begin, end = _SLOTS * number // 3, _SLOTS * (number + 1) // 3 - 1
            await client.execute_command("CLUSTER", "ADDSLOTSRANGE", str(begin), str(end))
            await client.execute_command("CLUSTER", "MEET", "127.0.0.1", str(nodes[0].port), str(buses[0]))
        async with asyncio.timeout(DEADLINE_S):
            for client in clients:
                while "cluster_state:ok" not in str(await client.execute_command("CLUSTER", "INFO")):
                    await asyncio.sleep(0.05)
        yield nodes
