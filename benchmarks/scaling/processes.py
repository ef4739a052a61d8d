"""The processes of one cell: the real roles as a user starts them, a real Redis, and what each of them uses."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil
import redis
from yardsticks.base import end, read_line

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["Processes", "Use", "free_port", "until_somebody_listens"]

_BENCHMARKS: Final = Path(__file__).parents[1]
_START_S: Final = 30.0
# All clients come from one address, and none of them is held back for that.
_OPEN_HOUSE: Final = {
    "BIGBOARD_MAX_CONNECTIONS_PER_ADDRESS": "1000000",
    "BIGBOARD_MAX_CONNECTIONS_PER_SUBJECT": "1000000",
    "BIGBOARD_HTTP_RATE": "100000",
    "BIGBOARD_HTTP_BURST": "100000",
}


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass(frozen=True)
class Use:
    """What the processes of a role used from one moment to another."""

    seconds: float
    cpu_s: dict[str, float]
    """Seconds of a processor by role, all processes of it together, system calls included."""
    resident: dict[str, int]
    """Bytes by role, of the largest of its processes."""
    busy_s: float
    """What all cores worked, whoever they worked for; time that the host of a virtual machine took away counts too."""

    def share(self, role: str) -> float:
        """Of a core, in percent."""
        return 100 * self.cpu_s.get(role, 0.0) / self.seconds

    @property
    def others(self) -> float:
        """Of a core, in percent, that went to processes which are not of this cell."""
        return 100 * (self.busy_s - sum(self.cpu_s.values())) / self.seconds


class Processes:
    """Started one by one, ended together, the last one first. ``with`` ends them."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: list[tuple[str, psutil.Process]] = []
        self._before: tuple[float, float, dict[int, float]] | None = None
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def watch(self, role: str, process_id: int) -> None:
        """Count a process that somebody else has started."""
        self._running.append((role, psutil.Process(process_id)))

    def start(self, role: str, *command: str, **environment: str) -> subprocess.Popen[bytes]:
        """Start a program of which both ends are held here. What it has to say to people is not shown."""
        process = subprocess.Popen(
            command, cwd=_BENCHMARKS, env={**os.environ, **_OPEN_HOUSE, **environment},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._stack.callback(end, process)
        self.watch(role, process.pid)
        return process

    def bigboard(self, command: str, *arguments: str, role: str = "", **environment: str) -> str:
        """Start a role; what it said until it was ready."""
        process = self.start(role or command, sys.executable, "-m", "bigboard", command, *arguments, **environment)
        said = ""
        while "Stop with" not in said:
            said += read_line(process, _START_S).decode()
        return said

    def gateway(self, command: str, *arguments: str, **environment: str) -> str:
        """Start what takes clients, ``gateway`` or ``up``; the address of its hub. Both count as a gateway."""
        ports = ("--port", "0", "--hub-port", "0")
        said = self.bigboard(command, *ports, *arguments, role="gateway", **environment)
        found = re.search(r"ws://\S+", said)
        assert found is not None, said
        return found[0]

    def redis(self, *options: str, role: str = "redis") -> int:
        """Start a Redis that keeps nothing on disk; its port."""
        port = free_port()
        folder = self.folder / str(port)
        folder.mkdir()
        self.start(
            role, "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder),
            "--save", "", "--appendonly", "no", "--loglevel", "warning", *options,
        )  # fmt: skip
        _until_it_answers(port)
        return port

    def begin(self) -> None:
        """Count what is used from now on."""
        self._before = (time.monotonic(), _busy_s(), self._cpu_s())

    def end(self) -> Use:
        """What was used since ``begin``. Raises ``RuntimeError`` if a process has ended meanwhile."""
        assert self._before is not None
        begun, busy, before = self._before
        used: dict[str, float] = {}
        resident: dict[str, int] = {}
        now = self._cpu_s()
        seconds, busy_s = time.monotonic() - begun, _busy_s() - busy
        for role, process in self._running:
            used[role] = used.get(role, 0.0) + now[process.pid] - before.get(process.pid, 0.0)
            resident[role] = max(resident.get(role, 0), int(process.memory_info().rss))
        return Use(seconds, used, resident, busy_s)

    def _cpu_s(self) -> dict[int, float]:
        try:
            return {process.pid: sum(process.cpu_times()[:2]) for _, process in self._running}
        except psutil.Error as error:
            raise RuntimeError(f"a process has ended: {error}") from None


def _until_it_answers(port: int) -> None:
    ends = time.monotonic() + _START_S
    with redis.Redis(port=port) as client:
        while True:
            try:
                client.ping()
            except redis.ConnectionError:
                if time.monotonic() > ends:
                    raise
                time.sleep(0.02)
            else:
                return


def until_somebody_listens(port: int) -> None:
    """Wait until an aggregator has subscribed: what is published before, nobody gets."""
    ends = time.monotonic() + _START_S
    with redis.Redis(port=port) as client:
        while not client.pubsub_numpat():
            if time.monotonic() > ends:
                raise TimeoutError("no aggregator listens")
            time.sleep(0.02)


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))
