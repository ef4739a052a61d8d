"""Floods: messages, pings, crumbs of fragments, and whoever sends them without ever reading."""

from __future__ import annotations

import asyncio

import pytest
from websockets.frames import Frame, Opcode

from bigboard.board import Update
from bigboard.gateway import connection as gateway_connection
from gateway.raw_client import RawClient
from gateway.siege import siege
from servers import until

_FLOOD = 60_000
"""Frames; a server reads some ten thousand of the smallest at once."""


def _masked(opcode: Opcode, payload: bytes = b"", *, fin: bool = True) -> bytes:
    return Frame(opcode, payload, fin).serialize(mask=True)


_CRUMBS = {
    "pings": _masked(Opcode.PING),
    "large pings": _masked(Opcode.PING, b"x" * 125),
    "pongs": _masked(Opcode.PONG, b"x"),
    "empty fragments": _masked(Opcode.CONT, fin=False),
    "fragments of a byte": _masked(Opcode.CONT, b"x", fin=False),
}


async def _pour(attacker: RawClient, data: bytes) -> None:
    """Send as fast as it goes; the server may end it."""
    try:
        await attacker.write(data)
    except (BrokenPipeError, ConnectionResetError):
        attacker.ended = True


@pytest.fixture
def _brief_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attacker does not answer the close frame, and need not be waited for as long as others are."""
    monkeypatch.setattr(gateway_connection, "CLOSE_S", 0.1)


@pytest.mark.parametrize("name", _CRUMBS)
async def test_a_flood_of_frames_that_are_no_messages_is_ended(name: str) -> None:
    async with siege() as stage, RawClient(stage.port) as attacker:
        begin = _masked(Opcode.TEXT, b'{"action', fin=False) if "fragment" in name else b""
        await asyncio.gather(
            _pour(attacker, begin + _CRUMBS[name] * _FLOOD), attacker.read(lambda: attacker.close or attacker.ended)
        )
        # The reset of a connection on which much is unread may overtake the close frame.
        assert attacker.close is None or attacker.close.code == 4429
        await until(lambda: stage.members() == 1, "it is gone")
        assert stage.served.hub.broadcaster.figures().closes[4429] == 1


async def test_a_client_may_ping_and_cut_its_messages_as_others_do() -> None:
    async with siege() as stage, RawClient(stage.port) as client:
        for number in range(5):
            parts = b"".join(_masked(Opcode.CONT, b" ", fin=False) for _ in range(100))
            await client.write(_masked(Opcode.TEXT, b'{"action": "ping",', fin=False) + parts)
            await client.write(_masked(Opcode.PING, b"here") * 50)
            await client.write(_masked(Opcode.CONT, b'"id": %d}' % number))
        await client.read(lambda: any(b'"id":4' in bytes(frame.data) for frame in client.frames))
        assert sum(frame.opcode is Opcode.PONG for frame in client.frames) == 250


async def test_pings_of_a_client_that_reads_nothing_fill_no_memory() -> None:
    async with siege() as stage, RawClient(stage.port) as attacker:
        await attacker.say({"action": "subscribe", "subscriptions": ["strategies"], "interval_ms": 20})
        broadcaster = stage.served.hub.broadcaster
        number = 0

        def stuck() -> bool:
            nonlocal number
            number += 1
            stage.served.commit(
                *(Update("strategies", f"s{key}", {"message": f"{number};" * 600}) for key in range(30))
            )
            return broadcaster.counters.skipped > 3

        await until(stuck, "its buffers are full")
        waiting = max(member.waiting_bytes() for member in broadcaster.members)
        await attacker.write(_masked(Opcode.PING, b"x" * 125) * 900)
        await attacker.write(_masked(Opcode.TEXT, b'{"action": "unsubscribe", "subscriptions": ["strategies"]}'))
        await until(lambda: len({member.session.selection for member in broadcaster.members}) == 2, "all was read")
        assert max(member.waiting_bytes() for member in broadcaster.members) < waiting + 10_000
        # It reads again: it is still served, and the last ping is answered.
        await attacker.read(lambda: any(frame.opcode is Opcode.PONG for frame in attacker.frames))


@pytest.mark.usefixtures("_brief_close")
@pytest.mark.parametrize(
    "payload", [b'{"action": "ping"}', b"", b"[", b'{"action": "subscribe", "subscriptions": ["*"]}']
)
async def test_a_flood_of_messages_is_ended(payload: bytes) -> None:
    async with siege() as stage, RawClient(stage.port) as attacker:
        await asyncio.gather(
            _pour(attacker, _masked(Opcode.TEXT, payload) * _FLOOD), attacker.read(lambda: attacker.ended)
        )
        assert attacker.close is None or attacker.close.code in (4400, 4429)
        await until(lambda: stage.members() == 1, "it is gone")


@pytest.mark.usefixtures("_brief_close")
async def test_two_hundred_floods_leave_nothing() -> None:
    async with siege() as stage:
        for _ in range(10):
            await asyncio.gather(*(_brief(stage.port) for _ in range(20)))


async def _brief(port: int) -> None:
    async with RawClient(port) as attacker:
        await _pour(attacker, _masked(Opcode.TEXT, b'{"action": "ping"}') * 300)
        await attacker.read(lambda: attacker.ended)
