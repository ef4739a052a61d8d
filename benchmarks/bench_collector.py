"""What a collector on one core takes in, from a ZeroMQ socket to a real Redis, and what it loses.

python benchmarks/bench_collector.py

`bigboard collector` runs on one core; this program, which publishes tickers of 200 symbols at a steady rate, and Redis share
the others. Beside it, on the same core, the way that suggests itself: a loop that awaits two Redis writes for each message.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec
import psutil
import redis
import zmq
from redis.asyncio import Redis
from report import Report

from bigboard.feed.message_streams import MessageStreams, Origin
from bigboard.wire.market import Status, Ticker

if TYPE_CHECKING:
    from collections.abc import Iterator

_SYMBOLS = 200
_SECONDS = 8
_RATES = (10_000, 50_000, 75_000)
_RUNS = 3
_LOOP_SECONDS = 5
_STEP_S = 0.002


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def running(*command: str, core: int) -> Iterator[psutil.Process]:
    """A process on one core."""
    process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=subprocess.DEVNULL)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def redis_server(core: int) -> Iterator[redis.Redis]:
    """A Redis that keeps nothing."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder)
        with running("redis-server", *options, core=core), redis.Redis(port=port, decode_responses=True) as client:
            _until(lambda: _answers(client))
            yield client


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def _until(holds: Any, seconds: float = 20.0) -> None:
    ends = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > ends:
            raise SystemExit("what was waited for never came")
        time.sleep(0.02)


def frames(streams: MessageStreams, count: int) -> list[bytes]:
    """Tickers with a new price and quote each, numbered."""
    now = time.time_ns() // 1_000_000
    tickers = (
        Ticker(
            symbol=f"S{number % _SYMBOLS}/USDT:USDT",
            timestamp=now,
            received_at=now,
            last=100.0 + number % 997 / 10,
            last_size=0.5,
            bid=99.9 + number % 997 / 10,
            bid_volume=1.0 + number % 7,
            ask=100.1 + number % 997 / 10,
            ask_volume=2.0 + number % 5,
        )
        for number in range(count)
    )
    return [frame for _, frame in streams.say(tickers, 0.0)]


def send(publisher: zmq.Socket[bytes], prepared: list[bytes], rate: int) -> float:
    """Send at a steady rate; the seconds that it took."""
    begun = time.perf_counter()
    sent = 0
    while sent < len(prepared):
        due = min(len(prepared), int((time.perf_counter() - begun) * rate))
        for frame in prepared[sent:due]:
            publisher.send(frame)
        sent = max(sent, due)
        time.sleep(_STEP_S)
    return time.perf_counter() - begun


class Taken:
    """What became of one run."""

    def __init__(self, rate: float, lost: int, core: float, behind_s: float) -> None:
        self.rate = rate
        self.lost = lost
        self.core = core
        """Part of a core that the collector used while all of it was sent."""
        self.behind_s = behind_s
        """From the last message sent to the report that counts it; reports come once a second."""


def run(rate: int, client: redis.Redis, cores: tuple[int, int]) -> Taken:
    """One collector, one rate."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    publisher = context.socket(zmq.XPUB)
    publisher.setsockopt(zmq.SNDHWM, 10_000)  # As the feed has it: beyond it the socket drops.
    publisher.bind("tcp://127.0.0.1:*")
    endpoint = publisher.getsockopt_string(zmq.LAST_ENDPOINT)
    url = f"redis://127.0.0.1:{client.connection_pool.connection_kwargs['port']}/0"
    streams = MessageStreams(Origin("bench", "live", None), 1, repeat_s=1e9, max_symbols=_SYMBOLS, max_levels=1)
    up = Status(service="bench", kind="feed", status="up", timestamp=1)
    prepared = frames(streams, rate * _SECONDS)
    client.flushall()
    command = (sys.executable, "-m", "bigboard", "collector", "--feed", endpoint, "--redis", url)
    with running(*command, core=cores[1]) as process:
        publisher.recv()  # It has subscribed.
        (begin,) = [frame for _, frame in streams.say([up], 0.0)]
        publisher.send(begin)
        _until(lambda: client.exists("metrics:latest"))
        before = sum(process.cpu_times()[:2])
        seconds = send(publisher, prepared, rate)
        core = (sum(process.cpu_times()[:2]) - before) / seconds
        taken, behind_s = _settled(client, len(prepared))
    publisher.close(linger=0)
    context.term()
    return Taken(len(prepared) / seconds, len(prepared) - taken, core, behind_s)


def _settled(client: redis.Redis, sent: int) -> tuple[int, float]:
    """How many messages the collector counts once the number stands still, and the seconds until it stood."""
    begun = since = time.monotonic()
    last = -1
    while last < sent and time.monotonic() - since < 3.0:
        count = int(json.loads(str(client.get("metrics:latest")))["messages_received"])
        if count != last:
            last, since = count, time.monotonic()
        time.sleep(0.05)
    return last, since - begun


async def two_writes_each(port: int) -> float:
    """Messages a second of a loop that awaits a key and a publication for each; reading the socket is spared to it."""
    prepared = frames(
        MessageStreams(Origin("x", "live", None), 1, repeat_s=1e9, max_symbols=_SYMBOLS, max_levels=1), 20_000
    )
    decode, encode = msgspec.msgpack.Decoder().decode, msgspec.json.Encoder().encode
    async with Redis(port=port) as client:
        await client.ping()
        begun = time.perf_counter()
        count = 0
        while time.perf_counter() - begun < _LOOP_SECONDS:
            ticker = decode(prepared[count % len(prepared)])
            body = encode(ticker)
            await client.set(f"ticker:{ticker['symbol']}", body, ex=3_600)
            await client.publish(f"market_data:{ticker['symbol']}", body)
            count += 1
        return count / (time.perf_counter() - begun)


def main() -> None:
    """Measure and print."""
    report = Report("collector")
    others, own = 0, (os.cpu_count() or 1) - 1
    with redis_server(others) as client:
        os.sched_setaffinity(0, {others})
        for rate in _RATES:
            taken = [run(rate, client, (others, own)) for _ in range(_RUNS)]
            lost = [float(one.lost) for one in taken]
            core = [100 * one.core for one in taken]
            report.add(f"{rate:,}/s: sent", statistics.median(one.rate for one in taken), "messages/s")
            report.add_bounded(f"{rate:,}/s sent: lost", lost, "messages", at_most=0)
            report.add(f"{rate:,}/s sent: of one core", statistics.median(core), "%", samples=core)
            behind = [one.behind_s for one in taken]
            report.add_bounded(f"{rate:,}/s sent: counted after", behind, "s", at_most=1.2)
        os.sched_setaffinity(0, {own})
        port = client.connection_pool.connection_kwargs["port"]
        loops = [asyncio.run(two_writes_each(port)) for _ in range(_RUNS)]
        report.add("a loop that awaits two writes each", statistics.median(loops), "messages/s", samples=loops)
    report.finish()


if __name__ == "__main__":
    main()
