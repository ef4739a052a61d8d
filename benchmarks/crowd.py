"""The crowd of clients, which is a C program, as the benchmarks drive it. Its source is in ``native/``."""

from __future__ import annotations

import json
import subprocess
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from native.build import program
from yardsticks.base import CLIENT_CORE, Beats, Running, on_core, read_line

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Crowd", "Delays", "Storm", "Wants", "Window"]

_OPEN_S = 120.0
_GRACE_S = 15.0


@dataclass(frozen=True)
class Wants:
    """What the clients of a crowd ask for."""

    interval_ms: int = 0
    watched: int = 0
    """So many symbols of ``symbols``, another choice for each client; 0: the same for all."""
    subscriptions: tuple[str, ...] = ("market_data",)
    """What that is."""
    symbols: int = 0
    seed: int = 1
    mute_share: float = 0.0
    """Clients that never read what they asked for."""
    mute_life_s: float = 0.0
    """After so long each of those is replaced by another; 0 for never."""


@dataclass(frozen=True)
class Delays:
    """Milliseconds."""

    p50: float
    p90: float
    p99: float
    p999: float
    max: float


@dataclass(frozen=True)
class Window:
    """What a crowd saw in some seconds."""

    seconds: float
    clients: int
    silent: int
    """Clients that got neither a diff nor a state."""
    bytes: int
    diffs: int
    states: int
    heartbeats: int
    closes: int
    gaps: int
    """Diffs that did not continue where the client stood."""
    garbage: int
    mutes_replaced: int
    beats: int
    left_out: int
    """Beats that were not given because the publisher had not taken the ones before."""
    cpu_s: float
    """The crowd's own."""
    age: Delays
    """From the newest commit in a message to its arrival."""
    beyond: Delays
    """From when the oldest commit in a message might have come, by the client's interval, to its arrival."""

    @property
    def messages(self) -> int:
        """Diffs and states."""
        return self.diffs + self.states

    @property
    def faults(self) -> str:
        """What must not happen in any run; empty if nothing did."""
        found = {"closes": self.closes, "gaps": self.gaps, "garbage": self.garbage}
        return ", ".join(f"{count} {what}" for what, count in found.items() if count)


@dataclass(frozen=True)
class Storm:
    """How the clients came back."""

    seconds: float
    returned: int
    """Clients that are current again."""
    resumed: int
    not_resumed: int
    snapshots: int
    retries: int
    p50_s: float
    p99_s: float
    last_s: float


class Crowd:
    """Clients of one server; ``with`` ends them.

    Without ``beats`` somebody else sets the pace, and no delays are known. ``core`` is theirs alone; ``None`` for any.
    """

    def __init__(self, running: Running, beats: Beats | None, wants: Wants, *, core: int | None = CLIENT_CORE) -> None:
        arguments: dict[str, object] = {
            "port": running.port, "path": running.path, "tongue": running.tongue, "epoch": running.epoch,
            "sequence": running.sequence, "interval-ms": wants.interval_ms, "watched": wants.watched,
            "subscriptions": json.dumps(wants.subscriptions), "symbols": wants.symbols, "seed": wants.seed,
            "mute-share": wants.mute_share, "mute-life-s": wants.mute_life_s,
        }  # fmt: skip
        pipes = []
        if beats is not None:
            arguments["beats-fd"] = beats.writer
            pipes = [beats.writer]
        command = [str(program("crowd")), *(f"--{name}={value}" for name, value in arguments.items())]
        with nullcontext() if core is None else on_core(core):
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=pipes)
        self.process_id = self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def open(self, clients: int) -> dict[str, Any]:
        """Connect so many more; returns when all have what they asked for."""
        self._say("open", clients)
        return self._hear("opened", _OPEN_S)

    def pace(self, per_second: float) -> None:
        """Have so many messages published each second; 0 for none."""
        self._say("pace", per_second)

    def lockstep(self, window: int) -> None:
        """Have messages published as fast as every client gets them, with at most ``window`` on their way; 0 ends it."""
        self._say("lockstep", window)

    def window(self, seconds: float) -> Window:
        """Count for so long."""
        self.begin(seconds)
        return self.result(seconds)

    def begin(self, seconds: float) -> None:
        """Begin to count for so long; ``result`` waits for the end."""
        self._say("window", seconds)
        self._hear("counting", _GRACE_S)

    def result(self, seconds: float) -> Window:
        """What was counted in the window of so many seconds that was begun last."""
        told = self._hear("window", seconds + _GRACE_S)
        age, beyond = Delays(**told.pop("age_ms")), Delays(**told.pop("beyond_ms"))
        return Window(**told, age=age, beyond=beyond)

    def storm(self, at_most_s: float) -> Storm:
        """Drop all clients that read and have them all come back at once, each from its cursor."""
        self._say("storm", at_most_s)
        return Storm(**self._hear("storm", at_most_s + _GRACE_S))

    def _say(self, command: str, number: float) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command} {number}\n".encode())
        self._process.stdin.flush()

    def _hear(self, event: str, timeout_s: float) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(read_line(self._process, timeout_s))
        assert told.pop("event") == event, told
        return told
