"""What a user gets from pip: a wheel with the built page in it, so that it needs no Node."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_PAGE = _ROOT / "src" / "bigboard" / "gateway" / "page"
_PACKAGE = "bigboard/gateway/page/"


@pytest.mark.slow
def test_the_wheel_carries_the_built_page(tmp_path: Path) -> None:
    if not (_PAGE / "index.html").is_file():
        pytest.fail("the page is not built: make web")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=_ROOT,
        check=True,
        timeout=60,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        index = archive.read(f"{_PACKAGE}index.html").decode()
    assets = re.findall(r'(?:src|href)="/([^"]+)"', index)
    assert assets, "the page names no assets"
    assert {f"{_PACKAGE}{asset}" for asset in assets} <= names
    assert "bigboard/py.typed" in names


def test_pins_name_no_registry() -> None:
    for pins in [*(_ROOT / "requirements").iterdir(), _ROOT / "web" / "package-lock.json"]:
        text = pins.read_text(encoding="utf-8")
        assert "--index-url" not in text
        # Packages of the workspace itself are resolved to their folder; no other may say where it came from.
        assert re.findall(r'"resolved": "(?!app"|packages/)', text) == []
    for name in ("run", "test"):
        pinned = (_ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
        packages = re.findall(r"^[a-zA-Z0-9][^\s=]*==", pinned, re.MULTILINE)
        assert packages
        assert pinned.count("--hash=sha256:") >= len(packages)
