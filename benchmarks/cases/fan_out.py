"""Saturated fan-out to 1,000 clients, 300 bytes a message, by every system that can be had.

The next message is published the moment every client has the last one (``native/lockstep.h``): no system is asked for more
than it can do, none can put two messages into one write, and the pause between two messages is some 100 us of 5 ms or more.
Then the same with up to 16 messages on their way: now a broker may write several at once, and Bigboard may send one diff for
several commits, so what is counted is how many commits reach how many clients.

Systems take turns, so that what else the machine does meets all alike. One minute of a shared machine differs from the next
by more than two systems do, so the turns are short, and what counts is the median of the ratios within each round.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, NamedTuple

from cases.stage import Measured, Plan, Stage, stage
from crowd import Wants
from yardsticks.bare import BareLoop
from yardsticks.base import Absent, Yardstick
from yardsticks.hub import Bigboard
from yardsticks.nats import Nats
from yardsticks.nchan import Nchan
from yardsticks.node import NodeWs
from yardsticks.websockets_broadcast import WebsocketsBroadcast

if TYPE_CHECKING:
    from report import Report

__all__ = ["run"]

_CLIENTS = 1_000
_ON_THEIR_WAY = (1, 16)
_ROUNDS = 9
_SETTLE_S = 0.5
_WINDOW_S = 1.5
_BIGBOARD = Bigboard()
_LIMIT = BareLoop()
_OTHERS: tuple[tuple[Yardstick, float | None], ...] = (
    (WebsocketsBroadcast(), 1.3),
    (NodeWs(), 1.3),
    (Nats(), 2.0),
    (Nchan(), None),
)
"""Systems with what Bigboard is to reach of their rate."""


def run(report: Report, plan: Plan) -> None:
    """Fill the report."""
    systems: list[Yardstick] = [_LIMIT, _BIGBOARD, *(other for other, _ in _OTHERS)]
    runs: dict[str, list[_Run]] = {}
    for _ in range(1 if plan.quick else _ROUNDS):
        for system in list(systems):
            try:
                runs.setdefault(system.name, []).append(_measure(system, plan))
            except Absent as absent:
                report.add_absent(system.name, str(absent))
                systems.remove(system)
                del runs[system.name]
    for name, measured in runs.items():
        _show(report, name, measured)
    _compare(report, runs, _LIMIT, 0.75)
    for other, target in _OTHERS:
        if other.name in runs:
            _compare(report, runs, other, target)


class _Run(NamedTuple):
    single: Measured
    many: Measured
    version: str


def _measure(system: Yardstick, plan: Plan) -> _Run:
    with stage(system, Wants(interval_ms=1)) as scene:
        scene.crowd.open(plan.clients(_CLIENTS))
        single, many = (_saturate(scene, on_their_way) for on_their_way in _ON_THEIR_WAY)
        return _Run(single, many, scene.running.version)


def _saturate(scene: Stage, on_their_way: int) -> Measured:
    scene.crowd.lockstep(on_their_way)
    scene.measure(_SETTLE_S)
    measured = scene.measure(_WINDOW_S)
    if measured.window.silent:
        raise RuntimeError(f"not a valid run: {measured.window.silent} clients got nothing")
    return measured


def _show(report: Report, name: str, runs: list[_Run]) -> None:
    label = f"{name} {runs[0].version}".strip()
    rates = [run.single.rate for run in runs]
    costs = [run.single.cpu_us for run in runs]
    many = [run.many.commit_rate for run in runs]
    report.add(f"{label}: messages", statistics.median(rates), "/s", samples=rates)
    report.add(f"{label}: server time for each", statistics.median(costs), "us", samples=costs)
    report.add(f"{label}: server processor", statistics.median(run.single.share for run in runs), "% of a core")
    report.add(f"{label}: client processor", statistics.median(run.single.crowd_share for run in runs), "% of a core")
    sizes = statistics.median(run.single.window.bytes / run.single.window.messages for run in runs)
    report.add(f"{label}: size on the wire", sizes, "bytes")
    report.add(f"{label}: commits to clients, 16 on their way", statistics.median(many), "/s", samples=many)


def _compare(report: Report, runs: dict[str, list[_Run]], other: Yardstick, target: float | None) -> None:
    ours, theirs = runs[_BIGBOARD.name], runs[other.name]
    rounds = list(zip(ours, theirs, strict=True))
    rates = [our.single.rate / their.single.rate for our, their in rounds]
    costs = [their.single.cpu_us / our.single.cpu_us for our, their in rounds]
    what = f"{_BIGBOARD.name}, of {other.name}"
    if target is None:
        report.add(what, statistics.median(rates), "x", samples=rates)
    else:
        report.add_bounded(what, rates, "x", at_least=target)
    # The same where nothing else runs; where something does, this is what it disturbs less.
    report.add(f"{what}, by server time", statistics.median(costs), "x", samples=costs)
