"""From publishing to arrival, over real processes: update rates, gateways, clients. See docs/scaling.md.

    python benchmarks/scale.py [--grid NAME …] [--rate N …] [--gateways N …] [--clients N …] [--followers N …]
                               [--seconds S] [--quick]

A publisher stamps each update with the moment at which it sends it; clients that read every message whole take what has
passed when the row comes. Nothing is pinned to a core: the roles, Redis, the publisher and all clients share the machine.
"""

from __future__ import annotations

import argparse
import resource
import statistics
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from report import Report
from scaling.cell import Cell, Measured, measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scaling.processes import Use

_SYMBOLS: Final = 1_000
_MIB: Final = 2**20
_TARGET_RATE: Final = 10_000
_TARGET_MS: Final = 60.0
_STEPS: Final = 5_750
"""Steps of the simulated market, over all symbols, that make 10,000 updates: quotes, books and trades."""
_RESIDENT: Final = ("feed", "collector", "redis", "replica", "aggregator", "gateway")
_ROLES: Final = ("publisher", *_RESIDENT, "followers")
"""`bigboard up` is counted as a gateway: it takes the clients."""


@dataclass(frozen=True)
class Plan:
    """What to measure, and for how long."""

    rates: Sequence[float]
    gateways: Sequence[int]
    clients: Sequence[int]
    followers: Sequence[int]
    seconds: float
    settle_s: float
    runs: int
    """Of the cells that have a target."""


def rates(plan: Plan) -> dict[str, Cell]:
    """One gateway, few clients, more and more updates."""
    return {f"{rate:,.0f}/s": Cell("processes", rate, _SYMBOLS) for rate in plan.rates}


def gateways(plan: Plan) -> dict[str, Cell]:
    """More and more gateways beside each other, 1,000 clients in all."""
    clients = min(1_000, max(plan.clients))
    return {
        f"{count} gateway{'s' * (count > 1)}": Cell("processes", 5_000, _SYMBOLS, count, clients)
        for count in plan.gateways
    }


def clients(plan: Plan) -> dict[str, Cell]:
    """More and more clients, behind one gateway and behind as many as there are to be."""
    most, all_clients = max(plan.gateways), max(plan.clients)
    cells = {
        f"{count:,} clients, {some} gateway{'s' * (some > 1)}": Cell("processes", 1_000, _SYMBOLS, some, count)
        for count in plan.clients
        for some in sorted({1, most if count > 100 else 1})
    }
    busy = f"{all_clients:,} clients, 1 gateway, {_TARGET_RATE:,}/s"
    return {**cells, busy: Cell("processes", _TARGET_RATE, _SYMBOLS, 1, all_clients)}


def ways(_: Plan) -> dict[str, Cell]:
    """10,000 updates a second on every way there is."""
    return {
        "tickers on ZeroMQ, collector, Redis, aggregator, gateway": Cell("tickers", _TARGET_RATE, 200),
        "simulated feed, collector, Redis, aggregator, gateway": Cell("pipeline", _STEPS, 50),
        "publisher, Redis, aggregator, gateway": Cell("processes", _TARGET_RATE, _SYMBOLS),
        "publisher, Redis, `up --redis`": Cell("up --redis", _TARGET_RATE, _SYMBOLS),
        "`up`": Cell("up", _STEPS, 50),
    }


def followers(plan: Plan) -> dict[str, Cell]:
    """More and more readers of one Redis, beside one gateway; and a gateway behind a replica of it."""
    return {
        **{
            f"{count} more readers": Cell("processes", _TARGET_RATE, _SYMBOLS, followers=count)
            for count in plan.followers
        },
        "a replica between": Cell("replica", _TARGET_RATE, _SYMBOLS),
    }


_GRIDS: Final[dict[str, Callable[[Plan], dict[str, Cell]]]] = {
    "ways": ways,
    "rates": rates,
    "gateways": gateways,
    "clients": clients,
    "followers": followers,
}


_Column = tuple[str, str, "Callable[[Measured], float]"]
"""Quantity, unit, value."""

_AGES: Final[tuple[_Column, ...]] = (
    ("published", "/s", lambda run: run.published),
    ("taken by the aggregator", "/s", lambda run: run.taken),
    ("rows to a client", "/s", lambda run: run.rows),
    ("messages to it", "/s", lambda run: run.messages),
    ("bytes to it", "kB/s", lambda run: run.bytes / 1e3),
    ("age of a row, p50", "ms", lambda run: run.ages.p50),
    ("p99", "ms", lambda run: run.ages.p99),
    ("p99.9", "ms", lambda run: run.ages.p999),
)


def _costs(use: Use) -> list[_Column]:
    """What is told of the cost of these roles."""

    def share(role: str) -> _Column:
        return role, "% of a core", lambda run: run.use.share(role)

    def resident(role: str) -> _Column:
        return role, "MiB", lambda run: run.use.resident[role] / _MIB

    return [
        ("messages to the crowd", "/s", lambda run: run.crowd_messages),
        ("bytes to the crowd", "MB/s", lambda run: run.crowd_bytes / 1e6),
        *([("bytes to a follower", "kB/s", lambda run: run.log_bytes / 1e3)] if "followers" in use.cpu_s else ()),
        *(share(role) for role in _ROLES if role in use.cpu_s),
        ("clients", "% of a core", lambda run: run.use.share("watchers") + run.use.share("crowd")),
        ("other programs", "% of a core", lambda run: run.use.others),
        *(resident(role) for role in _RESIDENT if role in use.resident),
    ]


class Tables:
    """Of one grid: how old things are when they arrive, and what all of it costs."""

    def __init__(self, grid: str) -> None:
        self.ages = Report(f"scale_{grid}")
        self.costs = Report(f"scale_{grid}_costs")

    def add(self, what: str, runs: Sequence[Measured]) -> None:
        """A line in both: the medians of the runs."""
        for report, columns in ((self.ages, _AGES), (self.costs, _costs(runs[0].use))):
            for quantity, unit, value in columns:
                samples = [value(run) for run in runs]
                report.add(f"{what}: {quantity}", statistics.median(samples), unit, samples=samples)

    def add_target(self, what: str, runs: Sequence[Measured]) -> None:
        """Whether p99 is what it is to be."""
        name = f"{what}, from publishing to arrival, p99"
        self.ages.add_bounded(name, [run.ages.p99 for run in runs], "ms", at_most=_TARGET_MS)

    def add_void(self, what: str, reason: str) -> None:
        """A cell that gave no figures."""
        self.ages.add_absent(what, reason)

    def finish(self) -> None:
        """Print and keep both."""
        self.ages.finish()
        if self.costs.rows:
            self.costs.finish()


def measure_grid(name: str, plan: Plan) -> bool:
    """All cells of a grid; whether each gave figures."""
    tables = Tables(name)
    complete = True
    for what, cell in _GRIDS[name](plan).items():
        count = plan.runs if name == "ways" else 1
        try:
            runs = [measure(cell, seconds=plan.seconds, settle_s=plan.settle_s) for _ in range(count)]
        except (RuntimeError, TimeoutError) as error:
            tables.add_void(what, str(error))
            print(f"{name}, {what}: {error}", flush=True)
            complete = False
            continue
        tables.add(what, runs)
        if name == "ways":
            tables.add_target(what, runs)
        print(f"{name}, {what}: p99 {runs[-1].ages.p99:.1f} ms at {runs[-1].published:,.0f}/s", flush=True)
    tables.finish()
    return complete


def main() -> None:
    parser = argparse.ArgumentParser(description="From publishing to arrival, over real processes.")
    parser.add_argument("--grid", action="append", choices=_GRIDS, help="measure this one; may be given several times")
    parser.add_argument("--rate", action="append", type=float, help="updates per second")
    parser.add_argument("--gateways", action="append", type=int, help="gateways beside each other")
    parser.add_argument("--clients", action="append", type=int, help="clients in the crowd")
    parser.add_argument("--followers", action="append", type=int, help="readers of the log beside a gateway")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long each cell is measured")
    parser.add_argument("--runs", type=int, default=3, help="runs of each way, of which the median counts")
    parser.add_argument("--quick", action="store_true", help="few clients and seconds: whether it runs, not how fast")
    options = parser.parse_args()
    plan = Plan(
        rates=options.rate or (1_000, 5_000, 10_000, 20_000, 50_000),
        gateways=options.gateways or (1, 2, 4),
        clients=options.clients or (100, 1_000, 10_000),
        followers=options.followers or (10, 50, 100, 200),
        seconds=options.seconds,
        settle_s=3.0,
        runs=options.runs,
    )
    if options.quick:
        plan = replace(
            plan, rates=(500,), gateways=(2,), clients=(10,), followers=(3,), seconds=1.0, settle_s=1.0, runs=1
        )
    # Each client is an open file, of the crowd and of the gateway, which inherit the limit.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    failed = [name for name in options.grid or _GRIDS if not measure_grid(name, plan)]
    if failed:
        raise SystemExit(f"not all of it gave figures: {', '.join(failed)}")


if __name__ == "__main__":
    main()
