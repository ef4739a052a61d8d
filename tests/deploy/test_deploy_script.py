"""deploy/deploy.sh under a folder of its own, with a real wheel and pip: what it puts where, and that it can go back."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.releases import SCRIPT, Checkout

_ROOT = Path(__file__).parents[2]


def _current(root: Path) -> Path:
    """The release that runs."""
    return (root / "opt/bigboard/current").resolve(strict=True)


def test_shellcheck_finds_nothing() -> None:
    scripts = [SCRIPT, SCRIPT.parent / "docker" / "make-secrets", _ROOT / "scripts" / "test-system-packages"]
    shellcheck = Path(sys.executable).with_name("shellcheck")
    told = subprocess.run([shellcheck, *scripts], capture_output=True, text=True, check=False, timeout=60)
    assert (told.returncode, told.stdout) == (0, "")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_installs_upgrades_goes_back_and_keeps_what_somebody_wrote(
    tmp_path: Path, wheel: Path, checkout: Checkout
) -> None:
    done = checkout.deploy(tmp_path, str(wheel))
    assert done.returncode == 0, done.stderr
    first = _current(tmp_path)
    program = first / "bin" / "bigboard"
    assert re.search(r"^bigboard \d", done.stderr, re.MULTILINE), "it tries the program before it runs it"
    assert program.is_file()
    units = tmp_path / "etc/systemd/system"
    assert {path.name for path in units.iterdir()} == {
        path.name for path in (_ROOT / "deploy/systemd").iterdir() if path.suffix != ".env"
    }
    settings = tmp_path / "etc/bigboard"
    assert {path.name: path.stat().st_mode & 0o777 for path in settings.iterdir()} == {
        "bigboard.env": 0o640, "gateway-1.env": 0o640, "gateway-2.env": 0o640, "keys": 0o700
    }  # fmt: skip

    (settings / "bigboard.env").write_text("BIGBOARD_REDIS=redis://elsewhere\n", encoding="utf-8")
    (units / "bigboard-feed.service").write_text("old", encoding="utf-8")
    assert checkout.deploy(tmp_path, str(wheel)).returncode == 0
    second = _current(tmp_path)
    assert second != first
    assert first.is_dir()
    assert (settings / "bigboard.env").read_text(encoding="utf-8") == "BIGBOARD_REDIS=redis://elsewhere\n"
    assert (units / "bigboard-feed.service").read_text(encoding="utf-8") != "old"

    assert checkout.deploy(tmp_path, "--rollback").returncode == 0
    assert _current(tmp_path) == first
    assert "no release before" in checkout.deploy(tmp_path, "--rollback").stderr


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_release_that_cannot_be_made_touches_nothing_and_old_ones_are_forgotten(
    tmp_path: Path, wheel: Path, checkout: Checkout
) -> None:
    releases = tmp_path / "opt/bigboard/releases"
    for day in range(1, 6):
        (releases / f"2020010{day}T000000Z.abcd").mkdir(parents=True)
    assert checkout.deploy(tmp_path, str(wheel)).returncode == 0
    kept = sorted(releases.iterdir())
    assert [path.name[:8] for path in kept[:-1]] == ["20200104", "20200105"]
    assert _current(tmp_path) == kept[-1]
    broken = tmp_path / wheel.name
    broken.write_bytes(wheel.read_bytes()[:1_000])
    done = checkout.deploy(tmp_path, str(broken))
    assert done.returncode != 0
    assert "what runs was not touched" in done.stderr
    assert sorted(releases.iterdir()) == kept
    assert _current(tmp_path) == kept[-1]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_it_needs_comes_at_the_pinned_versions_and_by_its_hash(
    tmp_path: Path, wheel: Path, checkout: Checkout
) -> None:
    done = checkout.deploy(tmp_path, str(wheel))
    assert done.returncode == 0, done.stderr
    assert list((_current(tmp_path) / "lib").glob("python3*/site-packages/pinned-1.0.dist-info"))
    before = _current(tmp_path)
    checkout.pin("0" * 64)
    done = checkout.deploy(tmp_path, str(wheel))
    assert done.returncode != 0
    assert "HASH" in done.stderr.upper()
    assert "what runs was not touched" in done.stderr
    assert _current(tmp_path) == before
    checkout.pins.unlink()
    assert "run.txt" in checkout.deploy(tmp_path, str(wheel)).stderr


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ([], 2, "deploy.sh"),
        (["--fly"], 1, "no option --fly"),
        (["a", "b"], 1, "one release"),
        (["nowhere.whl"], 1, "no file nowhere.whl"),
        (["--help"], 0, ""),
    ],
)
def test_mistakes_are_told(tmp_path: Path, checkout: Checkout, arguments: list[str], status: int, words: str) -> None:
    done = checkout.deploy(tmp_path, *arguments)
    assert (done.returncode, words in done.stderr) == (status, True)
    assert list(tmp_path.iterdir()) == []
