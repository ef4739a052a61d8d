"""Readers of a board's log in Redis that ask as gateways do, and throw away what they get: what many of them cost Redis.

    python -m scaling.followers PORT LOG COUNT

It says ``{}`` when all of them read, and answers each line with what they have got since the last one.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from collections import Counter
from typing import Any, cast

import hiredis
import uvloop

__all__ = ["Follower"]

# As ``spine/redis_reader.py`` asks.
_COUNT, _BLOCK_MS = "64", "500"


class Follower(asyncio.Protocol):
    """One reader. ``got`` counts the entries and bytes of all that share it; an entry that is skipped is a ``hole``."""

    def __init__(self, log: str, got: Counter[str]) -> None:
        self._log = log
        self._got = got
        self._place = "$"
        self._replies = hiredis.Reader(notEnoughData=None)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._got["bytes"] += len(data)
        self._replies.feed(data)
        # A null answer (nothing new for half a second) reads like an incomplete one; the whole buffer tells them apart.
        reply = self._replies.gets()
        if reply is not None:
            self._take(reply)
        if reply is not None or data == b"*-1\r\n":
            self._ask()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - the signature of asyncio
        self._got["lost"] += 1

    def _take(self, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            raise reply
        entries = reply[0][1]
        first, last = (int(entry[0].partition(b"-")[2]) for entry in (entries[0], entries[-1]))
        held = int(self._place.partition("-")[2] or first - 1)
        self._got["holes"] += first != held + 1 or last - first + 1 != len(entries)
        self._got["entries"] += len(entries)
        self._place = entries[-1][0].decode()

    def _ask(self) -> None:
        assert self._transport is not None
        words = ("XREAD", "COUNT", _COUNT, "BLOCK", _BLOCK_MS, "STREAMS", self._log, self._place)
        # The library's stub knows tuples of one word alone.
        self._transport.write(hiredis.pack_command(words))  # type: ignore[arg-type]


async def _run(port: int, log: str, count: int) -> None:
    got: Counter[str] = Counter()
    loop = asyncio.get_running_loop()
    for _ in range(count):
        await loop.create_connection(lambda: Follower(log, got), "127.0.0.1", port)
    print("{}", flush=True)
    ended = asyncio.Event()

    def answer() -> None:
        for _ in sys.stdin:
            told = dict(got)
            got.clear()
            print(json.dumps(told), flush=True)
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=answer, daemon=True).start()
    await ended.wait()


def main() -> None:
    uvloop.run(_run(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))


if __name__ == "__main__":
    main()
