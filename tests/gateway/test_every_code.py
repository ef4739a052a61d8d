"""Every error code and every close code of PROTOCOL section 6, brought about over a real socket.

The tables below hold one way to each code. A code that is added to the protocol without a way to it fails here.
"""

from __future__ import annotations

import asyncio
import json
import struct
from typing import TYPE_CHECKING, Any

import pytest
from websockets.frames import Frame, Opcode

from bigboard.board import Update
from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.rate import Rate
from bigboard.wire import CloseCode, ErrorCode, SessionLimits
from gateway.key_holder import KeyHolder, bearer, protected, watched
from gateway.raw_client import RawClient
from servers import Gateway, close_of, gateway, until, until_reads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection


async def _say(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message))


async def _subscribe(client: ClientConnection, *names: str, **more: Any) -> None:
    await _say(client, action="subscribe", subscriptions=names, **more)


# Error codes: what a client says, and whether it has a key that permits ``market_data``.

_ERRORS: dict[ErrorCode, tuple[dict[str, Any] | str, bool]] = {
    ErrorCode.BAD_MESSAGE: ("{", True),
    ErrorCode.UNKNOWN_ACTION: ({"action": "fly"}, True),
    ErrorCode.UNKNOWN_TOPIC: ({"action": "subscribe", "subscriptions": ["weather"]}, True),
    ErrorCode.BAD_SUBSCRIPTION: ({"action": "subscribe", "subscriptions": ["market_data:"]}, True),
    ErrorCode.FORBIDDEN: ({"action": "subscribe", "subscriptions": ["orders"]}, True),
    ErrorCode.UNAUTHENTICATED: ({"action": "subscribe", "subscriptions": ["market_data"]}, False),
    ErrorCode.RATE_LIMITED: ({"action": "ping"}, True),
    ErrorCode.TOO_MANY_SUBSCRIPTIONS: (
        {"action": "subscribe", "subscriptions": [f"market_data:S{number}" for number in range(1_001)]},
        True,
    ),
    ErrorCode.TOO_LARGE: ("x" * 65_537, True),
}


def test_there_is_a_way_to_every_error_code() -> None:
    assert set(_ERRORS) == set(ErrorCode)


@pytest.mark.parametrize("code", _ERRORS)
async def test_error_code(tmp_path: Path, code: ErrorCode) -> None:
    said, known = _ERRORS[code]
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "market_data")
    bounds = GatewayLimits(messages=Rate(0.001, 1))
    async with (
        protected(keys, bounds=bounds) as served,
        served.connect(additional_headers=bearer(token) if known else None) as client,
    ):
        if code is ErrorCode.RATE_LIMITED:
            await _say(client, action="ping")
            assert json.loads(await client.recv())["type"] == "pong"
        await client.send(said if isinstance(said, str) else json.dumps({**said, "id": "this one"}))
        error = await until_reads(client, "error")
        assert error["code"] == code
        assert len(error["message"]) > 10
        # What could be read is answered by its id; what was not read has none.
        read = isinstance(said, dict) and code is not ErrorCode.RATE_LIMITED
        assert error.get("id") == ("this one" if read else None)


# Close codes: each way ends the connection of ``client`` and gives what the client was told.


async def _normal(_: Gateway, client: ClientConnection) -> int:
    await client.close(1000)
    assert client.close_code is not None
    return client.close_code


async def _going_away(_: Gateway, client: ClientConnection) -> int:
    await client.close(1001)
    assert client.close_code is not None
    return client.close_code


async def _abnormal(served: Gateway, client: ClientConnection) -> int:
    """Without a close frame: the server gives up on one that neither reads nor takes the close."""
    member = next(iter(served.hub.broadcaster.members))
    member._channel.abort()  # type: ignore[attr-defined]
    await client.wait_closed()
    assert client.close_code is not None
    return client.close_code


async def _too_large(_: Gateway, client: ClientConnection) -> int:
    await client.send("x" * 65_537)
    return (await close_of(client))[0]


async def _restart(served: Gateway, client: ClientConnection) -> int:
    await served.hub.drain(1.0)
    return (await close_of(client))[0]


async def _violation(_: Gateway, client: ClientConnection) -> int:
    await client.send("[]")
    return (await close_of(client))[0]


async def _rate(_: Gateway, client: ClientConnection) -> int:
    for _number in range(400):
        await client.send('{"action": "ping"}')
    return (await close_of(client))[0]


_CLOSES: dict[CloseCode, Callable[[Gateway, ClientConnection], Awaitable[int]]] = {
    CloseCode.NORMAL: _normal,
    CloseCode.GOING_AWAY: _going_away,
    CloseCode.ABNORMAL: _abnormal,
    CloseCode.TOO_LARGE: _too_large,
    CloseCode.SERVICE_RESTART: _restart,
    CloseCode.PROTOCOL_VIOLATION: _violation,
    CloseCode.RATE_LIMITED: _rate,
}
_OWN_TEST = {CloseCode.UNAUTHENTICATED, CloseCode.FORBIDDEN, CloseCode.TOO_SLOW}
"""Codes whose ways need keys, or a client with its hands on the socket."""


def test_there_is_a_way_to_every_close_code() -> None:
    assert not set(_CLOSES) & _OWN_TEST
    assert set(_CLOSES) | _OWN_TEST == set(CloseCode)
    assert all(f"test_close_code_{code.value}" in globals() for code in _OWN_TEST)


@pytest.mark.parametrize("code", _CLOSES)
async def test_close_code(code: CloseCode) -> None:
    async with gateway() as served, served.connect() as client:
        await until(lambda: served.hub.broadcaster.members, "it is there")
        assert await _CLOSES[code](served, client) == code
        await until(lambda: served.hub.broadcaster.figures().closes == {int(code): 1}, "the server counts it as such")


async def test_close_code_4401(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    keys.key("desk", "*")
    async with protected(keys) as served, served.connect() as client:
        await _say(client, action="authenticate", token="bb_0000000000_forged")  # noqa: S106 - of nobody
        assert (await close_of(client))[0] == CloseCode.UNAUTHENTICATED


async def test_close_code_4403(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "orders", "risk")
    async with watched(keys) as served, served.connect(additional_headers=bearer(token)) as client:
        await _subscribe(client, "orders")
        await until_reads(client, "state_update")
        keys.permit("desk", "risk")
        code, reason = await close_of(client)
        assert (code, "orders" in reason) == (CloseCode.FORBIDDEN, True)


async def test_close_code_4508() -> None:
    async with gateway(stuck_s=0.2) as served, RawClient(served.port) as slow:
        await slow.say({"action": "subscribe", "subscriptions": ["strategies"], "interval_ms": 20})
        number = 0

        def closed() -> bool:
            nonlocal number
            number += 1
            served.commit(*(Update("strategies", f"s{key}", {"message": f"{number};" * 600}) for key in range(30)))
            return not served.hub.broadcaster.members

        await until(closed, "the server has had enough")
        await slow.read(lambda: slow.close)
        assert slow.close is not None
        assert slow.close.code == CloseCode.TOO_SLOW
        assert [word.isdigit() for word in slow.close.reason.split()].count(True) == 2, "bytes and seconds"


async def test_three_bad_messages_in_a_row_end_it_and_two_do_not() -> None:
    async with gateway(session_limits=SessionLimits()) as served, served.connect() as client:
        for _ in range(3):
            for _bad in range(2):
                await client.send("{")
                assert json.loads(await client.recv())["code"] == "bad_message"
            await _say(client, action="ping")
            assert json.loads(await client.recv())["type"] == "pong"
        for _bad in range(3):
            await client.send("{")
        assert (await close_of(client))[0] == CloseCode.PROTOCOL_VIOLATION


async def test_a_close_of_the_client_is_answered_with_its_code() -> None:
    async with gateway() as served:
        for code in (1000, 1001, 1011, 3000, 4999):
            async with RawClient(served.port) as client:
                await client.write(Frame(Opcode.CLOSE, struct.pack("!H", code)).serialize(mask=True))
                await client.read(lambda client=client: client.ended)  # type: ignore[misc]
                assert client.close is not None
                assert client.close.code == code
        async with asyncio.timeout(5):
            await until(lambda: served.hub.broadcaster.figures().closes.total() == 5)
        # A client may give any number; the counters grow by none but the known ones.
        assert served.hub.broadcaster.figures().closes == {1000: 1, 1001: 1, 1011: 1, 0: 2}
