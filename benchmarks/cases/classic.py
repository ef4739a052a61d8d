"""The classic case: a hundred web clients at 250 ms on a board of 12 symbols that change 10 times a second each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases.stage import Plan, stage
from crowd import Wants
from yardsticks.hub import Bigboard

if TYPE_CHECKING:
    from report import Report

__all__ = ["run"]

_CLIENTS = 100
_SYMBOLS = 12
_COMMITS_PER_S = 120


def run(report: Report, plan: Plan) -> None:
    """Fill the report."""
    label = f"{_CLIENTS} web clients, {_SYMBOLS} symbols"
    with stage(Bigboard(symbols=_SYMBOLS, changed=1), Wants(interval_ms=250)) as scene:
        scene.crowd.open(_CLIENTS)
        scene.crowd.pace(_COMMITS_PER_S)
        scene.measure(plan.settle_s)
        runs = [scene.measure(plan.seconds) for _ in range(plan.rounds)]
    report.add_bounded(f"{label}: beyond the interval, p99", [r.window.beyond.p99 for r in runs], "ms", below=10)
    report.add_bounded(f"{label}: server processor", [r.share for r in runs], "% of a core", below=3)
