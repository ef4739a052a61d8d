"""Fan-out over real sockets: Bigboard, and other systems beside it in the same run. See docs/performance.md.

    python benchmarks/bench_yardsticks.py [--quick] [--case NAME …] [--minutes M]

The server has one core, the crowd of clients (a C program, compiled when first needed) the other.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
from cases import capacity, classic, fan_out, mutes, ten_thousand, watch_lists
from cases.stage import Plan
from report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CASES: dict[str, Callable[[Report, Plan], None]] = {
    "fan_out": fan_out.run,
    "capacity": capacity.run,
    "classic": classic.run,
    "ten_thousand": ten_thousand.run,
    "watch_lists": watch_lists.run,
    "mutes": mutes.run,
}


@contextmanager
def _others(report: Report) -> Iterator[None]:
    """Add what the rest of the machine used meanwhile: where it is much, the figures tell more of that than of anything."""
    before, begun = _busy_s() - _own_s(), time.monotonic()
    yield
    share = 100 * (_busy_s() - _own_s() - before) / (time.monotonic() - begun)
    report.add("used by other programs meanwhile", share, "% of a core")


def _busy_s() -> float:
    """Seconds that all cores worked, or were taken away by the host of a virtual machine."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def _own_s() -> float:
    """Seconds that this program and all it started and saw end have worked."""
    return float(sum(os.times()[:4]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Fan-out of Bigboard and of other systems, side by side.")
    parser.add_argument("--quick", action="store_true", help="few clients and seconds: whether it runs, not how fast")
    parser.add_argument("--case", action="append", choices=_CASES, help="run this one; may be given several times")
    parser.add_argument("--minutes", type=float, default=1.0, help="how long memory is watched in case mutes")
    options = parser.parse_args()
    # Each client is an open file, of the crowd and of the server, which inherit the limit.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    failed = [name for name in options.case or _CASES if not _run(name, Plan(options.quick, options.minutes))]
    if failed:
        raise SystemExit(f"no valid figures for {', '.join(failed)}")


def _run(name: str, plan: Plan) -> bool:
    """One case; whether it came to its end. If not, no file is written."""
    report = Report(f"yardsticks_{name}")
    try:
        with _others(report):
            _CASES[name](report, plan)
    except (RuntimeError, TimeoutError) as error:
        print(f"\n{report.name} was not finished: {error}")
        return False
    report.finish()
    return True


if __name__ == "__main__":
    main()
