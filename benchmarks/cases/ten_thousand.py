"""Ten thousand equal clients at 250 ms: memory while idle, delay and cost, and how they come back after a storm.

500 commits a second, so a diff is made at most 2 ms after its newest commit, and by so much at most is *beyond* overstated.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from cases.stage import Plan, Stage, stage
from crowd import Wants
from yardsticks.hub import Bigboard

if TYPE_CHECKING:
    from report import Report

__all__ = ["run"]

_CLIENTS = 10_000
_INTERVAL_MS = 250
_COMMITS_PER_S = 500
_STORM_S = 30.0


def run(report: Report, plan: Plan) -> None:
    """Fill the report."""
    clients = plan.clients(_CLIENTS)
    label = f"{clients:,} clients, {_INTERVAL_MS} ms"
    with stage(Bigboard(), Wants(interval_ms=_INTERVAL_MS)) as scene:
        _memory(report, scene, clients)
        scene.crowd.pace(_COMMITS_PER_S)
        scene.measure(plan.settle_s)
        runs = [scene.measure(plan.seconds) for _ in range(plan.rounds)]
        beyond = [run.window.beyond.p99 for run in runs]
        ages = [run.window.age.p99 for run in runs]
        shares = [run.share for run in runs]
        report.add_bounded(f"{label}: beyond the interval, p99", beyond, "ms", at_most=15)
        report.add(f"{label}: age at arrival, p99", statistics.median(ages), "ms", samples=ages)
        report.add_bounded(f"{label}: server processor", shares, "% of a core", at_most=70)
        report.add(f"{label}: client processor", statistics.median(r.crowd_share for r in runs), "% of a core")
        _storm(report, scene, clients)


def _memory(report: Report, scene: Stage, clients: int) -> None:
    scene.crowd.open(1)  # what the first one costs is no matter of clients
    empty = scene.memory_settled()
    opened = scene.crowd.open(clients - 1)
    kib = (scene.memory_settled() - empty) / (clients - 1) / 1024
    report.add_bounded(f"memory of an idle client, of {clients:,}", [kib], "KiB resident", at_most=32)
    report.add("connections taken", (clients - 1) / opened["seconds"], "/s")


def _storm(report: Report, scene: Stage, clients: int) -> None:
    storm = scene.crowd.storm(_STORM_S)
    label = f"{clients:,} clients drop and resume"
    missing = clients - storm.returned
    seconds = storm.seconds if missing else storm.last_s
    report.add_bounded(f"{label}: the last one is current again after", [seconds], "s", at_most=10)
    report.add(f"{label}: half of them after", storm.p50_s, "s")
    report.add_bounded(f"{label}: not current again after {_STORM_S:g} s", [missing], "clients", at_most=0)
    report.add_bounded(f"{label}: got a snapshot", [storm.snapshots + storm.not_resumed], "clients", at_most=0)
