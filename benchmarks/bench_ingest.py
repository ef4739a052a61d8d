"""Messages per second from Redis channels into a board, on one core.

    python benchmarks/bench_ingest.py [MESSAGES]

A real redis-server and a publisher in a process of its own share one core, the listener has the other. The saturated runs
publish everything at once and count until the last message is on the board; Redis keeps what waits. Beside it: the same
board behind redis-py's own loop over a subscription. The paced run is a steady rate, and tells what of the core it takes and
for how long the event loop was ever held up.
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
from typing import TYPE_CHECKING, Self

import msgspec
import uvloop
from publisher import LAST, SYMBOLS
from redis.asyncio import Redis
from redis.exceptions import RedisError
from report import Report

from bigboard.aggregator import Aggregator
from bigboard.board import Board, Update
from bigboard.clock import SystemClock
from bigboard.garbage import Garbage
from bigboard.sources.redis_channels import RedisChannels
from bigboard.spine import MemorySpine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import TypeAlias

    Way: TypeAlias = Callable[[int, Callable[[], None]], Coroutine[None, None, None]]

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
    process = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs yet
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


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something is true."""
    while not holds():  # noqa: ASYNC110 - what is waited for knows nothing of who waits
        await asyncio.sleep(0.001)


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


class Ingest:
    """A source in front of an aggregator, at work."""

    def __init__(self, port: int, board: Board) -> None:
        self._port = port
        self.aggregator = Aggregator(board, MemorySpine(), SystemClock())
        self.source = RedisChannels(self._client, SystemClock(), where="Redis")

    async def _client(self) -> Redis:
        return Redis(port=self._port)

    async def __aenter__(self) -> Self:
        self._tasks = [
            asyncio.create_task(self.source.run(self.aggregator.take)),
            asyncio.create_task(self.aggregator.run()),
        ]
        await until(lambda: self.source.connected)
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def own(port: int, begin: Callable[[], None]) -> None:
    """This project's source, with commits every 10 ms and a spine in memory."""
    board = Board("bench")
    async with Ingest(port, board) as ingest:
        begin()
        await until(lambda: board.sizes()["market_data"] > SYMBOLS)
        assert ingest.source.rejections.total == 0


async def library(port: int, begin: Callable[[], None]) -> None:
    """redis-py's own loop, decoding and applying each message: no commits, no spine, nothing may be bad."""
    decode = msgspec.json.Decoder().decode
    board = Board("bench")
    async with Redis(port=port) as client, client.pubsub() as pubsub:
        await pubsub.psubscribe("market_data:*")
        await pubsub.get_message(timeout=5)
        begin()
        async for message in pubsub.listen():
            topic, _, key = message["channel"].decode().partition(":")
            board.apply(Update(topic, key, decode(message["data"])))
            if key == LAST:
                return


def saturated(way: Way, count: int) -> tuple[float, float]:
    """Seconds from the first published to the last on the board, and those of this process's core."""

    async def once() -> tuple[float, float]:
        async with redis_server() as port:
            publisher = Publisher(port, count, 0.0)
            begun: list[float] = []

            def begin() -> None:
                begun.extend((time.perf_counter(), time.process_time()))
                publisher.begin()

            async with asyncio.timeout(_PATIENCE_S):
                await way(port, begin)
            took = time.perf_counter() - begun[0], time.process_time() - begun[1]
            publisher.end()
            return took

    return uvloop.run(once())


async def paced(rate: float, seconds: float) -> dict[str, float]:
    """What becomes of a steady rate."""
    async with redis_server() as port:
        publisher = Publisher(port, int(rate * seconds), rate)
        board = Board("bench")
        async with Ingest(port, board) as ingest:
            held = asyncio.create_task(longest_hold_s(lambda: board.sizes()["market_data"] > SYMBOLS))
            cpu = time.process_time()
            publisher.begin()
            async with asyncio.timeout(_PATIENCE_S):
                hold_s = await held
            cpu = time.process_time() - cpu
            took = publisher.end()
            return {
                "rate": ingest.source.messages / took,
                "missing": int(rate * seconds) - ingest.source.messages,
                "core": cpu / took,
                "hold_ms": hold_s * 1e3,
            }


async def longest_hold_s(done: Callable[[], bool]) -> float:
    """The most seconds of the core that were used until it was this task's turn again.

    Not by the wall: who else wants the core is not the source's doing.
    """
    longest = 0.0
    while not done():
        before = time.thread_time()
        await asyncio.sleep(0.001)
        longest = max(longest, time.thread_time() - before)
    return longest


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    pin(0, _LISTENER)
    # As every role does it: Python's own collector would stop all of it for some ten milliseconds now and then.
    with Garbage(SystemClock(), present=lambda: 1, left=lambda: 0).tamed():
        measure(count)


def measure(count: int) -> None:
    report = Report("ingest")
    runs: dict[str, list[tuple[float, float]]] = {"own": [], "library": []}
    for _ in range(_RUNS):  # One after the other, so that what else the machine does meets both.
        runs["own"].append(saturated(own, count))
        runs["library"].append(saturated(library, count))
    for name, what, target in (
        ("own", "saturated: channels to board, commits and spine", "50,000/s"),
        ("library", "saturated: redis-py's own loop, board alone", ""),
    ):
        report.add_rate(what, count, [wall for wall, _ in runs[name]], "messages/s", target=target)
        report.add_rate(f"{what}, per second of the core", count, [cpu for _, cpu in runs[name]], "messages/s")
    steady = uvloop.run(paced(_RATE, _SECONDS))
    report.add(f"paced at {_RATE:,.0f}/s for {_SECONDS:g} s: messages that arrived", steady["rate"], "messages/s")
    report.add("paced: messages that did not arrive", steady["missing"], "messages", target="0")
    report.add("paced: of the core", 100 * steady["core"], "%")
    report.add(
        "paced: most of the core that was used before another task had its turn",
        steady["hold_ms"],
        "ms",
        target="10 ms",
    )
    report.finish()


if __name__ == "__main__":
    main()
