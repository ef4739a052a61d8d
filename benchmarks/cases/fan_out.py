"""Saturated fan-out to 1,000 clients, 300 bytes a message, by every system that can be had.

The next message is published as soon as every client has all but the last one (``native/lockstep.h``): the server always
has one to send while the last one is read, and none is asked for more than it can do. Systems take turns, so that what
else the machine does meets all alike.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from cases.stage import Measured, Plan, stage
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
_WINDOW = 2
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
    runs: dict[str, list[Measured]] = {}
    for _ in range(plan.rounds):
        for system in list(systems):
            try:
                runs.setdefault(system.name, []).append(_measure(system, plan))
            except Absent as absent:
                report.add_absent(system.name, str(absent))
                systems.remove(system)
    for name, measured in runs.items():
        _show(report, name, measured)
    _compare(report, runs, _LIMIT, 0.75)
    for other, target in _OTHERS:
        if other.name in runs:
            _compare(report, runs, other, target)


def _measure(system: Yardstick, plan: Plan) -> Measured:
    with stage(system, Wants(interval_ms=1)) as scene:
        scene.crowd.open(plan.clients(_CLIENTS))
        scene.crowd.lockstep(_WINDOW)
        scene.measure(plan.settle_s / 2)
        measured = scene.measure(plan.seconds)
    if measured.window.silent:
        raise RuntimeError(f"not a valid run: {measured.window.silent} clients of {system.name} got nothing")
    return measured


def _show(report: Report, name: str, runs: list[Measured]) -> None:
    rates = [run.rate for run in runs]
    report.add(f"{name}: messages", statistics.median(rates), "/s", samples=rates)
    report.add(f"{name}: server time for each", statistics.median(run.cpu_us for run in runs), "us")
    report.add(f"{name}: server processor", statistics.median(run.share for run in runs), "% of a core")
    report.add(f"{name}: client processor", statistics.median(run.crowd_share for run in runs), "% of a core")
    sizes = statistics.median(run.window.bytes / run.window.messages for run in runs)
    report.add(f"{name}: size on the wire", sizes, "bytes")


def _compare(report: Report, runs: dict[str, list[Measured]], other: Yardstick, target: float | None) -> None:
    ratio = _median_rate(runs[_BIGBOARD.name]) / _median_rate(runs[other.name])
    what = f"{_BIGBOARD.name}, of {other.name}"
    if target is None:
        report.add(what, ratio, "x")
    else:
        report.add_bounded(what, [ratio], "x", at_least=target)


def _median_rate(runs: list[Measured]) -> float:
    return statistics.median(run.rate for run in runs)
