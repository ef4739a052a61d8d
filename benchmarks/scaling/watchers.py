"""Clients that read every message whole and measure how old each row is when it comes.

    python -m scaling.watchers FIELD INTERVAL_MS URL…

One client for each URL, of class ``api``, in MessagePack. FIELD is the field of ``market_data`` that holds the moment at
which the row was published, in epoch milliseconds. When all of them have a state, the symbols are told; then a line
``begin`` starts to count and a line ``end`` tells what was counted.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from typing import TYPE_CHECKING, Any

import msgspec
import uvloop
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from bigboard.wire.limits import INTERVALS_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from websockets.asyncio.client import ClientConnection

__all__ = ["SUBSCRIPTIONS", "Watcher", "quantile"]

SUBSCRIPTIONS = ["market_data", "services", "metrics:total"]
_OPEN_S = 20.0


class _Message(msgspec.Struct, omit_defaults=True):
    type: str
    epoch: str = ""
    since: int = -1
    sequence: int = -1
    data: dict[str, Any] = {}
    changes: dict[str, Any] = {}


_decode = msgspec.msgpack.Decoder(_Message).decode


class Watcher:
    """What one client saw; the protocol without a socket. Times are epoch milliseconds."""

    def __init__(self, field: str) -> None:
        self.symbols: set[str] = set()
        self.services: dict[str, dict[str, Any]] = {}
        """The rows of ``services``, and that of ``metrics:total`` under its name."""
        self.gaps = 0
        self._field = field
        self._held = ("", -1)
        self.begin()

    def begin(self) -> None:
        """Count anew."""
        self.messages = self.bytes = self.rows = 0
        self.ages = array("d")

    def take(self, payload: bytes, now_ms: float) -> None:
        """Take one message, which arrived now."""
        message = _decode(payload)
        if message.type == "diff_update":
            self.messages += 1
            self.bytes += len(payload)
            if self._held != (message.epoch, message.since):
                self.gaps += 1
            rows = message.changes.get("market_data", {})
            self.symbols.update(rows)
            self._rows(rows, now_ms)
            self._note(message.changes)
        elif message.type == "state_update":
            self.symbols.update(message.data["market_data"])
            self._note(message.data)
        elif message.type != "heartbeat":
            return
        self._held = (message.epoch, message.sequence)

    def _rows(self, rows: dict[str, Any], now_ms: float) -> None:
        ages, field = self.ages, self._field
        for row in rows.values():
            published_ms = row.get(field) if row is not None else None
            if published_ms is not None:
                ages.append(now_ms - published_ms)

    def _note(self, topics: dict[str, Any]) -> None:
        for topic in ("services", "metrics"):
            for name, row in topics.get(topic, {}).items():
                self.services.setdefault(name, {}).update(row or {})


def quantile(ordered: Sequence[float], share: float) -> float:
    """What a share of all does not exceed; not a number if there are none."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")


async def _follow(socket: ClientConnection, watcher: Watcher) -> None:
    async for payload in socket:
        assert isinstance(payload, bytes)
        watcher.take(payload, time.time() * 1e3)


async def _open(url: str, interval_ms: int) -> ClientConnection:
    socket = await connect(
        f"{url}?client=api", subprotocols=[Subprotocol("bigboard.v1.msgpack")], compression=None, max_size=None
    )
    wish: dict[str, Any] = {"action": "subscribe", "subscriptions": SUBSCRIPTIONS}
    if interval_ms != INTERVALS_MS["api"]:
        wish["interval_ms"] = interval_ms
    await socket.send(json.dumps(wish))
    return socket


async def _until_all_are_there(watchers: Sequence[Watcher]) -> None:
    """Wait until every watcher has symbols, and no more come."""
    async with asyncio.timeout(_OPEN_S):
        counts = [0]
        while not all(counts) or counts != [len(watcher.symbols) for watcher in watchers]:
            counts = [len(watcher.symbols) for watcher in watchers]
            await asyncio.sleep(0.3)


def _report(watchers: Sequence[Watcher]) -> dict[str, Any]:
    ages = sorted(age for watcher in watchers for age in watcher.ages)
    return {
        "messages": [watcher.messages for watcher in watchers],
        "bytes": [watcher.bytes for watcher in watchers],
        "rows": [len(watcher.ages) for watcher in watchers],
        "gaps": sum(watcher.gaps for watcher in watchers),
        "p50": quantile(ages, 0.5),
        "p99": quantile(ages, 0.99),
        "p999": quantile(ages, 0.999),
        "max": ages[-1] if ages else float("nan"),
        "services": {name: row for name, row in watchers[0].services.items() if row.get("kind") != "stream"},
    }


async def _run(field: str, interval_ms: int, urls: Sequence[str]) -> None:
    watchers = [Watcher(field) for _ in urls]
    sockets = [await _open(url, interval_ms) for url in urls]
    following = [asyncio.create_task(_follow(*pair)) for pair in zip(sockets, watchers, strict=True)]
    await _until_all_are_there(watchers)
    print(json.dumps({"symbols": sorted(watchers[0].symbols)}), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        if line == "begin\n":
            for watcher in watchers:
                watcher.begin()
        else:
            print(json.dumps(_report(watchers)), flush=True)
        if any(task.done() for task in following):
            raise SystemExit("a watcher lost its connection")


def main() -> None:
    uvloop.run(_run(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))


if __name__ == "__main__":
    main()
