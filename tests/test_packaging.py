"""What a user gets from pip: a wheel with the built page in it, so that it needs no Node."""

from __future__ import annotations

import os
import re
import shutil
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
    wheel, _ = _build(_ROOT, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        index = archive.read(f"{_PACKAGE}index.html").decode()
    assets = re.findall(r'(?:src|href)="/([^"]+)"', index)
    assert assets, "the page names no assets"
    assert {f"{_PACKAGE}{asset}" for asset in assets} <= names
    assert "bigboard/py.typed" in names


@pytest.mark.slow
def test_the_part_in_c_is_in_the_wheel_where_there_is_a_compiler_and_missed_where_there_is_none(tmp_path: Path) -> None:
    # A tree of its own: a build puts the module beside the sources, and takes one away that it cannot build anew.
    tree = tmp_path / "tree"
    shutil.copytree(_ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("page", "__pycache__", "*.so"))
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(_ROOT / name, tree)
    (tree / "src" / "bigboard" / "gateway" / "page").mkdir()
    wheel, _ = _build(tree, tmp_path / "with")
    assert re.fullmatch(r"bigboard-.+-cp311-abi3-\w+\.whl", wheel.name)
    assert "bigboard/gateway/_burst.abi3.so" in zipfile.ZipFile(wheel).namelist()
    wheel, told = _build(tree, tmp_path / "without", CC="/nowhere/cc")
    assert wheel.name.endswith("-none-any.whl")
    assert "send from Python alone" in told
    assert "/nowhere/cc" in told
    assert not [name for name in zipfile.ZipFile(wheel).namelist() if name.endswith(".so")]


def _build(tree: Path, folder: Path, **environment: str) -> tuple[Path, str]:
    """The wheel of a tree, and what was said while it was built."""
    told = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=tree,
        env={**os.environ, **environment},
        check=True,
        timeout=60,
        capture_output=True,
        text=True,
    )
    (wheel,) = folder.glob("*.whl")
    return wheel, told.stdout + told.stderr


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
