"""One client in a hundred never reads: what the others notice, and what the server keeps for those.

The server gives such a client up after 30 s and drops it 5 s later; after 40 s another takes its place, so that there are
always some that it has not given up yet.
"""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from cases.stage import Plan, Stage, stage
from crowd import Wants
from yardsticks.hub import Bigboard

if TYPE_CHECKING:
    from report import Report

__all__ = ["run"]

_CLIENTS = 2_000
_SHARE = 0.01
_LIFE_S = 40.0
_COMMITS_PER_S = 500
_EVERY_S = 5.0


def run(report: Report, plan: Plan) -> None:
    """Fill the report."""
    clients = plan.clients(_CLIENTS)
    label = f"{clients:,} clients, 1 % never read"
    without, beside = [], []
    with (
        stage(Bigboard(), Wants(interval_ms=250)) as calm,
        stage(Bigboard(), Wants(interval_ms=250, mute_share=_SHARE, mute_life_s=_LIFE_S)) as troubled,
    ):
        for scene in (calm, troubled):
            scene.crowd.open(clients)
        # In turns, so that what else the machine does meets both alike.
        for _ in range(plan.rounds):
            without.append(_p99(calm, plan))
            beside.append(_p99(troubled, plan))
        ratio = statistics.median(beside) / statistics.median(without)
        report.add(f"{label}: beyond the interval, p99 without them", statistics.median(without), "ms", samples=without)
        report.add(f"{label}: beyond the interval, p99 with them", statistics.median(beside), "ms", samples=beside)
        report.add_bounded(f"{label}: with them, of without", [ratio], "x", at_most=1.2)
        _watch_memory(report, troubled, plan, label)


def _p99(scene: Stage, plan: Plan) -> float:
    scene.crowd.pace(_COMMITS_PER_S)
    scene.measure(plan.settle_s)
    measured = scene.measure(plan.seconds)
    scene.crowd.pace(0)
    return measured.window.beyond.p99


def _watch_memory(report: Report, scene: Stage, plan: Plan, label: str) -> None:
    """The growth from the second quarter of the time to the last: a start may take what it needs."""
    scene.crowd.pace(_COMMITS_PER_S)
    sizes: list[float] = []
    replaced = 0
    end = time.monotonic() + 60 * plan.minutes
    while time.monotonic() < end or len(sizes) < 4:
        measured = scene.measure(1.0 if plan.quick else _EVERY_S)
        replaced += measured.window.mutes_replaced
        sizes.append(scene.running.memory() / 2**20)
    quarter = len(sizes) // 4
    early, late = statistics.median(sizes[quarter : 2 * quarter]), statistics.median(sizes[-quarter:])
    report.add(f"{label}: server memory", late, "MiB resident", samples=sizes)
    report.add_bounded(f"{label}: its growth over {plan.minutes:g} min", [100 * (late - early) / early], "%", at_most=2)
    report.add(f"{label}: replaced meanwhile", replaced, "clients")
