"""A client that does not read: nobody else notices, the server keeps little for it, and in the end lets it go."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from typing import TYPE_CHECKING

from bigboard.board import Update
from bigboard.gateway import connection as gateway_connection
from bigboard.gateway import protocol as gateway_protocol
from gateway.raw_client import RawClient
from servers import Gateway, gateway, until, until_reads

if TYPE_CHECKING:
    import pytest
    from websockets.asyncio.client import ClientConnection

_KEYS = 30
_TEXT = 4_000


def _large_commit(served: Gateway, number: int) -> None:
    """A commit of about 120 kB."""
    text = f"{number:06}" + "." * _TEXT
    served.commit(*(Update("strategies", f"s{key}", {"message": text[:_TEXT]}) for key in range(_KEYS)))


async def _subscribe(client: RawClient | ClientConnection, interval_ms: int = 20) -> None:
    message = {"action": "subscribe", "subscriptions": ["strategies"], "interval_ms": interval_ms}
    if isinstance(client, RawClient):
        await client.say(message)
    else:
        await client.send(json.dumps(message))


async def test_it_costs_little_and_nobody_else_notices() -> None:
    async with gateway(stuck_s=60.0) as served, RawClient(served.port) as slow, served.connect(max_size=None) as other:
        for client in (slow, other):
            await _subscribe(client)
        await until_reads(other, "state_update")
        _large_commit(served, 0)
        await until_reads(other, "diff_update")
        tracemalloc.start()
        try:
            for number in range(1, 120):
                _large_commit(served, number)
                diff = await until_reads(other, "diff_update")
                assert diff["changes"]["strategies"]["s0"]["message"].startswith(f"{number:06}")
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert served.hub.broadcaster.counters.skipped > 50
        # One encoded commit for all, one that waits for the slow one, and what the other client decodes: not a hundred.
        assert peak < 3_000_000
        assert max(member.waiting_bytes() for member in served.hub.broadcaster.members) < 200_000

        # It reads again: what it missed comes as one diff, not as a hundred.
        await slow.read(lambda: any(b"000119" in bytes(frame.data) for frame in slow.frames))
        assert len(slow.frames) < 30


async def test_past_the_limit_it_is_closed_with_4508_and_told_why() -> None:
    async with gateway(stuck_s=0.3) as served, RawClient(served.port) as slow:
        await _subscribe(slow)
        await _until_stuck(served)
        await until(lambda: served.hub.broadcaster.counters.too_slow == 1, "it is too slow")
        await slow.read(lambda: slow.close)
        assert slow.close is not None
        assert slow.close.code == 4508
        bytes_waiting, seconds = (int(word) for word in slow.close.reason.split() if word.isdigit())
        assert bytes_waiting > 10_000
        assert seconds == 0
        assert not served.hub.broadcaster.members


async def test_one_that_never_reads_again_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_connection, "CLOSE_S", 0.2)
    async with gateway(stuck_s=0.2) as served:
        tasks = len(asyncio.all_tasks())
        async with RawClient(served.port) as slow:
            await _subscribe(slow)
            await _until_stuck(served)
            await until(lambda: not _connections(served), "its transport is dropped while it still does not read")
            await until(lambda: len(asyncio.all_tasks()) == tasks, "its tasks are gone")


async def test_one_that_neither_reads_nor_answers_pings_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_protocol, "CLOSE_S", 0.2)
    monkeypatch.setattr("bigboard.gateway.server._PING_S", 0.3)
    async with gateway(stuck_s=60.0) as served, RawClient(served.port) as slow:
        await _subscribe(slow)
        await _until_stuck(served)
        await until(lambda: not _connections(served), "its transport is dropped")
        await until(lambda: not served.hub.broadcaster.members, "nobody is left")


async def _until_stuck(served: Gateway) -> None:
    """Commit until the slow client's buffers are full."""
    number = 0

    def stuck() -> bool:
        nonlocal number
        number += 1
        _large_commit(served, number)
        return served.hub.broadcaster.counters.skipped > 3

    await until(stuck, "the buffers are full")


def _connections(served: Gateway) -> int:
    return sum(len(port._server.server_state.connections) for port in served._ports)
