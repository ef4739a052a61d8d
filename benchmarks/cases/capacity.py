"""How many clients a core carries: a board of 200 symbols at 4 messages a second, 50 of the symbols changed between two.

A number of clients is carried if each gets its 4 messages a second (90 % of them, because a loop that sleeps an interval
after it has sent is always somewhat slower) and if p99 of the delay beyond the interval is below another interval. From
what a few clients cost it is guessed how many fill the core; the crowd grows in steps to that and past it, until it is not
carried any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cases.stage import Measured, Plan, Stage, stage
from crowd import Wants
from yardsticks.fastapi_loop import FastApiLoop
from yardsticks.hub import Bigboard

if TYPE_CHECKING:
    from report import Report
    from yardsticks.base import Yardstick

__all__ = ["run"]

_SYMBOLS = 200
_CHANGED = 5
_COMMITS_PER_S = 40
_INTERVAL_MS = 250
_ENOUGH = 0.9
_STEPS = (0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
"""Parts of the guess."""
_MOST_CLIENTS = 19_000
"""Open files: 20,000 is what a process may have on many systems."""


def run(report: Report, plan: Plan) -> None:
    """Fill the report."""
    plain = _capacity(FastApiLoop(_SYMBOLS, _CHANGED, _INTERVAL_MS), 40, report, plan)
    ours = _capacity(Bigboard(symbols=_SYMBOLS, changed=_CHANGED), plan.clients(1_000), report, plan)
    if plain and ours:
        report.add_bounded("Bigboard, of the plain FastAPI loop", [ours / plain], "x", at_least=20)


def _capacity(system: Yardstick, few: int, report: Report, plan: Plan) -> int:
    """The greatest number of clients that was carried; 0 if none was."""
    carried: Measured | None = None
    with stage(system, Wants(interval_ms=_INTERVAL_MS)) as scene:
        measured = _with(scene, few, plan)
        guess = few * 100 / max(1.0, measured.share)
        steps = {min(int(guess * part), _MOST_CLIENTS) for part in _STEPS[: 1 if plan.quick else None]}
        for clients in sorted(step for step in steps if step > few):
            if not _is_carried(measured):
                break
            carried = measured
            measured = _with(scene, clients, plan)
        if _is_carried(measured):
            carried = measured
    _show(report, system.name, carried)
    return carried.window.clients if carried else 0


def _with(scene: Stage, clients: int, plan: Plan) -> Measured:
    # To come in costs a client more than to stay; what is asked here is how many can stay.
    scene.crowd.pace(0)
    scene.crowd.open(clients - scene.clients)
    scene.crowd.pace(_COMMITS_PER_S)
    scene.clients = clients
    scene.measure(plan.settle_s)
    return scene.measure(plan.seconds)


def _is_carried(measured: Measured) -> bool:
    window = measured.window
    wanted = window.clients * 1000 / _INTERVAL_MS
    return measured.rate >= _ENOUGH * wanted and window.beyond.p99 <= _INTERVAL_MS and not window.left_out


def _show(report: Report, name: str, carried: Measured | None) -> None:
    if carried is None:
        report.add(f"{name}: clients on a core", 0, "")
        return
    window = carried.window
    unit = "or more: there are no more open files" if window.clients == _MOST_CLIENTS else ""
    report.add(f"{name}: clients on a core", window.clients, unit)
    report.add(f"{name}: server processor with them", carried.share, "% of a core")
    report.add(f"{name}: client processor with them", carried.crowd_share, "% of a core")
    report.add(f"{name}: beyond the interval, p99, with them", window.beyond.p99, "ms")
    report.add(f"{name}: size of a message", window.bytes / max(1, window.messages), "bytes")
