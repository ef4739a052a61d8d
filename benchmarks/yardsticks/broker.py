"""Starts a server that somebody else wrote, from a configuration file in a folder of its own."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from yardsticks.base import SERVER_CORE, on_core

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Broker", "free_port"]

_START_S = 15.0


def free_port() -> int:
    """A port that nobody has at this moment, for a server that cannot choose one and tell it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Broker(subprocess.Popen[bytes]):
    """The process, its folder with it: whoever ends it by ``terminate`` and ``wait`` has both gone."""

    def __init__(self, command: Callable[[Path], list[str]], configuration: Callable[[Path], str], port: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="yardstick-")
        folder = Path(self._folder.name)
        file = folder / "server.conf"
        file.write_text(configuration(folder), encoding="utf-8")
        with on_core(SERVER_CORE):
            super().__init__(command(file), stdin=subprocess.DEVNULL, cwd=folder)
        try:
            self._until_it_listens(port)
        except BaseException:
            self.kill()
            self.wait()
            raise

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end."""
        status = super().wait(timeout)
        self._folder.cleanup()
        return status

    def _until_it_listens(self, port: int) -> None:
        deadline = time.monotonic() + _START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
            except OSError:
                if self.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"did not start: {self.args!r}") from None
                time.sleep(0.02)
            else:
                return
