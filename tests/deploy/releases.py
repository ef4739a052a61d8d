"""deploy.sh and what it installs: a wheel of these sources, with what it needs found where the tests have it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

__all__ = ["SCRIPT", "build_wheel", "deploy"]

_ROOT = Path(__file__).parents[2]
SCRIPT = _ROOT / "deploy" / "deploy.sh"


def deploy(root: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Call deploy.sh on a folder of its own."""
    # pip takes the wheel alone; what it needs is found where these tests have it, so nothing is fetched.
    environment = os.environ | {
        "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "BIGBOARD_EXTRAS": "", "PYTHON": sys.executable,
        "PYTHONPATH": sysconfig.get_path("purelib"),
    } | variables  # fmt: skip
    return subprocess.run(
        [SCRIPT, "--root", root, *arguments], capture_output=True, text=True, check=False, timeout=200, env=environment
    )


def build_wheel(folder: Path) -> Path:
    """The wheel of these sources."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=_ROOT, check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))
