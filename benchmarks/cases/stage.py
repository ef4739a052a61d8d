"""One system with its crowd, and what both of them show in a window of time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crowd import Crowd, Wants, Window
from yardsticks.base import Beats, Running, Yardstick

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Measured", "Plan", "Stage", "stage"]


@dataclass(frozen=True)
class Plan:
    """How much time there is."""

    quick: bool = False
    """Fewer and shorter runs, fewer clients: shows that all works, not how fast it is."""
    minutes: float = 1.0
    """How long memory is watched while some clients never read."""

    @property
    def rounds(self) -> int:
        """Runs of which the median counts."""
        return 1 if self.quick else 3

    @property
    def seconds(self) -> float:
        """Length of a window."""
        return 1.0 if self.quick else 4.0

    @property
    def settle_s(self) -> float:
        """What passes before a window: a crowd spreads over its interval step by step."""
        return 1.0 if self.quick else 4.0

    def clients(self, full: int) -> int:
        """How many there are."""
        return full // 10 if self.quick else full


@dataclass(frozen=True)
class Measured:
    """A window and what the server used in it."""

    window: Window
    cpu_s: float

    @property
    def rate(self) -> float:
        """Messages each second."""
        return self.window.messages / self.window.seconds

    @property
    def commit_rate(self) -> float:
        """Commits that came to a client each second, alone or with others in one message: the sum over all clients."""
        return self.window.beats * self.window.clients / self.window.seconds

    @property
    def share(self) -> float:
        """Of a core that the server used, in percent."""
        return 100 * self.cpu_s / self.window.seconds

    @property
    def crowd_share(self) -> float:
        """Of a core that the clients used, in percent: near 100 they are what was measured."""
        return 100 * self.window.cpu_s / self.window.seconds

    @property
    def cpu_us(self) -> float:
        """Of server processor for each message."""
        return 1e6 * self.cpu_s / max(1, self.window.messages)


class Stage:
    """A server that runs and its crowd."""

    def __init__(self, running: Running, crowd: Crowd) -> None:
        self.running = running
        self.crowd = crowd
        self.clients = 0

    def measure(self, seconds: float) -> Measured:
        """One window. Raises ``RuntimeError`` for what makes a figure void: lost clients, gaps, unreadable messages."""
        before = self.running.cpu_s()
        window = self.crowd.window(seconds)
        measured = Measured(window, self.running.cpu_s() - before)
        if window.faults:
            raise RuntimeError(f"not a valid run: {window.faults}")
        return measured

    def memory_settled(self) -> int:
        """The server's resident bytes once they stay the same for a second, after 10 s at the latest."""
        last = self.running.memory()
        for _ in range(10):
            time.sleep(1.0)
            now = self.running.memory()
            if abs(now - last) < 64 * 1024:
                break
            last = now
        return now


@contextmanager
def stage(yardstick: Yardstick, wants: Wants) -> Iterator[Stage]:
    """Start a system with no client yet; raises ``Absent``."""
    beats = Beats()
    try:
        running = yardstick.start(beats)
        try:
            crowd = Crowd(running, beats, wants)
        except BaseException:
            running.stop()
            raise
    finally:
        beats.close()
    try:
        with crowd:
            yield Stage(running, crowd)
    finally:
        running.stop()
