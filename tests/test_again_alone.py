"""What `make test` does about a test that fails beside others: once more alone, said aloud, and never for many."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parents[1] / "scripts" / "test-again-alone"
_TESTS = """
from pathlib import Path
import pytest

@pytest.mark.parametrize("number", range({count}))
def test_it(number):
    tried = Path(f"tried-{{number}}")
    first = not tried.exists()
    tried.touch()
    assert not first and {passes}

def test_another():
    Path("others").open("a").write("x")
"""


def _made(folder: Path, *, count: int, passes: bool) -> subprocess.CompletedProcess[str]:
    (folder / "test_them.py").write_text(_TESTS.format(count=count, passes=passes), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "test_them.py"]
    assert subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=60).returncode == 1
    return subprocess.run(
        [sys.executable, _SCRIPT], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("count", [1, 2])
def test_what_passes_alone_is_named(tmp_path: Path, count: int) -> None:
    ended = _made(tmp_path, count=count, passes=True)
    assert ended.returncode == 0
    (line,) = (line for line in ended.stdout.splitlines() if line.startswith("UNSTEADY"))
    assert line.count("test_them.py::test_it") == count
    assert (tmp_path / "others").read_text() == "x", "whoever passed is not run again"


def test_what_fails_alone_too_is_a_failure(tmp_path: Path) -> None:
    ended = _made(tmp_path, count=1, passes=False)
    assert ended.returncode == 1
    assert "UNSTEADY" not in ended.stdout


def test_many_failures_are_not_tried_again(tmp_path: Path) -> None:
    ended = _made(tmp_path, count=3, passes=True)
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert (tmp_path / "others").read_text() == "x"


def test_where_nothing_failed_there_is_nothing_to_try(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, _SCRIPT], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert ended.returncode == 1
