"""The publisher of systems that are brokers: a process on the clients' core with a connection to them.

python -m yardsticks.publisher PROTOCOL PORT
"""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from market import template
from yardsticks.base import CLIENT_CORE, Beats, on_core, read_line

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["start_publisher"]

_CONNECT_S = 10.0


def start_publisher(protocol: str, port: int, beats: Beats) -> subprocess.Popen[bytes]:
    """Start one and wait until it is connected; ``protocol`` is ``nchan`` or ``nats``."""
    with on_core(CLIENT_CORE):
        process = subprocess.Popen(
            [sys.executable, "-m", "yardsticks.publisher", protocol, str(port)],
            cwd=Path(__file__).parents[1], stdin=beats.reader, stdout=subprocess.PIPE,
        )  # fmt: skip
    read_line(process)
    return process


def _post(message: bytes) -> bytes:
    head = (
        f"POST /publish HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain\r\nContent-Length: {len(message)}\r\n\r\n"
    )
    return head.encode() + message


def _pub(message: bytes) -> bytes:
    return f"PUB board {len(message)}\r\n".encode() + message + b"\r\n"


_PROTOCOLS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "nchan": (b"", _post),
    "nats": (b'CONNECT {"verbose":false,"pedantic":false}\r\n', _pub),
}


def main() -> None:
    """Publish once for each beat; what the server answers is read and dropped, save a question whether one is there."""
    greeting, wrap = _PROTOCOLS[sys.argv[1]]
    text = template()
    sequence = 0
    with socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=_CONNECT_S) as server:
        server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        server.sendall(greeting)
        print("connected", flush=True)
        while True:
            ready, _, _ = select.select([0, server.fileno()], [], [])
            if server.fileno() in ready:
                answer = server.recv(65_536)
                if not answer:
                    raise SystemExit("the server closed the publisher's connection")
                if answer.startswith(b"PING"):
                    server.sendall(b"PONG\r\n")
            if 0 in ready:
                beats = os.read(0, 4_096)
                if not beats:
                    return
                for _ in beats:
                    sequence += 1
                    message = text.replace("@SINCE@", str(sequence - 1)).replace("@SEQUENCE@", str(sequence))
                    server.sendall(wrap(message.encode()))


if __name__ == "__main__":
    main()
