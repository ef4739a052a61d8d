"""nats-server and its WebSocket listener; the publisher has a plain TCP connection."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

import psutil
from yardsticks.base import Absent, Beats, Running
from yardsticks.broker import Broker, free_port
from yardsticks.publisher import start_publisher

__all__ = ["Nats"]

_CONFIGURATION = """
listen: "127.0.0.1:{port}"
max_connections: 20000
ping_interval: "10m"
websocket {{
  listen: "127.0.0.1:{websocket_port}"
  no_tls: true
  compression: false
}}
"""


@dataclass(frozen=True)
class Nats:
    """See the module's docstring."""

    name: str = "nats-server"

    def start(self, beats: Beats) -> Running:
        """See ``Yardstick``."""
        server = shutil.which("nats-server")
        if server is None:
            raise Absent("no nats-server: on Debian, the package of this name")
        port, websocket_port = free_port(), free_port()
        text = _CONFIGURATION.format(port=port, websocket_port=websocket_port)
        broker = Broker(
            lambda file: [server, "-c", str(file), "-l", str(file.with_suffix(".log"))], lambda _: text, websocket_port
        )
        publisher = start_publisher("nats", port, beats)
        told = subprocess.run([server, "--version"], capture_output=True, text=True, check=True).stdout
        return Running(
            websocket_port,
            tongue="nats",
            version=told.strip().rpartition(" v")[2],
            servers=[psutil.Process(broker.pid)],
            processes=[broker, publisher],
        )
