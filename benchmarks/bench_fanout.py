"""Fan-out over real sockets: one server process, one process of clients that only read, equal subscriptions.

    python benchmarks/bench_fanout.py

*Saturated*: an interval of 1 ms, so that each client gets as much as the server can send. *Paced*: 100 commits a second and
an interval of 250 ms; the delay is from the newest commit in a diff to its arrival, so it holds up to 10 ms in which the
commit waited for its tick, and neither of the two processes has to know the other's phase.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from typing import NamedTuple

import psutil
import uvloop
from frame_reader import Crowd
from report import Report

from bigboard.board import Board, Update
from bigboard.clock import SystemClock
from bigboard.gateway import Hub, OriginCheck, PortServer, bind, hub_app
from bigboard.history import MemoryCandleHistory
from bigboard.wire import SessionLimits

_SETTLE_S = 2.0
_SECONDS = 5.0
_RUNS = 3


class Load(NamedTuple):
    """One case."""

    label: str
    clients: int
    commits_per_s: int
    interval_ms: int
    runs: int = _RUNS


_LOADS = (
    Load("1,000 clients saturated", 1_000, 500, 1),
    Load("1,000 clients at 250 ms", 1_000, 100, 250),
    Load("5,000 clients at 250 ms", 5_000, 100, 250, 2),
)


_UNITS = (
    "messages/s",
    "us of server processor per message",
    "% of a core",
    "ms p50 commit to arrival",
    "ms p99 commit to arrival",
    "bytes per message",
    "KiB resident per idle client",
)
"""Of the fields of ``Figures``."""


class _Server:
    """The server process: a hub, and a writer that commits about 300 bytes at a given rate once it is told to begin."""

    def __init__(self, commits_per_s: int) -> None:
        self._pause_s = 1 / commits_per_s
        self._board = Board("bench")
        self._hub = Hub(
            self._board, SystemClock(), MemoryCandleHistory(), limits=SessionLimits(min_interval_ms=1), stuck_s=600.0
        )
        self._next = 0.0

    async def run(self) -> None:
        listener = bind("127.0.0.1", 0, "port")
        port = PortServer(hub_app(self._hub, OriginCheck([])), listener, max_message=65_536, shutdown_timeout_s=1)
        self._commit()
        loop = asyncio.get_running_loop()
        loop.add_reader(0, self._begin)
        print(port.port, flush=True)
        await port.run()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(0)
        self._next = loop.time()
        self._again()

    def _again(self) -> None:
        loop = asyncio.get_running_loop()
        self._commit()
        self._hub.wake()
        # Whatever is too late is left out: a server that cannot keep up must not be asked for ever more.
        self._next = max(self._next + self._pause_s, loop.time())
        loop.call_at(self._next, self._again)

    def _commit(self) -> None:
        now = time.monotonic_ns()
        price = 60_000 + now % 10_007 / 10
        fields = {"last_price": price, "bid_price": price - 0.1, "ask_price": price + 0.1, "bid_size": now % 97 / 10}
        self._board.apply(Update("market_data", "BTCUSDT", {**fields, "volume_24h": now % 9_973 / 10, "sent_ns": now}))
        self._board.commit(time.time_ns() // 1_000_000)


class Figures(NamedTuple):
    """What one run showed."""

    rate: float
    cpu_us: float
    share: float
    p50_ms: float
    p99_ms: float
    size: float
    memory_kib: float


def measure(load: Load) -> Figures:
    """One run in a fresh server."""
    process = subprocess.Popen(
        [sys.executable, __file__, "serve", str(load.commits_per_s)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    crowd = Crowd()
    try:
        port = int(process.stdout.readline())
        server = psutil.Process(process.pid)
        subscribe = f'{{"action":"subscribe","subscriptions":["market_data"],"interval_ms":{load.interval_ms}}}'
        empty = server.memory_info().rss
        for _ in range(load.clients):
            crowd.join(port, subscribe)
        crowd.read(0.5)
        memory = (server.memory_info().rss - empty) / load.clients / 1024
        process.stdin.write(b"begin\n")
        process.stdin.flush()
        crowd.read(_SETTLE_S)
        before, begun = sum(server.cpu_times()[:2]), time.monotonic()
        crowd.read(_SECONDS)
        seconds, cpu_s = time.monotonic() - begun, sum(server.cpu_times()[:2]) - before
        assert crowd.closed == 0, f"{crowd.closed} clients were closed"
        delays = statistics.quantiles(crowd.delays_ns, n=100)
        return Figures(
            crowd.messages / seconds, 1e6 * cpu_s / crowd.messages, 100 * cpu_s / seconds,
            delays[49] / 1e6, delays[98] / 1e6, crowd.bytes / crowd.messages, memory,
        )  # fmt: skip
    finally:
        crowd.close()
        process.kill()
        process.wait(10)


def main() -> None:
    report = Report("fanout")
    for load in _LOADS:
        runs = [measure(load) for _ in range(load.runs)]
        for samples, unit in zip(zip(*runs, strict=True), _UNITS, strict=True):
            report.add(load.label, statistics.median(samples), unit, samples=samples)
    report.finish()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        uvloop.run(_Server(int(sys.argv[2])).run())
    else:
        main()
