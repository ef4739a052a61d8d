"""python-websockets and its own ``broadcast``, on uvloop as Bigboard is."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import dataclass
from importlib.metadata import version

import psutil
import uvloop
from market import template
from websockets.asyncio.server import ServerConnection, broadcast, serve
from yardsticks.base import Beats, Running, run_module

__all__ = ["WebsocketsBroadcast"]


@dataclass(frozen=True)
class WebsocketsBroadcast:
    """See the module's docstring."""

    name: str = "python-websockets broadcast"

    def start(self, beats: Beats) -> Running:
        """See ``Yardstick``."""
        process, hello = run_module("yardsticks.websockets_broadcast", [], beats)
        return Running(
            hello["port"], version=version("websockets"), servers=[psutil.Process(process.pid)], processes=[process]
        )


async def _serve() -> None:
    text = template()
    sequence = 0

    async def stay(connection: ServerConnection) -> None:
        await connection.wait_closed()

    def take() -> None:
        nonlocal sequence
        beats = os.read(0, 4_096)
        if not beats:
            os._exit(0)
        for _ in beats:
            sequence += 1
            message = text.replace("@SINCE@", str(sequence - 1)).replace("@SEQUENCE@", str(sequence))
            broadcast(server.connections, message)

    async with serve(stay, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=4_096) as server:
        asyncio.get_running_loop().add_reader(0, take)
        print(json.dumps({"port": next(iter(server.sockets)).getsockname()[1]}), flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_serve())
