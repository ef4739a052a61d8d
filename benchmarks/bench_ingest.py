"""Messages per second from Redis channels into a board, on one core.

    python benchmarks/bench_ingest.py [MESSAGES]

A real redis-server and a publisher in a process of its own share one core, the listener has the other. The saturated runs
publish everything at once and count until the last message is on the board; Redis keeps what waits. Beside it: the same
board behind redis-py's own loop over a subscription. The paced run is a second by second rate with commits and a spine, and
tells what of the core it takes and how long the event loop was ever held up.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import uvloop
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bigboard.aggregator import Aggregator
from bigboard.board import Board, Update
from bigboard.clock import SystemClock
from bigboard.sources.redis_channels import RedisChannels
from bigboard.spine import MemorySpine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

_LISTENER, _OTHERS = 0, 1
"""The cores, where there are two."""
_RATE = 50_000.0
_SECONDS = 5.0
_RUNS = 5
_PATIENCE_S = 60.0


def pin(process: int, core: int) -> None:
    """Keep a process to one core; on a machine with one it stays where it is."""
    if (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(process, {core})


@contextlib.asynccontextmanager
async def redis_server() -> AsyncIterator[int]:
    """A server on a free port that cuts nobody off."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    program = shutil.which("redis-server")
    if program is None:
        raise SystemExit("redis-server is not installed")
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--client-output-buffer-limit", "pubsub 0 0 0"],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        pin(process.pid, _OTHERS)
        async with asyncio.timeout(10), Redis(port=port) as client:
            while True:
                with contextlib.suppress(RedisError, OSError):
                    await client.ping()
                    break
                await asyncio.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


class Publisher:
    """The publisher's process, ready to begin."""

    def __init__(self, port: int, count: int, rate: float) -> None:
        script = Path(__file__).with_name("publisher.py")
        self._process = subprocess.Popen(
            [sys.executable, str(script), str(port), str(count), str(rate)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        pin(self._process.pid, _OTHERS)
        assert self._process.stdout is not None
        self._process.stdout.readline()

    def begin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def end(self) -> float:
        """How many seconds it took."""
        out, _ = self._process.communicate(timeout=_PATIENCE_S)
        return float(out)


async def own(port: int, board: Board, arrived: Callable[[], bool], begin: Callable[[], None]) -> None:
    """This project's source in front of an aggregator."""
    aggregator = Aggregator(board, MemorySpine(), SystemClock())
    source = RedisChannels(lambda: _client(port), SystemClock(), where="Redis")
    tasks = [asyncio.create_task(source.run(aggregator.take)), asyncio.create_task(aggregator.run())]
    while not source.connected:
        await asyncio.sleep(0.01)
    begin()
    while not arrived():
        await asyncio.sleep(0.001)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def library(port: int, board: Board, arrived: Callable[[], bool], begin: Callable[[], None]) -> None:
    """redis-py's own loop, decoding and applying each message; no commits, no spine, and nothing is refused."""
    decode = msgspec.json.Decoder().decode
    async with Redis(port=port) as client, client.pubsub() as pubsub:
        await pubsub.psubscribe("market_data:*")
        await pubsub.get_message(timeout=5)
        begin()
        async for message in pubsub.listen():
            topic, _, key = message["channel"].decode().partition(":")
            board.apply(Update(topic, key, decode(message["data"])))
            if arrived():
                break


async def _client(port: int) -> Redis:
    return Redis(port=port)


Way = "Callable[[int, Board, Callable[[], bool], Callable[[], None]], Coroutine[None, None, None]]"


def saturated(way: Way, count: int) -> float:
    """Messages per second from the first published to the last on the board."""
    times: list[float] = []

    async def once() -> None:
        async with redis_server() as port:
            publisher = Publisher(port, count, 0.0)
            board = Board("bench")

            def begin() -> None:
                times.append(time.perf_counter())
                publisher.begin()

            def arrived() -> bool:
                return "LASTUSDT" in board._tables["market_data"]._nodes

            async with asyncio.timeout(_PATIENCE_S):
                await way(port, board, arrived, begin)
            times.append(time.perf_counter())
            publisher.end()

    uvloop.run(once())
    return count / (times[1] - times[0])


if __name__ == "__main__":
    pin(0, _LISTENER)
    for way in (own, library):
        print(way.__name__, [round(saturated(way, int(sys.argv[1]))) for _ in range(2)])
