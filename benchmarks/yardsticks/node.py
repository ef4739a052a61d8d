"""Node and its most used WebSocket server, ``ws``, in the version that ``node_ws/package-lock.json`` names."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psutil
from market import template
from native.build import CACHE
from yardsticks.base import SERVER_CORE, Absent, Beats, Running, on_core, read_line

__all__ = ["NodeWs"]

_HERE = Path(__file__).parent / "node_ws"
_INSTALL_S = 120.0


@dataclass(frozen=True)
class NodeWs:
    """Without bufferutil, which only helps with the masks of what clients send."""

    name: str = "Node ws"

    def start(self, beats: Beats) -> Running:
        """See ``Yardstick``."""
        node, npm = shutil.which("node"), shutil.which("npm")
        if node is None or npm is None:
            raise Absent("node and npm are not here")
        folder = _install(npm)
        with on_core(SERVER_CORE):
            process = subprocess.Popen(
                [node, _HERE / "server.mjs", folder, template()], stdin=beats.reader, stdout=subprocess.PIPE
            )
        hello = json.loads(read_line(process))
        found = json.loads((folder / "node_modules" / "ws" / "package.json").read_text(encoding="utf-8"))
        node_version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        return Running(
            hello["port"],
            version=f"{found['version']} (Node {node_version.lstrip('v')})",
            servers=[psutil.Process(process.pid)],
            processes=[process],
        )


def _install(npm: str) -> Path:
    """The folder with ``node_modules``, made anew whenever the lock file is another one."""
    folder = CACHE / "node_ws"
    lock = (_HERE / "package-lock.json").read_bytes()
    done = folder / "installed.json"
    if done.exists() and done.read_bytes() == lock:
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(_HERE / name, folder)
    command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        raise Absent("npm could not install ws in time") from None
    if ended.returncode != 0:
        raise Absent(f"npm could not install ws: {ended.stderr.strip().splitlines()[-1:]}")
    done.write_bytes(lock)
    return folder
