"""Real servers for tests: a gateway in this process, and `bigboard up` in one of its own; both on free ports."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bigboard.board import Board, Limits, Update
from bigboard.clock import SystemClock
from bigboard.gateway import Hub, OriginCheck, PortServer, bind, dashboard_app, hub_app
from bigboard.gateway.forwarded import TrustedProxies
from bigboard.gateway.front import front
from bigboard.history import MemoryCandleHistory
from bigboard.wire import SessionLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path
    from ssl import SSLContext

__all__ = [
    "DEADLINE_S",
    "Ended",
    "Gateway",
    "Up",
    "clean_environment",
    "close_of",
    "gateway",
    "run",
    "running_up",
    "starting",
    "until",
    "until_reads",
]

DEADLINE_S = 15.0
"""What is waited for comes within milliseconds; this is for a machine that is busy with something else."""

_OWN = frozenset({"BIGBOARD_"})


async def until(holds: Callable[[], object], what: str = "the condition") -> None:
    """Wait until something is true."""
    try:
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"never came true: {what}") from None


async def until_reads(client: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of a kind; what comes before it is dropped."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            message: dict[str, Any] = json.loads(await client.recv())
            if message["type"] == kind:
                return message


async def close_of(client: ClientConnection) -> tuple[int, str]:
    """The code and the reason with which the server ends a connection; what comes before it is dropped."""
    with pytest.raises(ConnectionClosed) as ended:
        await _read_on(client)
    assert ended.value.rcvd is not None, "it ended without a close frame"
    return ended.value.rcvd.code, ended.value.rcvd.reason


async def _read_on(client: ClientConnection) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            await client.recv()


class Gateway:
    """A hub with its board on both ports; a test is the writer of the board."""

    def __init__(
        self,
        hub: Hub,
        ports: tuple[PortServer, PortServer],
        history: MemoryCandleHistory,
        tasks: Sequence[asyncio.Task[None]],
    ) -> None:
        self.hub = hub
        self.board = hub.board
        self.history = history
        self.port = ports[0].port
        self.hub_port = ports[1].port
        self.tasks = tasks
        """The servers of both ports, until they end."""
        self._ports = ports

    def commit(self, *updates: Update) -> None:
        """One commit of the board, as a follower of a spine would take it."""
        self.board.apply_all(updates)
        diff = self.board.commit(self.hub.clock.epoch_ms())
        if diff is not None and "candles" in diff.changes:
            self.history.record(diff.changes["candles"])
        self.hub.wake()

    def price(self, value: float, symbol: str = "BTCUSDT") -> None:
        """A commit with a price."""
        self.commit(Update("market_data", symbol, {"last_price": value}))

    def connect(self, path: str = "/ws", *, hub_port: bool = False, **options: Any) -> connect:
        """A connection of a library that knows nothing of this project."""
        port = self.hub_port if hub_port else self.port
        options = {"compression": None, "proxy": None, "ping_interval": None, **options}
        return connect(f"ws://127.0.0.1:{port}{path}", **options)

    async def get(self, path: str, *, hub_port: bool = False, **options: Any) -> httpx.Response:
        """An HTTP request to a port."""
        return await self.request("GET", path, hub_port=hub_port, **options)

    async def request(self, method: str, path: str, *, hub_port: bool = False, **options: Any) -> httpx.Response:
        """An HTTP request of any method."""
        port = self.hub_port if hub_port else self.port
        async with httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{port}") as client:
            return await client.request(method, path, **options)

    def stop(self) -> None:
        """Take no more connections."""
        for port in self._ports:
            port.stop()


@asynccontextmanager
async def gateway(
    *,
    allowed_origins: Sequence[str] = (),
    session_limits: SessionLimits | None = None,
    board_limits: Limits | None = None,
    shutdown_timeout_s: float = 2.0,
    board: Board | None = None,
    port: int = 0,
    compression: bool = True,
    trusted_proxies: Sequence[str] = (),
    tls: SSLContext | None = None,
    **options: Any,
) -> AsyncIterator[Gateway]:
    """A gateway on two free ports of the loopback, or on a given one; ``options`` go to the hub."""
    history = MemoryCandleHistory()
    session_limits = session_limits or SessionLimits()
    hub = Hub(
        board or Board("E1", limits=board_limits),
        SystemClock(),
        history,
        limits=session_limits,
        is_proxy=TrustedProxies(trusted_proxies).has,
        **options,
    )
    sockets = [bind("127.0.0.1", port, "port"), bind("127.0.0.1", 0, "hub_port")]
    own = f"{'http' if tls is None else 'https'}://127.0.0.1:{sockets[0].getsockname()[1]}"
    origins = OriginCheck(allowed_origins, own=[own])
    dashboard, programs = (
        PortServer(
            front(app(hub, origins), trusted_proxies=trusted_proxies),
            listener,
            hub.sockets,
            max_message=session_limits.max_message,
            shutdown_timeout_s=shutdown_timeout_s,
            compression=compression,
            tls=tls,
        )
        for app, listener in zip((dashboard_app, hub_app), sockets, strict=True)
    )
    tasks = [asyncio.create_task(port.run()) for port in (dashboard, programs)]
    await asyncio.gather(dashboard.started(), programs.started())
    served = Gateway(hub, (dashboard, programs), history, tasks)
    try:
        yield served
    finally:
        await hub.drain(1.0)
        served.stop()
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(*tasks)


class Ended:
    """What a program left behind."""

    def __init__(self, status: int | None, out: bytes, err: bytes) -> None:
        self.status = status
        self.out = out.decode()
        self.err = err.decode()


def clean_environment(variables: dict[str, str] | None = None) -> dict[str, str]:
    """What `bigboard` is started with: nothing of the settings of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(tuple(_OWN))}
    # The keys of whoever runs the tests are not the tests' business.
    clean["HOME"] = "/nonexistent"
    return {**clean, "PYTHONWARNINGS": "error::ResourceWarning", **(variables or {})}


async def run(*arguments: str, environment: dict[str, str] | None = None, folder: Path | None = None) -> Ended:
    """Run `bigboard` with arguments until it ends."""
    process = await starting(arguments, environment, folder)
    try:
        async with asyncio.timeout(DEADLINE_S):
            out, err = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    return Ended(process.returncode, out, err)


async def starting(
    arguments: Sequence[str],
    environment: dict[str, str] | None = None,
    folder: Path | None = None,
    *,
    open_files: int | None = None,
) -> asyncio.subprocess.Process:
    """`bigboard` with arguments, just started; whoever asks for it ends it."""
    limited = () if open_files is None else ("sh", "-c", f'ulimit -n {open_files}; exec "$@"', "sh")
    return await asyncio.create_subprocess_exec(
        *limited, sys.executable, "-m", "bigboard", *arguments,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=clean_environment(environment), cwd=folder, limit=2**24,
    )  # fmt: skip


class Up:
    """`bigboard up`, ready to be connected to."""

    def __init__(self, process: asyncio.subprocess.Process, lines: list[str]) -> None:
        self.process = process
        self.ended: Ended | None = None
        """What it left behind, once it has ended."""
        self.lines = lines
        """What it said when it was ready."""
        words = lines[1].split()
        self.page_url = words[1]
        self.hub_url = words[-1]
        self.port = int(self.page_url.rsplit(":", 1)[1])
        self.hub_port = int(self.hub_url.removesuffix("/ws").rsplit(":", 1)[1])

    @property
    def ws_url(self) -> str:
        """The WebSocket of the dashboard port."""
        return f"ws://127.0.0.1:{self.port}/ws"

    async def end(self, number: int = signal.SIGTERM) -> Ended:
        """Send a signal and wait for the end."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        async with asyncio.timeout(DEADLINE_S):
            out, err = await self.process.communicate()
        return Ended(self.process.returncode, out, err)


@asynccontextmanager
async def running_up(
    *arguments: str, environment: dict[str, str] | None = None, quiet: bool = True, open_files: int | None = None
) -> AsyncIterator[Up]:
    """`bigboard up` as a user starts it. It has to end with status 0 by itself, and to leave standard error empty.

    Not so if it is not ``quiet``: where a test is refused something, a line says so. Then ``up.ended`` has the lines.
    """
    ports = [f"--{name}=0" for name in ("port", "hub-port") if not any(a.startswith(f"--{name}=") for a in arguments)]
    process = await starting(["up", *ports, *arguments], environment, open_files=open_files)
    try:
        assert process.stdout is not None
        lines: list[str] = []
        async with asyncio.timeout(DEADLINE_S):
            while len(lines) < 3:
                line = await process.stdout.readline()
                if not line:
                    assert process.stderr is not None
                    raise AssertionError(f"it ended before it was ready: {(await process.stderr.read()).decode()}")
                lines.append(line.decode().rstrip("\n"))
        up = Up(process, lines)
        yield up
        up.ended = await up.end()
        assert up.ended.status == 0
        assert not (quiet and up.ended.err), up.ended.err
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
