"""deploy/redis/redis.conf in a real Redis that runs out of memory: the board's log stays, and what has an end goes."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ports import free_ports
from servers import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONF = Path(__file__).parents[2] / "deploy" / "redis" / "redis.conf"

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="Redis is not here: make test installs it")


class _Redis:
    def __init__(self, port: int) -> None:
        self._port = str(port)

    def say(self, *commands: str) -> list[str]:
        """The answers, a line each."""
        told = subprocess.run(
            ["redis-cli", "-p", self._port],
            input="\n".join(commands),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        return told.stdout.splitlines()


@contextmanager
def _redis(folder: Path, *options: str) -> Iterator[_Redis]:
    (port,) = free_ports(1)
    process = subprocess.Popen(
        ["redis-server", str(_CONF), "--port", str(port), "--dir", str(folder), *options],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    redis = _Redis(port)
    try:
        deadline = time.monotonic() + DEADLINE_S
        # redis-cli says nothing and ends in some way as long as nobody listens.
        while redis.say("PING") != ["PONG"]:
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "Redis does not answer"
        yield redis
    finally:
        process.terminate()
        process.communicate(timeout=DEADLINE_S)


def test_it_is_taken_as_it_is_written(tmp_path: Path) -> None:
    with _redis(tmp_path) as redis:
        for name, value in {
            "maxmemory": str(512 * 2**20),
            "maxmemory-policy": "volatile-lfu",
            "appendonly": "yes",
        }.items():
            assert redis.say(f"CONFIG GET {name}") == [name, value]
        assert redis.say("CONFIG GET bind") == ["bind", "127.0.0.1 -::1"]


def test_out_of_memory_tickers_go_and_log_snapshot_and_lease_stay(tmp_path: Path) -> None:
    with _redis(tmp_path, "--maxmemory", "4mb") as redis:
        redis.say("SET {bigboard:main}:snapshot the-state", "SET {bigboard:main}:lease holder PX 600000")
        redis.say(*(f"XADD {{bigboard:main}}:log {number}-1 d {'x' * 400}" for number in range(1, 1_001)))
        redis.say(*(f"SET ticker:{number} {'x' * 400} EX 3600" for number in range(3_000)))
        for number in range(3_000, 12_000, 1_000):
            # An aggregator asks for the lease with every append, and renews it.
            redis.say("PEXPIRE {bigboard:main}:lease 600000", *["GET {bigboard:main}:lease"] * 100)
            told = redis.say(*(f"SET ticker:{one} {'x' * 400} EX 3600" for one in range(number, number + 1_000)))
            assert set(told) == {"OK"}
        evicted = next(line for line in redis.say("INFO stats") if line.startswith("evicted_keys:"))
        assert int(evicted.partition(":")[2]) > 1_000
        assert redis.say("XLEN {bigboard:main}:log") == ["1000"]
        assert redis.say("GET {bigboard:main}:snapshot", "GET {bigboard:main}:lease") == ["the-state", "holder"]


def test_what_was_written_is_there_after_a_kill(tmp_path: Path) -> None:
    with _redis(tmp_path) as redis:
        redis.say("XADD {bigboard:main}:log 1-1 d one")
    with _redis(tmp_path) as redis:
        assert redis.say("XLEN {bigboard:main}:log") == ["1"]
