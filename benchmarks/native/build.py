"""Compiles the C programs of the benchmarks, once for each version of their source."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path

__all__ = ["CACHE", "program"]

_HERE = Path(__file__).parent
CACHE = _HERE.parent / ".cache"
"""What is compiled or installed for the benchmarks; git ignores it."""

_SOURCES = {
    "crowd": (
        "crowd.c", "client.c", "inbound.c", "message.c", "websocket.c", "subscribe.c", "options.c", "tally.c", "beats.c",
        "lockstep.c",
    ),
    "bare": ("bare.c", "websocket.c"),
}  # fmt: skip
_FLAGS = ("-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror")


def program(name: str) -> Path:
    """The compiled program. Ends the benchmark with a clear line if there is no C compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise SystemExit("the clients of this benchmark are a C program, and there is no cc on the PATH")
    sources = [_HERE / source for source in _SOURCES[name]]
    digest = hashlib.sha256(" ".join(_FLAGS).encode())
    for source in (*sources, *sorted(_HERE.glob("*.h"))):
        digest.update(source.read_bytes())
    made = CACHE / f"{name}-{digest.hexdigest()[:16]}"
    if not made.exists():
        CACHE.mkdir(exist_ok=True)
        unfinished = made.with_suffix(".unfinished")
        subprocess.run([compiler, *_FLAGS, "-o", unfinished, *sources], check=True)
        unfinished.replace(made)
    return made
