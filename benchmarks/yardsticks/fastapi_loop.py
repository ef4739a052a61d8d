"""The plain FastAPI loop: each connection serialises the whole state by itself and sends it, interval after interval.

Under uvicorn as its ``standard`` extra runs it: uvloop, httptools, websockets.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import psutil
import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from market import Wide
from yardsticks.base import Beats, Running, run_module

from bigboard.gateway import bind

__all__ = ["FastApiLoop"]


@dataclass(frozen=True)
class FastApiLoop:
    """See the module's docstring."""

    symbols: int
    changed: int
    interval_ms: int
    name: str = "plain FastAPI loop"

    def start(self, beats: Beats) -> Running:
        """See ``Yardstick``."""
        arguments = [str(self.symbols), str(self.changed), str(self.interval_ms)]
        process, hello = run_module("yardsticks.fastapi_loop", arguments, beats)
        return Running(
            hello["port"], version=version("fastapi"), servers=[psutil.Process(process.pid)], processes=[process]
        )


class _State:
    """What the board holds, as a dictionary, and the number of the last change."""

    def __init__(self, wide: Wide) -> None:
        self._wide = wide
        self._sequence = 0
        self._rows: dict[str, dict[str, Any]] = {update.key: dict(update.data) for update in wide.rows()}

    def take(self) -> None:
        beats = os.read(0, 4_096)
        if not beats:
            os._exit(0)
        for _ in beats:
            self._sequence += 1
            for update in self._wide.updates(self._sequence):
                self._rows[update.key].update(update.data)

    def message(self) -> dict[str, Any]:
        head = {"type": "state_update", "epoch": "bench", "sequence": self._sequence}
        return {**head, "data": {"market_data": self._rows}}


def _app(state: _State, interval_s: float) -> FastAPI:
    app = FastAPI()

    async def stream(websocket: WebSocket) -> None:
        await websocket.accept()
        with suppress(WebSocketDisconnect):
            while True:
                await websocket.send_text(json.dumps(state.message(), separators=(",", ":")))
                await asyncio.sleep(interval_s)

    app.add_api_websocket_route("/", stream)
    return app


async def _serve(symbols: int, changed: int, interval_ms: int) -> None:
    state = _State(Wide(symbols, changed))
    listener = bind("127.0.0.1", 0, "port")
    config = uvicorn.Config(_app(state, interval_ms / 1000), lifespan="off", log_config=None, access_log=False)
    asyncio.get_running_loop().add_reader(0, state.take)
    print(json.dumps({"port": listener.getsockname()[1]}), flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


def main() -> None:
    """The server process."""
    parser = argparse.ArgumentParser()
    for name in ("symbols", "changed", "interval_ms"):
        parser.add_argument(name, type=int)
    options = parser.parse_args()
    uvloop.run(_serve(options.symbols, options.changed, options.interval_ms))


if __name__ == "__main__":
    main()
