"""What the scenarios measure, and the report that `make soak` makes of it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_Figures: TypeAlias = dict[str, dict[str, str]]
_FIGURES = pytest.StashKey[_Figures]()
_OUTCOMES = pytest.StashKey[dict[str, str]]()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Call it with what was measured and the figure with its unit."""
    figures = request.config.stash.setdefault(_FIGURES, {})

    def note(what: str, figure: str) -> None:
        figures.setdefault(request.node.nodeid, {})[what] = figure

    return note


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note how each scenario ended."""
    report = yield
    outcomes = item.config.stash.setdefault(_OUTCOMES, {})
    if report.when == "call" or report.outcome != "passed":
        outcomes[item.nodeid] = report.outcome
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report where the environment asks for one."""
    path = os.environ.get("SOAK_REPORT")
    outcomes = session.config.stash.get(_OUTCOMES, {})
    if path and outcomes:
        Path(path).write_text(_report(outcomes, session.config.stash.get(_FIGURES, {})), encoding="utf-8")


def _report(outcomes: dict[str, str], figures: _Figures) -> str:
    passed = sum(outcome == "passed" for outcome in outcomes.values())
    head = [
        "# The last report of `make soak`",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} processors, Python {platform.python_version()}.",
        f"{passed} of {len(outcomes)} scenarios passed; [reliability.md](reliability.md) says what each of them is.",
        "",
        "| scenario | outcome | measured |",
        "|---|---|---|",
    ]
    rows = [
        f"| {_name(node)} | {outcome} | {'; '.join(f'{what} {value}' for what, value in figures.get(node, {}).items())} |"
        for node, outcome in outcomes.items()
    ]
    return "\n".join([*head, *rows, ""])


def _name(node: str) -> str:
    return node.rpartition("::")[2].removeprefix("test_").replace("_", " ")
