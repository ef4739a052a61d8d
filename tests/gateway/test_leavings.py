"""A connection that is over is gone at once: it leaves no cycle that somebody has to look for."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode

from gateway.raw_client import RawClient
from servers import Gateway, gateway, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def _closes(client: RawClient) -> None:
    await client.write(Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
    await client.read(lambda: client.ended)


async def _drops(_: RawClient) -> None:
    return


async def _is_closed(client: RawClient) -> None:
    await client.write(Frame(Opcode.TEXT, b"[]").serialize(mask=True))
    await client.read(lambda: client.ended)


async def _breaks_the_protocol(client: RawClient) -> None:
    await client.write(b"\xff\xff\xff\xff")
    await client.read(lambda: client.ended)


async def _says_too_much(client: RawClient) -> None:
    await client.write(Frame(Opcode.TEXT, b"x" * 70_000).serialize(mask=True))
    await client.read(lambda: client.ended)


@pytest.mark.parametrize("leaves", [_closes, _drops, _is_closed, _breaks_the_protocol, _says_too_much])
async def test_however_it_ends(leaves: Callable[[RawClient], Awaitable[None]]) -> None:
    async with gateway() as served:
        served.price(1.0)
        seen: list[weakref.ref[object]] = []
        async with RawClient(served.port) as client:
            await client.say({"action": "subscribe", "subscriptions": ["market_data"]})
            await client.read(lambda: any(b"state_update" in bytes(frame.data) for frame in client.frames))
            seen += _alive(served)
            assert len(seen) == 2
            await leaves(client)
        await until(lambda: not any(reference() for reference in seen), "all of it is gone")


async def test_also_the_plain_stream_and_refusals() -> None:
    async with gateway() as served:
        served.price(1.0)
        async with served.connect("/ws/stream?symbol=BTCUSDT") as client:
            await client.recv()
            seen = _alive(served)
        with pytest.raises(InvalidStatus):
            await served.connect("/ws?client=fridge")
        await until(lambda: not any(reference() for reference in seen), "all of it is gone")


def _alive(served: Gateway) -> list[weakref.ref[object]]:
    """What a connection consists of, as far as it can be referred to weakly."""
    protocols = [protocol for port in served._ports for protocol in port._server.server_state.connections]
    return [weakref.ref(part) for part in [*protocols, *served.hub.broadcaster.members]]
