"""What every benchmark shares: repeated timing, a table for people, a JSON file for machines."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
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


@dataclass
class Report:
    """Rows of one benchmark. ``target`` is what a row is to show; it is printed, never enforced: machines differ."""

    name: str
    rows: list[dict[str, str | float]] = field(default_factory=list)

    def add(self, what: str, median: float, unit: str, *, target: str = "", samples: Sequence[float] = ()) -> None:
        """Add a figure; ``samples`` are the single runs that it is the median of."""
        row: dict[str, str | float] = {"what": what, "median": median, "unit": unit, "target": target}
        if samples:
            row |= {"min": min(samples), "max": max(samples), "runs": len(samples)}
        self.rows.append(row)

    def add_rate(self, what: str, count: int, times: Sequence[float], unit: str, *, target: str = "") -> None:
        """Add a rate: ``count`` things in each of ``times`` seconds."""
        rates = [count / seconds for seconds in times]
        self.add(what, statistics.median(rates), unit, target=target, samples=rates)

    def finish(self) -> None:
        """Print the table and write the JSON file."""
        width = max(len(str(row["what"])) for row in self.rows)
        print(f"\n{self.name} - Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
        for row in self.rows:
            target = f"   (target {row['target']})" if row["target"] else ""
            print(f"  {row['what']!s:<{width}}  {float(row['median']):>14,.2f} {row['unit']}{target}")
        RESULTS.mkdir(exist_ok=True)
        content = {
            "benchmark": self.name,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "machine": platform.platform(),
            "cores": os.cpu_count(),
            "rows": self.rows,
        }
        (RESULTS / f"{self.name}.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
