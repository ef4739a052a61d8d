"""Ten thousand clients, each with a watch list of its own: 20 symbols out of 500, 1,000 changes of a symbol each second."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from cases.stage import Plan, stage
from crowd import Wants
from yardsticks.hub import Bigboard

if TYPE_CHECKING:
    from report import Report

__all__ = ["run"]

_CLIENTS = 10_000
_SYMBOLS = 500
_WATCHED = 20
_CHANGED = 10
_COMMITS_PER_S = 100


def run(report: Report, plan: Plan) -> None:
    """Fill the report."""
    clients = plan.clients(_CLIENTS)
    label = f"{clients:,} watch lists of {_WATCHED} out of {_SYMBOLS} symbols"
    wants = Wants(interval_ms=250, watched=_WATCHED, symbols=_SYMBOLS)
    with stage(Bigboard(symbols=_SYMBOLS, changed=_CHANGED), wants) as scene:
        scene.crowd.open(clients)
        scene.crowd.pace(_COMMITS_PER_S)
        scene.measure(plan.settle_s)
        runs = [scene.measure(plan.seconds) for _ in range(plan.rounds)]
    beyond = [run.window.beyond.p99 for run in runs]
    ages = [run.window.age.p99 for run in runs]
    shares = [run.share for run in runs]
    report.add_bounded(f"{label}: beyond the interval, p99", beyond, "ms", at_most=60)
    report.add(f"{label}: age at arrival, p99", statistics.median(ages), "ms", samples=ages)
    report.add(f"{label}: server processor", statistics.median(shares), "% of a core", samples=shares)
    report.add(f"{label}: messages", statistics.median(run.rate for run in runs), "/s")
    report.add(f"{label}: commits left out", sum(run.window.left_out for run in runs), "")
