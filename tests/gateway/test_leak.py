"""Ten thousand connections come and go, in every way in which they may: what they took, they leave."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from servers import running_up

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from servers import Up

_REQUEST = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_SUBSCRIBE = b'{"action":"subscribe","subscriptions":["*"]}'
_EVERY_WAY = 2_000
_AT_ONCE = 50
_DEADLINE_S = 60.0
_SLACK_KIB_PER_CLIENT = 0.6
"""What the process may have grown by, over all who came: a connection that leaked would be 15 KiB at least."""


def _frame(payload: bytes, opcode: int = 1) -> bytes:
    # A mask of zeros is a mask, and changes nothing.
    return bytes((0x80 | opcode, 0x80 | len(payload))) + bytes(4) + payload


async def _open(up: Up) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", up.hub_port)


async def _hands_shaken(up: Up) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await _open(up)
    writer.write(_REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 101"), head
    return reader, writer


async def _in_order(up: Up) -> None:
    reader, writer = await _hands_shaken(up)
    writer.write(_frame(_SUBSCRIBE) + _frame(struct.pack("!H", 1000), opcode=8))
    while await reader.read(65_536):
        pass
    writer.close()


async def _by_reset(up: Up) -> None:
    reader, writer = await _hands_shaken(up)
    writer.write(_frame(_SUBSCRIBE))
    await reader.read(1_000)
    _reset(writer)


async def _in_the_handshake(up: Up) -> None:
    _, writer = await _open(up)
    writer.write(_REQUEST[:100])
    await writer.drain()
    writer.close()


async def _right_after_it(up: Up) -> None:
    _, writer = await _hands_shaken(up)
    writer.close()


async def _without_reading(up: Up) -> None:
    _, writer = await _hands_shaken(up)
    writer.write(_frame(_SUBSCRIBE) * 3)
    await writer.drain()
    _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End with RST: nothing is said, and what is under way is gone."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


_WAYS: list[Callable[[Up], Coroutine[Any, Any, None]]] = [
    _in_order, _by_reset, _in_the_handshake, _right_after_it, _without_reading,
]  # fmt: skip


async def _come_and_go(up: Up, count: int) -> None:
    """So many connections in each way, some at a time."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(way: Callable[[Up], Coroutine[Any, Any, None]]) -> None:
        async with places:
            await way(up)

    async with asyncio.timeout(_DEADLINE_S), asyncio.TaskGroup() as group:
        for _ in range(count):
            for way in _WAYS:
                group.create_task(one(way))


async def _nobody_is_left(up: Up, http: httpx.AsyncClient) -> None:
    async with asyncio.timeout(_DEADLINE_S):
        while True:
            told = (await http.get(f"http://127.0.0.1:{up.hub_port}/debug")).json()
            if told["clients"] == 0 and not told["connections"] and told["groups"] == 0:
                return
            await asyncio.sleep(0.2)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_memory_and_file_descriptors_return() -> None:
    settings = {"BIGBOARD_HTTP_RATE": "1000", "BIGBOARD_LOG_LEVEL": "error"}
    arguments = ("--symbols=2", "--rate=1", "--seed=1")
    async with running_up(*arguments, environment=settings) as up, httpx.AsyncClient(trust_env=False) as http:
        server = psutil.Process(up.process.pid)
        # What is made once and kept, such as the pools of the allocator, is made before the count begins.
        await _come_and_go(up, _EVERY_WAY // 4)
        await _nobody_is_left(up, http)
        memory, files = server.memory_info().rss, server.num_fds()
        await _come_and_go(up, _EVERY_WAY)
        await _nobody_is_left(up, http)
        assert server.num_fds() <= files + 3
        grown_kib = (server.memory_info().rss - memory) / 1024
        assert grown_kib < _SLACK_KIB_PER_CLIENT * _EVERY_WAY * len(_WAYS), f"grown by {grown_kib:.0f} KiB"
