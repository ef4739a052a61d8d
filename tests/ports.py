"""Ports for servers that cannot be told to take any: nothing else on the machine takes such a port meanwhile."""

from __future__ import annotations

import os
import secrets
import socket
from itertools import count
from pathlib import Path

__all__ = ["free_port", "free_ports"]

_FIRST = 10_000
_WORKERS = 8
"""Test processes at once that each have a part of the ports to themselves."""


def _below_the_ephemeral() -> int:
    """Where the ports begin that the system gives to outgoing connections and to whoever asks for any."""
    told = Path("/proc/sys/net/ipv4/ip_local_port_range")
    return int(told.read_text(encoding="ascii").split()[0]) if told.exists() else 32_768


_SHARE = (_below_the_ephemeral() - _FIRST) // _WORKERS
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
_given = count(secrets.randbelow(_SHARE))
"""Two runs at once mostly begin far from each other."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that this process has not given for a long time.

    To ask the system for any and let it go again gives one that a connection of another test may take before the server
    is up.
    """
    for _ in range(_SHARE):
        port = _FIRST + _WORKER * _SHARE + next(_given) % _SHARE
        with socket.socket() as probe:
            # As servers bind: a port that is only in the last state of a closed connection is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise RuntimeError(f"no free port from {_FIRST} up")


def free_ports(number: int) -> list[int]:
    """So many different ones."""
    return [free_port() for _ in range(number)]
