"""Connections that are no WebSockets: how many there may be, and that none of them keeps the server waiting for ever."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bigboard.board import Update
from bigboard.gateway import sockets as gateway_sockets
from bigboard.gateway.limits import GatewayLimits, Limit, Limited
from bigboard.gateway.sockets import SPARE_PER_ADDRESS, Sockets
from servers import DEADLINE_S, Gateway, gateway, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_STATE = b"GET /api/v1/state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_HEALTH = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@asynccontextmanager
async def _connected(
    served: Gateway, source: str = "127.0.0.1", buffer: int | None = None
) -> AsyncIterator[socket.socket]:
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        if buffer is not None:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.setblocking(False)
        client.bind((source, 0))
        await loop.sock_connect(client, ("127.0.0.1", served.port))
        yield client


async def _read(client: socket.socket) -> bytes:
    """What comes next; nothing once the server has ended the connection."""
    async with asyncio.timeout(DEADLINE_S):
        try:
            return await asyncio.get_running_loop().sock_recv(client, 65_536)
        except ConnectionResetError:
            return b""


async def _say(client: socket.socket, data: bytes) -> None:
    async with asyncio.timeout(DEADLINE_S):
        await asyncio.get_running_loop().sock_sendall(client, data)


def test_the_counts_are_what_is_there_whatever_comes_and_goes() -> None:
    chance = random.Random(3)
    limits = GatewayLimits(connections=5, spare=1_000, connections_per_address=9)
    limited = Limited()
    websockets = 0
    sockets = Sockets(limits, limited, lambda: websockets)
    present: list[str] = []
    for _ in range(20_000):
        websockets = chance.randrange(20)
        if present and chance.random() < 0.45:
            sockets.leave(present.pop(chance.randrange(len(present))))
            continue
        address = f"192.0.2.{chance.randrange(12)}"
        room = len(present) + websockets < 1_005 and present.count(address) < 9 + SPARE_PER_ADDRESS
        refused = limited.counts.total()
        assert sockets.enter(address) is room
        assert limited.counts.total() == refused + (not room)
        if room:
            present.append(address)
        assert len(sockets) == len(present)
    assert sockets._addresses == Counter(present)


def test_a_proxy_stands_for_many() -> None:
    limited = Limited()
    sockets = Sockets(
        GatewayLimits(connections_per_address=2), limited, lambda: 0, lambda address: address == "10.0.0.1"
    )
    assert all(sockets.enter("10.0.0.1") for _ in range(500))
    assert sum(sockets.enter("10.0.0.2") for _ in range(103)) == 102
    assert limited.counts == {Limit.SOCKETS_PER_ADDRESS: 1}


async def test_one_address_cannot_take_the_place_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_sockets, "SPARE_PER_ADDRESS", 0)
    async with gateway(bounds=GatewayLimits(connections_per_address=5)) as served, AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(_connected(served)) for _ in range(5)]
        await until(lambda: len(served.hub.sockets) == 5, "all are in")
        one_more = await stack.enter_async_context(_connected(served))
        assert await _read(one_more) == b""
        assert served.hub.limited.counts[Limit.SOCKETS_PER_ADDRESS] == 1

        other = await stack.enter_async_context(_connected(served, "127.0.0.2"))
        await _say(other, _HEALTH)
        assert (await _read(other)).startswith(b"HTTP/1.1 200 ")

        silent[0].close()
        await until(lambda: len(served.hub.sockets) == 5, "one has left, the other is in")
        again = await stack.enter_async_context(_connected(served))
        await _say(again, _HEALTH)
        assert (await _read(again)).startswith(b"HTTP/1.1 200 ")


async def test_behind_a_trusted_proxy_all_come_from_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_sockets, "SPARE_PER_ADDRESS", 0)
    bounds = GatewayLimits(connections_per_address=2)
    async with gateway(bounds=bounds, trusted_proxies=["127.0.0.1"]) as served, AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(_connected(served))
        await until(lambda: len(served.hub.sockets) == 10, "all are in")
        assert (await served.get("/health")).status_code == 200
        assert not served.hub.limited.counts


async def test_over_all_there_are_no_more_than_that() -> None:
    async with gateway(bounds=GatewayLimits(connections=2, spare=3)) as served, served.connect(), served.connect():
        async with AsyncExitStack() as stack:
            for number in range(3):
                await stack.enter_async_context(_connected(served, f"127.0.0.{number + 2}"))
            await until(lambda: len(served.hub.sockets) == 3, "all are in")
            one_more = await stack.enter_async_context(_connected(served))
            assert await _read(one_more) == b""
            assert served.hub.limited.counts == {Limit.SOCKETS: 1}
        await until(lambda: not len(served.hub.sockets), "all have left")
        assert (await served.get("/health")).status_code == 200


async def test_a_websocket_gives_its_place_among_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_sockets, "SPARE_PER_ADDRESS", 0)
    async with gateway(bounds=GatewayLimits(connections_per_address=1)) as served:
        async with served.connect() as client:
            assert len(served.hub.sockets) == 0
            assert (await served.get("/health")).status_code == 200
            await client.send('{"action": "ping"}')
            assert "pong" in str(await client.recv())
        await until(lambda: not len(served.hub.sockets), "the request is over")


@pytest.mark.parametrize("step", [100, 20_000])
async def test_headers_without_end_are_cut_off(step: int) -> None:
    async with gateway() as served, _connected(served) as client:
        await _say(client, b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: ")
        answer = asyncio.create_task(_read(client))
        sent = 0
        while not answer.done() and sent < 2**21:
            try:
                await _say(client, b"x" * step)
            except (BrokenPipeError, ConnectionResetError):
                break
            sent += step
            await asyncio.sleep(0)
        assert sent < 2**21
        assert (await answer).startswith(b"HTTP/1.1 431 ")
        assert served.hub.limited.counts[Limit.REQUEST_SIZE] == 1


async def test_long_headers_are_fine() -> None:
    async with gateway() as served:
        for _ in range(3):
            headers = {f"X-{number}": "x" * 1_000 for number in range(50)}
            assert (await served.get("/health", headers=headers)).status_code == 200


async def test_a_body_is_no_header() -> None:
    async with gateway() as served:
        answer = await served.request("POST", "/health", content=b"x" * 200_000)
        assert answer.status_code == 405
        assert served.hub.limited.counts[Limit.REQUEST_SIZE] == 0


async def test_a_body_that_drips_in_for_ever_is_cut_off() -> None:
    async with gateway(bounds=GatewayLimits(handshake_s=0.3)) as served, _connected(served) as client:
        await _say(client, b"POST /health HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\n")
        assert (await _read(client)).startswith(b"HTTP/1.1 405 ")
        ended = asyncio.create_task(_read(client))
        async with asyncio.timeout(DEADLINE_S):
            while not ended.done():
                try:
                    await _say(client, b"x")
                except (BrokenPipeError, ConnectionResetError):
                    break
                await asyncio.sleep(0.02)
        await until(lambda: not len(served.hub.sockets), "it is gone")
        assert served.hub.limited.counts[Limit.HANDSHAKE_TIME] == 1


def _fill(served: Gateway, megabytes: int) -> None:
    served.commit(*(Update("strategies", f"s{key}", {"message": "x" * 4_000}) for key in range(megabytes * 250)))


async def test_an_answer_that_nobody_reads_is_dropped() -> None:
    bounds = GatewayLimits(reading_s=0.3)
    async with gateway(bounds=bounds) as served, _connected(served, buffer=4_096) as client:
        _fill(served, 8)
        await _say(client, _STATE)
        await until(lambda: served.hub.limited.counts[Limit.READING_TIME] == 1, "the server has lost its patience")
        await until(lambda: not len(served.hub.sockets), "it is gone, and its eight megabytes with it")


async def test_one_that_is_closed_while_nobody_reads_is_dropped_too() -> None:
    bounds = GatewayLimits(reading_s=0.3)
    async with gateway(bounds=bounds) as served, _connected(served, buffer=4_096) as client:
        _fill(served, 8)
        # After the answer uvicorn closes the connection, which it can do only once all is written.
        await _say(client, _STATE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        await until(lambda: served.hub.limited.counts[Limit.READING_TIME] == 1, "the server has lost its patience")
        await until(lambda: not len(served.hub.sockets), "it is gone")


async def test_a_slow_reader_gets_all_of_it() -> None:
    # The system takes more from the server only when a third of what it holds, some megabytes, has been read. So there are
    # many megabytes, for the server to see progress many times in its time of patience, also on a busy machine.
    megabytes, patience_s = 24, 2.0
    pace = 0.8 * megabytes * 1_000_000 / patience_s
    bounds = GatewayLimits(reading_s=patience_s)
    async with gateway(bounds=bounds) as served, _connected(served, buffer=65_536) as client:
        _fill(served, megabytes)
        await _say(client, _STATE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        begun, size = time.monotonic(), 0
        while data := await _read(client):
            size += len(data)
            # Never faster than the pace, and no slower by a pause if the machine is busy.
            await asyncio.sleep(begun + size / pace - time.monotonic())
        assert size > megabytes * 1_000_000
        assert time.monotonic() - begun > patience_s, "it took longer than anybody may wait without reading"
        assert served.hub.limited.counts[Limit.READING_TIME] == 0
