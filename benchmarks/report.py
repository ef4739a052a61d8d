"""What every benchmark shares: repeated timing, a table for people, a JSON file for machines."""

from __future__ import annotations

import json
import operator
import os
import platform
import statistics
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["RESULTS", "Report", "recorded_data", "times_s"]

RESULTS = Path(__file__).parent / "results"
_ROOT = Path(__file__).parents[1]


def times_s(work: Callable[[], object], *, runs: int = 7) -> list[float]:
    """Seconds of each run, after one that does not count."""
    work()
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return times


def recorded_data() -> Path:
    """The folder of recorded exchange data; ends the program with a clear line if it is not there."""
    path = Path(os.environ.get("RECORDED_DATA", _ROOT.parent / "shared" / "data"))
    if not path.is_dir():
        raise SystemExit(f"no recorded data at {path}: set RECORDED_DATA to the folder that holds binance-usdm/")
    return path


Row = dict[str, str | float | bool]


@dataclass
class Report:
    """Rows of one benchmark. ``target`` is what a row is to show; it is printed, never enforced: machines differ."""

    name: str
    rows: list[Row] = field(default_factory=list)

    def add(self, what: str, median: float, unit: str, *, target: str = "", samples: Sequence[float] = ()) -> None:
        """Add a figure; ``samples`` are the single runs that it is the median of."""
        row: Row = {"what": what, "median": median, "unit": unit, "target": target}
        if samples:
            row |= {"min": min(samples), "max": max(samples), "runs": len(samples)}
        self.rows.append(row)

    def add_bounded(
        self,
        what: str,
        samples: Sequence[float],
        unit: str,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        below: float | None = None,
    ) -> None:
        """Add the median of some runs with the bound that it is to keep, and whether it does."""
        median = statistics.median(samples)
        checks = (("at most", at_most, operator.le), ("at least", at_least, operator.ge), ("below", below, operator.lt))
        for words, bound, keeps in checks:
            if bound is not None:
                self.add(what, median, unit, target=f"{words} {bound:g}", samples=samples)
                self.rows[-1]["met"] = bool(keeps(median, bound))

    def add_absent(self, what: str, reason: str) -> None:
        """Say that something could not be measured here, and why."""
        self.rows.append({"what": what, "absent": reason})

    def add_rate(self, what: str, count: int, times: Sequence[float], unit: str, *, target: str = "") -> None:
        """Add a rate: ``count`` things in each of ``times`` seconds."""
        rates = [count / seconds for seconds in times]
        self.add(what, statistics.median(rates), unit, target=target, samples=rates)

    def finish(self) -> None:
        """Print the table and write the JSON file."""
        width = max(len(str(row["what"])) for row in self.rows)
        print(f"\n{self.name} - Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
        for row in self.rows:
            print(f"  {row['what']!s:<{width}}  {_figure(row)}")
        RESULTS.mkdir(exist_ok=True)
        content = {
            "benchmark": self.name,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "machine": platform.platform(),
            "processor": _processor(),
            "command": " ".join(["python", *sys.argv]),
            "cores": os.cpu_count(),
            "rows": self.rows,
        }
        (RESULTS / f"{self.name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _figure(row: Row) -> str:
    if "absent" in row:
        return f"{'absent':>14} {row['absent']}"
    target = f"   (target {row['target']}{_verdict(row)})" if row["target"] else ""
    return f"{float(row['median']):>14,.2f} {row['unit']}{target}"


def _verdict(row: Row) -> str:
    return "" if "met" not in row else ", met" if row["met"] else ", missed"


def _processor() -> str:
    """The processor's name where the system tells it."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
