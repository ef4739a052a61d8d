"""Writes the tables of docs/performance.md from the JSON that the benchmarks left.

    python benchmarks/results_markdown.py docs/performance.md

A table stands between ``<!-- results NAME -->`` and ``<!-- end -->``, NAME being that of a file in ``benchmarks/results/``.
Blocks without such a file stay as they are. Of rows ``SYSTEM: QUANTITY`` a column is made for each quantity where another
system has most of these too.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from report import RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["figure", "fill", "table"]

Row = dict[str, Any]

_BLOCK = re.compile(r"(<!-- results (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def fill(text: str, results: Path) -> str:
    """The text with every block made anew whose results are there."""

    def block(found: re.Match[str]) -> str:
        begin, name, old, end = found.groups()
        file = results / f"{name}.json"
        made = table(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else old
        return f"{begin}{made}{end}"

    return _BLOCK.sub(block, text)


def table(result: dict[str, Any]) -> str:
    """One benchmark as Markdown: a matrix of the systems if there are several, the other rows, and where it was measured."""
    rows: list[Row] = result["rows"]
    systems = _systems(rows)
    lines = [*_matrix(systems), *_list(row for row in rows if _split(row)[0] not in systems)]
    day = result["date"][:10]
    where = f"{result['processor']}, {result['cores']} cores, Python {result['python']}"
    return "\n".join([*lines, "", f"{day}, {where}: `{result['command']}`", ""])


def figure(value: float) -> str:
    """A number with three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _split(row: Row) -> tuple[str, str]:
    system, _, quantity = row["what"].rpartition(": ")
    return system, f"{quantity}, {row['unit']}" if row.get("unit") else quantity


def _systems(rows: Iterable[Row]) -> dict[str, dict[str, Row]]:
    """Rows by system and quantity, of those systems that have most quantities in common with another one."""
    found: dict[str, dict[str, Row]] = {}
    for row in rows:
        system, quantity = _split(row)
        if system and "absent" not in row:
            found.setdefault(system, {})[quantity] = row
    return {
        system: quantities
        for system, quantities in found.items()
        if any(_are_alike(quantities, others) for name, others in found.items() if name != system)
    }


def _are_alike(one: dict[str, Row], other: dict[str, Row]) -> bool:
    return 2 * len(one.keys() & other.keys()) > max(len(one), len(other))


def _matrix(systems: dict[str, dict[str, Row]]) -> Iterator[str]:
    if not systems:
        return
    quantities = _in_order(systems.values())
    yield "| system | " + " | ".join(quantities) + " |"
    yield "|---|" + "---|" * len(quantities)
    for system, rows in systems.items():
        cells = (figure(rows[quantity]["median"]) if quantity in rows else "" for quantity in quantities)
        yield f"| {system} | " + " | ".join(cells) + " |"
    yield ""


def _in_order(systems: Iterable[dict[str, Row]]) -> list[str]:
    """Every quantity that any of the systems has, each behind the one that it stands behind there."""
    quantities: list[str] = []
    for rows in systems:
        at = 0
        for quantity in rows:
            if quantity not in quantities:
                quantities.insert(at, quantity)
            at = quantities.index(quantity) + 1
    return quantities


def _list(rows: Iterable[Row]) -> Iterator[str]:
    yield "| what | measured | target |"
    yield "|---|---|---|"
    for row in rows:
        if "absent" in row:
            yield f"| {row['what']} | absent: {row['absent']} | |"
            continue
        verdict = {True: ", met", False: ", missed", None: ""}[row.get("met")]
        measured = f"{figure(row['median'])} {row['unit']}".strip()
        yield f"| {row['what']} | {measured} | {row['target']}{verdict} |"


def main() -> None:
    for name in sys.argv[1:]:
        page = Path(name)
        page.write_text(fill(page.read_text(encoding="utf-8"), RESULTS), encoding="utf-8")


if __name__ == "__main__":
    main()
