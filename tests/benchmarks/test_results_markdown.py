"""The tables of the documentation say what was measured, and whether it is what was aimed at."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import report as reporting
from report import Report
from results_markdown import figure, fill

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where reports go."""
    monkeypatch.setattr(reporting, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def _page(results: Path, report: Report) -> list[str]:
    report.finish()
    text = f"before\n<!-- results {report.name} -->\nold\n<!-- end -->\nafter\n"
    return fill(text, results).splitlines()


def test_a_row_tells_figure_target_and_verdict(results: Path) -> None:
    report = Report("some")
    report.add_bounded("delay", [3.0, 1.0, 2.04], "ms", at_most=15)
    report.add_bounded("rate", [1_234.6], "/s", at_least=2_000)
    report.add_bounded("share", [3.0], "%", below=3)
    report.add("other", 5, "")
    report.add_absent("that", "not installed")
    lines = _page(results, report)
    assert lines[:2] == ["before", "<!-- results some -->"]
    assert lines[4:9] == [
        "| delay | 2.04 ms | at most 15, met |",
        "| rate | 1,235 /s | at least 2000, missed |",
        "| share | 3 % | below 3, missed |",
        "| other | 5 |  |",
        "| that | absent: not installed | |",
    ]
    assert lines[-2:] == ["<!-- end -->", "after"]
    assert "old" not in lines


def test_systems_with_the_same_quantities_stand_side_by_side(results: Path) -> None:
    report = Report("some")
    for name, rate in (("ours 1.0", 20.0), ("theirs", 10.0)):
        report.add(f"{name}: messages", rate, "/s")
        report.add(f"{name}: cost", 1 / rate, "us")
    report.add("ours, of theirs", 2.0, "x")
    lines = _page(results, report)
    assert lines[2:6] == [
        "| system | messages, /s | cost, us |",
        "|---|---|---|",
        "| ours 1.0 | 20 | 0.05 |",
        "| theirs | 10 | 0.1 |",
    ]
    assert "| ours, of theirs | 2 x |  |" in lines


def test_a_system_may_lack_a_quantity(results: Path) -> None:
    report = Report("some")
    for name, quantities in (("one", "adx"), ("two", "abdx"), ("none of these", "yz")):
        for quantity in quantities:
            report.add(f"{name}: {quantity}", len(quantities), "")
    lines = _page(results, report)
    assert lines[2:6] == [
        "| system | a | b | d | x |",
        "|---|---|---|---|---|",
        "| one | 3 |  | 3 | 3 |",
        "| two | 4 | 4 | 4 | 4 |",
    ]
    assert "| none of these: y | 2 |  |" in lines


def test_the_file_tells_where_and_how_it_was_measured(results: Path) -> None:
    report = Report("some")
    report.add("what", 1.0, "ms", samples=[0.5, 1.0, 7.0])
    report.finish()
    told: dict[str, Any] = json.loads((results / "some.json").read_text())
    assert {"date", "processor", "machine", "cores", "python", "command"} <= told.keys()
    assert told["rows"] == [
        {"what": "what", "median": 1.0, "unit": "ms", "target": "", "min": 0.5, "max": 7.0, "runs": 3}
    ]


def test_a_block_without_results_stays_as_it_is(tmp_path: Path) -> None:
    text = "<!-- results nothing -->\nold\n<!-- end -->\n"
    assert fill(text, tmp_path) == text


@pytest.mark.parametrize(("value", "text"), [(1234567.8, "1,234,568"), (99.94, "99.9"), (0.01234, "0.0123"), (0, "0")])
def test_figures_have_three_digits_that_count(value: float, text: str) -> None:
    assert figure(value) == text
