"""How connections end: all at once when the server stops, one by one all day long; nothing is left of either."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed

from gateway.raw_client import RawClient
from servers import DEADLINE_S, Gateway, gateway, until

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection


async def _subscribed(served: Gateway, *, hub_port: bool = False) -> ClientConnection:
    client = await served.connect(hub_port=hub_port)
    await client.send(json.dumps({"action": "subscribe", "subscriptions": ["*"], "interval_ms": 20}))
    for kind in ("subscribed", "state_update"):
        assert json.loads(await client.recv())["type"] == kind
    return client


async def test_every_client_is_told_to_come_back() -> None:
    async with gateway() as served:
        clients = [await _subscribed(served, hub_port=number % 2 == 0) for number in range(30)]
        await served.hub.drain(5.0)
        assert not served.hub.broadcaster.members
        for client in clients:
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
            assert "resume" in closed.value.rcvd.reason


async def test_a_client_that_does_not_answer_holds_the_drain_up_no_longer_than_allowed() -> None:
    async with gateway() as served, RawClient(served.port) as mute:
        await mute.say({"action": "subscribe", "subscriptions": ["strategies"], "interval_ms": 20})
        await mute.read(lambda: len(mute.frames) >= 2)
        client = await _subscribed(served)
        begun = time.monotonic()
        await served.hub.drain(0.5)
        assert time.monotonic() - begun < 2
        with pytest.raises(ConnectionClosed, match="1012"):
            await client.recv()
        await mute.read(lambda: mute.close)
        assert mute.close is not None
        assert mute.close.code == 1012


async def test_a_drained_hub_ticks_no_more() -> None:
    async with gateway() as served:
        await served.hub.drain(0.1)
        served.price(1.0)
        for _ in range(10):
            await asyncio.sleep(0)
        assert served.hub.broadcaster.figures().frames == 0


async def test_clients_that_come_and_go_leave_nothing_behind() -> None:
    async with gateway() as served:
        await _visit(served, 0)
        tasks = len(asyncio.all_tasks())
        for number in range(60):
            served.price(float(number))
            await asyncio.gather(*(_visit(served, number * 4 + kind) for kind in range(4)))
        await until(lambda: not served.hub.broadcaster.members, "no member is left")
        await until(lambda: len(asyncio.all_tasks()) <= tasks, "no task is left")
        assert served.hub.broadcaster.groups == 0
        assert not served.hub.broadcaster._stuck_since
        assert not served.hub.broadcaster._waiting
        assert not any(port._server.server_state.connections for port in served._ports)


async def _visit(served: Gateway, number: int) -> None:
    """One of several ways to come and to leave."""
    client = await served.connect(hub_port=number % 3 == 0)
    match number % 4:
        case 0:
            await client.close()
        case 1:
            await client.send(json.dumps({"action": "subscribe", "subscriptions": ["*"]}))
            await client.recv()
            client.transport.abort()
        case 2:
            resume = {"epoch": "E1", "sequence": 1_000_000}
            await client.send(json.dumps({"action": "subscribe", "subscriptions": ["*"], "resume": resume}))
            await client.close(1001)
        case _:
            await client.send("[]")
            async with asyncio.timeout(DEADLINE_S):
                await client.wait_closed()
