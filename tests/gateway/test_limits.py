"""What a client may do to a connection, and what the server does then: sizes, pings, silence, garbage."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from bigboard.gateway import server as gateway_server
from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.rate import Rate
from bigboard.wire import SessionLimits
from gateway.raw_client import RawClient
from servers import DEADLINE_S, gateway, until

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

LIMIT = 65_536


def _ping(size: int, letter: str = "x") -> str:
    """A ping of so many bytes."""
    empty = json.dumps({"action": "ping", "id": ""}, ensure_ascii=False)
    count, rest = divmod(size - len(empty), len(letter.encode()))
    return empty.replace('""', f'"{letter * count}{"." * rest}"')


async def test_a_message_of_just_the_limit_is_read() -> None:
    async with gateway() as served, served.connect(max_size=None) as client:
        for letter in ("x", "é", "€"):
            message = _ping(LIMIT, letter)
            assert len(message.encode()) == LIMIT
            await client.send(message)
            assert json.loads(await client.recv())["type"] == "pong"


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 2, LIMIT + 1_000, 10 * LIMIT])
@pytest.mark.parametrize("fragments", [1, 7])
async def test_a_larger_one_closes_with_1009(size: int, fragments: int) -> None:
    async with gateway() as served, served.connect() as client:
        message = _ping(size)
        step = -(-size // fragments)
        pieces = [message[at : at + step] for at in range(0, size, step)]
        with pytest.raises(ConnectionClosed) as closed:
            await _send_and_read(client, pieces)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009
        await until(lambda: not served.hub.broadcaster.members, "the member is gone")


async def _send_and_read(client: ClientConnection, pieces: list[str]) -> None:
    await client.send(pieces if len(pieces) > 1 else pieces[0])
    async with asyncio.timeout(DEADLINE_S):
        while True:
            assert json.loads(await client.recv())["code"] == "too_large"


async def test_the_limit_is_a_setting() -> None:
    async with gateway(session_limits=SessionLimits(max_message=2_000)) as served, served.connect() as client:
        await client.send(_ping(2_000))
        assert json.loads(await client.recv())["type"] == "pong"
        await client.send(_ping(2_001))
        error = json.loads(await client.recv())
        assert (error["code"], "2001" in error["message"]) == ("too_large", True)


async def test_a_clients_ping_is_answered_also_by_name() -> None:
    async with gateway() as served, served.connect() as client:
        async with asyncio.timeout(DEADLINE_S):
            await (await client.ping(b"here"))
        await client.send('{"action": "ping", "id": 1}')
        assert json.loads(await client.recv())["id"] == 1


async def test_a_client_that_answers_no_ping_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_server, "_PING_S", 0.1)
    async with gateway() as served, RawClient(served.port) as silent, served.connect() as lively:
        await silent.read(lambda: silent.close)
        assert silent.close is not None
        assert silent.close.code == 1011
        assert sum(frame.opcode is Opcode.PING for frame in silent.frames) == 1
        await until(lambda: len(served.hub.broadcaster.members) == 1, "only the lively one is left")
        await lively.send('{"action": "ping"}')
        assert json.loads(await lively.recv())["type"] == "pong"


def test_the_ping_is_the_protocols() -> None:
    assert gateway_server._PING_S == 30.0


@pytest.mark.parametrize(
    "garbage", [b"\x00" * 20, b"\xff" * 200, b"GET / HTTP/1.1\r\n\r\n", b"\x81\x05hello", b"\x81\xfe\xff\xff"]
)
async def test_bytes_that_are_no_frames_end_the_connection_alone(garbage: bytes) -> None:
    async with gateway() as served, served.connect() as other:
        async with RawClient(served.port) as client:
            await client.write(garbage)
            if garbage != b"\x81\xfe\xff\xff":  # the beginning of a frame that never comes
                await client.read(lambda: client.ended)
        await until(lambda: len(served.hub.broadcaster.members) == 1, "only the other is left")
        await other.send('{"action": "ping"}')
        assert json.loads(await other.recv())["type"] == "pong"


async def test_a_text_that_is_no_utf8_closes_with_1007() -> None:
    async with gateway() as served, RawClient(served.port) as client:
        await client.write(Frame(Opcode.TEXT, b'{"action": "\xff"}').serialize(mask=True))
        await client.read(lambda: client.close)
        assert client.close is not None
        assert client.close.code == 1007
        await until(lambda: not served.hub.broadcaster.members, "the member is gone")


async def test_a_flood_of_messages_holds_nobody_else_up() -> None:
    # Without the limit of messages, which would end it soon.
    bounds = GatewayLimits(messages=Rate(1_000.0, 10_000))
    async with gateway(bounds=bounds) as served, served.connect() as flooding, served.connect() as other:
        for _ in range(2_000):
            await flooding.send('{"action": "ping"}')
        async with asyncio.timeout(2):
            await other.send('{"action": "ping"}')
            assert json.loads(await other.recv())["type"] == "pong"
        for _ in range(2_000):
            assert json.loads(await flooding.recv())["type"] == "pong"
