"""The limit: a loop in C that sends a prebuilt frame to each client, and does nothing else; see ``native/bare.c``."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass

import psutil
from market import template
from native.build import program
from yardsticks.base import SERVER_CORE, Beats, Running, on_core, read_line

__all__ = ["BareLoop"]


@dataclass(frozen=True)
class BareLoop:
    """No protocol, no rates, no slow clients: what the kernel needs to send, and nothing more."""

    name: str = "send() loop in C"

    def start(self, beats: Beats) -> Running:
        """See ``Yardstick``."""
        with on_core(SERVER_CORE):
            process = subprocess.Popen(
                [program("bare"), template()], stdin=beats.reader, stdout=subprocess.PIPE
            )  # fmt: skip
        hello = json.loads(read_line(process))
        return Running(hello["port"], servers=[psutil.Process(process.pid)], processes=[process])
