"""What `bigboard up` costs: time to start, processor time and memory, with one client that sees what the page sees.

python benchmarks/bench_up.py
"""

from __future__ import annotations

import asyncio
import re
import statistics
import subprocess
import sys
import time
from contextlib import aclosing, suppress

import psutil
from report import Report

from bigboard.client import BoardClient

_SECONDS = 15
_RUNS = 3
_PAGE = ["market_data", "services", "metrics", "orderbook:BTCUSDT", "trades:BTCUSDT", "candles:BTCUSDT/1s"]


def start(*arguments: str) -> tuple[subprocess.Popen[str], float, str]:
    """Start the server; the process, the seconds until it takes connections, and the address of its hub."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "bigboard", "up", "--port", "0", "--hub-port", "0", "--seed", "1", *arguments],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = ""
    for line in process.stdout:
        if match := re.search(r"ws://\S+", line):
            url = match[0]
        if line.startswith("Stop with"):
            break
    return process, time.perf_counter() - begun, url


async def watch(url: str, seconds: float) -> None:
    """Follow what the page follows; ends with ``TimeoutError``."""
    client = BoardClient(f"{url}?client=web", _PAGE)
    async with asyncio.timeout(seconds), aclosing(client.messages()) as messages:
        async for _ in messages:
            pass


def measure(*arguments: str) -> tuple[float, float, float]:
    """Seconds to start, share of a core in percent, resident MiB."""
    process, started_s, url = start(*arguments)
    try:
        server = psutil.Process(process.pid)
        before, begun = sum(server.cpu_times()[:2]), time.perf_counter()
        with suppress(TimeoutError):
            asyncio.run(watch(url, _SECONDS))
        share = (sum(server.cpu_times()[:2]) - before) / (time.perf_counter() - begun)
        return started_s, 100 * share, server.memory_info().rss / 2**20
    finally:
        process.terminate()
        process.wait(10)


def main() -> None:
    report = Report("up")
    for label, arguments, target in (
        ("12 symbols at 10/s (the default)", (), "under 20 %"),
        ("100 symbols at 10/s", ("--symbols", "100"), ""),
        ("12 symbols at 100/s", ("--rate", "100"), ""),
    ):
        runs = [measure(*arguments) for _ in range(_RUNS)]
        starts, shares, sizes = zip(*runs, strict=True)
        if not arguments:
            report.add("from command to taking connections", statistics.median(starts), "s", samples=starts)
        report.add(
            f"{label}: server processor", statistics.median(shares), "% of a core", target=target, samples=shares
        )
        report.add(f"{label}: server memory", statistics.median(sizes), "MiB resident", samples=sizes)
    report.finish()


if __name__ == "__main__":
    main()
