"""deploy.sh and what it installs: wheels of these sources, and a checkout whose pins need no network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

__all__ = ["SCRIPT", "Checkout", "build_wheel", "changed"]

_ROOT = Path(__file__).parents[2]
SCRIPT = _ROOT / "deploy" / "deploy.sh"


class Checkout:
    """deploy/ beside pins that name one small package; what Bigboard needs is found where these tests have it."""

    def __init__(self, folder: Path) -> None:
        self.pins = folder / "requirements" / "run.txt"
        self.script = folder / "deploy" / "deploy.sh"
        self._packages = folder / "packages"
        shutil.copytree(SCRIPT.parent, self.script.parent)
        self.pins.parent.mkdir()
        self._packages.mkdir()
        pinned = self._packages / "pinned-1.0-py3-none-any.whl"
        with zipfile.ZipFile(pinned, "w") as wheel:
            wheel.writestr("pinned.py", "")
            wheel.writestr("pinned-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: pinned\nVersion: 1.0\n")
            wheel.writestr(
                "pinned-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            wheel.writestr("pinned-1.0.dist-info/RECORD", "")
        self.hash = hashlib.sha256(pinned.read_bytes()).hexdigest()
        self.pin(self.hash)

    def pin(self, hash_: str) -> None:
        """Have the pins name this hash."""
        self.pins.write_text(f"pinned==1.0 --hash=sha256:{hash_}\n", encoding="utf-8")

    def deploy(self, root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Call deploy.sh on a folder of its own."""
        environment = os.environ | {
            "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self._packages), "PYTHON": sys.executable,
            "PYTHONPATH": sysconfig.get_path("purelib"),
        } | variables  # fmt: skip
        command: list[str | Path] = [self.script, "--root", root, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=250, env=environment)


def build_wheel(folder: Path) -> Path:
    """The wheel of these sources."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=_ROOT, check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


def changed(wheel: Path, folder: Path, member: str, text: str) -> Path:
    """A wheel like this one, but for one file."""
    made = folder / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(made, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, text if entry.filename == member else old.read(entry))
    return made
