"""What every system under test offers: it runs on one core, takes beats, and sends a message for each to every client.

A beat is a byte on standard input, whoever the publisher is. The crowd gives them, so it knows when each message was due.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psutil

__all__ = [
    "CLIENT_CORE",
    "SERVER_CORE",
    "Absent",
    "Beats",
    "Running",
    "Yardstick",
    "end",
    "on_core",
    "read_line",
    "run_module",
]

_BENCHMARKS = Path(__file__).parents[1]
_START_S = 20.0

_CORES = sorted(os.sched_getaffinity(0))
SERVER_CORE = _CORES[0]
CLIENT_CORE = _CORES[-1]
"""The same as the server's on a machine with one core; then no figure means much."""


class Absent(Exception):  # noqa: N818 - not an error: the table says so
    """A system that cannot be had on this machine; the message is the reason."""


class Beats:
    """The pipe from the crowd to the publisher."""

    def __init__(self) -> None:
        self.reader, self.writer = os.pipe()

    def close(self) -> None:
        """Let go of both ends; the two processes have theirs."""
        os.close(self.reader)
        os.close(self.writer)


@dataclass
class Running:
    """A system that takes connections."""

    port: int
    path: str = "/"
    tongue: str = "plain"
    """What its clients speak: ``board``, ``plain`` or ``nats``."""
    epoch: str = ""
    sequence: int = 0
    """The board's place before the first beat."""
    version: str = ""
    servers: list[psutil.Process] = field(default_factory=list)
    """What counts as the server's cost."""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def cpu_s(self) -> float:
        """Seconds of a processor that the server used, its system calls included."""
        return sum(sum(server.cpu_times()[:2]) for server in self.servers)

    def memory(self) -> int:
        """Resident bytes."""
        return sum(int(server.memory_info().rss) for server in self.servers)

    def stop(self) -> None:
        """End all processes, the publisher before the server."""
        for process in reversed(self.processes):
            end(process)


def end(process: subprocess.Popen[Any]) -> None:
    """End a process, by force if need be."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


class Yardstick(Protocol):
    """One system."""

    @property
    def name(self) -> str:
        """As the tables call it."""

    def start(self, beats: Beats) -> Running:
        """Start it; raises ``Absent``."""


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started in here runs on that core alone, threads of its own included."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def run_module(module: str, arguments: Sequence[str], beats: Beats) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
    """Start a module of the benchmarks as the server, and read the line by which it says that it is ready."""
    with on_core(SERVER_CORE):
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], cwd=_BENCHMARKS, stdin=beats.reader, stdout=subprocess.PIPE
        )
    return process, json.loads(read_line(process))


def read_line(process: subprocess.Popen[bytes], timeout_s: float = _START_S) -> bytes:
    """The next line of a process; raises ``TimeoutError`` if it is too slow, ``RuntimeError`` if it ends."""
    assert process.stdout is not None
    return _read_line(process.stdout, time.monotonic() + timeout_s, str(process.args))


def _read_line(pipe: IO[bytes], deadline: float, who: str) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        # One byte at a time, so that nothing is left in a buffer which select does not see; lines are few.
        if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError(f"no answer in time from {who}")
        byte = os.read(pipe.fileno(), 1)
        if not byte:
            raise RuntimeError(f"ended: {who}")
        line += byte
    return line
