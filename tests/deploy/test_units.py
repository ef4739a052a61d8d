"""deploy/systemd: as systemd itself reads the units."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bigboard.settings import load_settings
from deploy.test_docker import KNOWN

_SYSTEMD = Path(__file__).parents[2] / "deploy" / "systemd"
_UNITS = sorted(path.name for path in _SYSTEMD.glob("*.service"))
_PROGRAM = "/opt/bigboard/current/bin/bigboard"

needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The folder, with a program that is there in the place of the one that is installed."""
    folder = tmp_path / "systemd"
    shutil.copytree(_SYSTEMD, folder)
    for unit in _UNITS:
        text = (folder / unit).read_text(encoding="utf-8")
        assert text.count(f"ExecStart={_PROGRAM} ") == 1
        (folder / unit).write_text(text.replace(_PROGRAM, sys.executable), encoding="utf-8")
    return folder


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, check=False, timeout=60)


@needs_systemd
def test_systemd_finds_nothing_wrong(units: Path) -> None:
    told = _analyze("verify", *(str(units / unit) for unit in [*_UNITS, "bigboard.target"]))
    assert (told.returncode, told.stderr, told.stdout) == (0, "", "")


@needs_systemd
def test_it_would_find_something(units: Path) -> None:
    unit = units / "bigboard-feed.service"
    unit.write_text(
        unit.read_text(encoding="utf-8").replace("[Service]\n", "[Service]\nMemoryMox=1G\n"), encoding="utf-8"
    )
    assert "MemoryMox" in _analyze("verify", str(unit)).stderr


@needs_systemd
@pytest.mark.parametrize("unit", _UNITS)
def test_a_role_has_next_to_no_rights(units: Path, unit: str) -> None:
    # By systemd's own measure, from 0 (none) to 10; a unit that says nothing has 9.6. In tenths here.
    told = _analyze("security", "--offline=true", "--no-pager", "--threshold=15", str(units / unit))
    assert told.returncode == 0, told.stdout[-400:]


@pytest.mark.parametrize("unit", _UNITS)
def test_a_role_has_bounds_of_its_own(unit: str) -> None:
    text = (_SYSTEMD / unit).read_text(encoding="utf-8")
    for bound in ("CPUQuota", "MemoryMax", "TasksMax", "LimitNOFILE"):
        assert len(re.findall(rf"(?m)^{bound}=\d+", text)) == 1, bound
    shared = (_SYSTEMD / "bigboard-.service.d" / "10-hardening.conf").read_text(encoding="utf-8")
    assert not re.search(r"(?m)^(CPUQuota|MemoryMax|TasksMax|LimitNOFILE|EnvironmentFile)=", shared), "it would win"


def test_every_role_is_there() -> None:
    commands = [
        (_SYSTEMD / unit).read_text(encoding="utf-8").partition(f"{_PROGRAM} ")[2].split()[0] for unit in _UNITS
    ]
    assert sorted(commands) == ["aggregator", "collector", "feed", "gateway"]


@pytest.mark.parametrize("file", sorted(_SYSTEMD.glob("*.env")), ids=lambda path: path.name)
def test_the_settings_are_settings(file: Path) -> None:
    lines = re.findall(r"(?m)^#?(BIGBOARD_[A-Z_]+)=(.*)$", file.read_text(encoding="utf-8"))
    assert lines
    assert {name.removeprefix("BIGBOARD_").lower() for name, _ in lines} <= KNOWN
    load_settings(environment=dict(lines))


@pytest.mark.parametrize("unit", [unit for unit in _UNITS if "@" in unit])
def test_two_of_a_role_have_names_of_their_own_however_long_the_hosts_is(unit: str) -> None:
    told = re.search(r"(?m)^Environment=BIGBOARD_NAME=(\S+)$", (_SYSTEMD / unit).read_text(encoding="utf-8"))
    assert told is not None
    assert "%H" in told[1], "two machines may share a board"
    # Linux takes names of 64 characters.
    names = {told[1].replace("%H", "h" * 64).replace("%i", str(number)) for number in (1, 2)}
    assert {load_settings(environment={"BIGBOARD_NAME": name}).name for name in names} == names
    assert len(names) == 2


def test_two_gateways_have_ports_of_their_own() -> None:
    ports = re.findall(r"=(\d+)", "".join(path.read_text(encoding="utf-8") for path in _SYSTEMD.glob("gateway-*.env")))
    assert len(ports) == len(set(ports)) == 4
