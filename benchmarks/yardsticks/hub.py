"""Bigboard: the hub port with its broadcaster, and a writer in the same process that commits once for each beat."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
import uvloop
from market import NARROW, Wide, narrow_fields
from yardsticks.base import Beats, Running, run_module

from bigboard.board import Board, Update
from bigboard.clock import SystemClock
from bigboard.garbage import Garbage
from bigboard.gateway import Hub, OriginCheck, PortServer, bind, hub_app
from bigboard.gateway.limits import GatewayLimits
from bigboard.history import MemoryCandleHistory
from bigboard.logs import configure_logs
from bigboard.version import VERSION
from bigboard.wire import SessionLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Bigboard"]


@dataclass(frozen=True)
class Bigboard:
    """The system under test. Without ``symbols`` its market is narrow."""

    name: str = "Bigboard"
    symbols: int = 0
    changed: int = 0
    stuck_s: float = 30.0

    def start(self, beats: Beats) -> Running:
        """See ``Yardstick``."""
        arguments = [f"--symbols={self.symbols}", f"--changed={self.changed}", f"--stuck-s={self.stuck_s}"]
        process, hello = run_module("yardsticks.hub", arguments, beats)
        return Running(
            hello["port"], "/ws", "board", hello["epoch"], hello["sequence"], VERSION,
            [psutil.Process(process.pid)], [process],
        )  # fmt: skip


_ROUND = 1_000
"""Commits that are made ready; their values differ, and a board that has gone through them sees the first as news again."""


class _Writer:
    """Commits for each beat, and ends the process when no more can come.

    What it commits is made before: to think up a market is no work of the server's, and with few clients was a quarter of
    what the process did.
    """

    def __init__(self, hub: Hub, updates: Callable[[int], Sequence[Update]]) -> None:
        self._hub = hub
        self._prepared = [updates(number) for number in range(1, _ROUND + 1)]
        self._number = 0

    def take(self) -> None:
        beats = os.read(0, 4_096)
        if not beats:
            os._exit(0)
        for _ in beats:
            self._hub.board.apply_all(self._prepared[self._number % _ROUND])
            self._number += 1
            diff = self._hub.board.commit(time.time_ns() // 1_000_000)
            assert diff is not None, "the crowd takes each beat for a commit"
        self._hub.wake()


def _narrow(number: int) -> Sequence[Update]:
    return (Update("market_data", NARROW, narrow_fields(number)),)


async def _serve(symbols: int, changed: int, stuck_s: float) -> None:
    board = Board("bench")
    wide = Wide(symbols, changed)
    board.apply_all(wide.rows() if symbols else _narrow(0))
    board.commit(time.time_ns() // 1_000_000)
    # An interval of 1 ms is for the saturated case, in which the clients take all that the server can send.
    # The whole crowd comes from one address.
    hub = Hub(
        board, SystemClock(), MemoryCandleHistory(), limits=SessionLimits(min_interval_ms=1), stuck_s=stuck_s,
        bounds=GatewayLimits(connections=1_000_000, connections_per_address=1_000_000),
    )  # fmt: skip
    listener = bind("127.0.0.1", 0, "port")
    port = PortServer(hub_app(hub, OriginCheck([])), listener, hub.sockets, max_message=65_536, shutdown_timeout_s=1)
    asyncio.get_running_loop().add_reader(0, _Writer(hub, wide.updates if symbols else _narrow).take)
    # As the runtime does it: Python's own rhythm of collections is made for small programs.
    broadcaster = hub.broadcaster
    garbage = Garbage(hub.clock, present=lambda: len(broadcaster.members), left=lambda: broadcaster.left)
    with garbage.tamed():
        collector = asyncio.create_task(garbage.run())
        print(json.dumps({"port": port.port, "epoch": board.epoch, "sequence": board.sequence}), flush=True)
        await port.run()
        collector.cancel()


def main() -> None:
    """The server process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--symbols", type=int)
    parser.add_argument("--changed", type=int)
    parser.add_argument("--stuck-s", type=float)
    options = parser.parse_args(sys.argv[1:])
    # As the command does it; unconfigured, every line would go to standard output, which is the benchmark's.
    configure_logs("warning", "text")
    uvloop.run(_serve(options.symbols, options.changed, options.stuck_s))


if __name__ == "__main__":
    main()
