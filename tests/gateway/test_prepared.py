"""Prepared frames: bytes made once for many, and each client sees just what it would see without them."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from websockets.frames import Frame as LibraryFrame
from websockets.frames import Opcode

from bigboard.board import Update
from bigboard.gateway.prepared import FramePreparer, header
from bigboard.wire import Format, Frame
from gateway.raw_client import RawClient
from servers import DEADLINE_S, Gateway, gateway, until

if TYPE_CHECKING:
    from bigboard.gateway.connection import Connection

BORDERS = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000]
SIZES = st.one_of(st.integers(0, 70_000), st.sampled_from(BORDERS))


@given(SIZES, st.sampled_from(Format))
@example(2**32, Format.JSON)
def test_a_frame_is_what_the_library_would_send(size: int, form: Format) -> None:
    opcode = Opcode.TEXT if form is Format.JSON else Opcode.BINARY
    if size > 70_000:  # too large to make, but its header has to be right
        assert header(size, text=True) == b"\x81\x7f" + size.to_bytes(8, "big")
        return
    payload = b"x" * size
    assert FramePreparer().prepare(Frame(payload, form)) == LibraryFrame(opcode, payload).serialize(mask=False)


def test_the_same_frame_is_prepared_once() -> None:
    preparer = FramePreparer()
    one, other = Frame(b"{}", Format.JSON), Frame(b"{}", Format.MSGPACK)
    first = preparer.prepare(one)
    assert preparer.prepare(one) is first
    assert preparer.prepare(other) == b"\x82\x02{}"
    assert preparer.prepare(one) == first == b"\x81\x02{}"


async def test_every_size_arrives_whole_and_in_order() -> None:
    async with gateway() as served, served.connect(max_size=None) as client:
        member = await _member(served)
        for form in Format:
            for size in BORDERS:
                member.write(Frame(b"x" * size, form))
        for form in Format:
            for size in BORDERS:
                async with asyncio.timeout(DEADLINE_S):
                    data = await client.recv(decode=False)
                assert len(data) == size, form


@pytest.mark.parametrize("form", Format)
async def test_a_client_sees_what_was_written_between_its_own_pings_and_messages(form: Format) -> None:
    written: list[bytes] = []
    async with gateway() as served, served.connect(f"/ws?format={form}", max_size=None) as client:
        _record(await _member(served), written)
        await client.send('{"action": "subscribe", "subscriptions": ["strategies"], "interval_ms": 20}')
        choice = random.Random(7)
        for number in range(60):
            pong = await client.ping(str(number))
            text = "x" * choice.choice([1, 60, 130, 3_800])
            keys = range(choice.choice([1, 1, 3, 20]))
            served.commit(*(Update("strategies", f"s{key}", {"message": f"{number}{text}"}) for key in keys))
            if number % 7 == 0:
                await client.send('{"action": "ping", "id": 1}')
            async with asyncio.timeout(DEADLINE_S):
                await pong
        await until(lambda: _cursor(served) == served.board.sequence, "the last diff is written")
        async with asyncio.timeout(DEADLINE_S):
            received = [await client.recv(decode=False) for _ in range(len(written))]
        assert received == written
        assert sum(b"diff_update" in message for message in received) >= 1


async def test_one_that_stops_reading_for_a_while_sees_it_too() -> None:
    written: list[bytes] = []
    async with gateway(stuck_s=60.0) as served, RawClient(served.port) as client:
        _record(await _member(served), written)
        await client.say({"action": "subscribe", "subscriptions": ["strategies"], "interval_ms": 20})
        number = 0

        def stuck() -> bool:
            nonlocal number
            number += 1
            served.commit(*(Update("strategies", f"s{key}", {"message": f"#{number};" * 600}) for key in range(30)))
            return served.hub.broadcaster.counters.skipped > 3

        await until(stuck, "its buffers are full")
        # The library's own frames are written meanwhile, behind half a frame of ours.
        await client.write(LibraryFrame(Opcode.PING, b"here").serialize(mask=True))
        last = f"#{number};".encode()
        await client.read(lambda: _has(client, Opcode.PONG, b"here") and _has(client, Opcode.TEXT, last))
        pongs = [frame for frame in client.frames if frame.opcode is Opcode.PONG]
        texts = [bytes(frame.data) for frame in client.frames if frame.opcode is Opcode.TEXT]
        assert [bytes(pong.data) for pong in pongs] == [b"here"]
        assert texts == written


async def test_nothing_is_written_after_a_close() -> None:
    async with gateway() as served, RawClient(served.port) as client:
        member = await _member(served)
        await client.say({"action": "dance"})
        await client.write(LibraryFrame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True))
        await client.read(lambda: client.close)
        member.write(Frame(b"late", Format.JSON))
        await client.read(lambda: client.ended)
        assert [frame.opcode for frame in client.frames] == [Opcode.TEXT, Opcode.CLOSE]


async def test_answers_that_a_client_does_not_read_hold_its_next_questions_back() -> None:
    async with gateway(stuck_s=60.0) as served, RawClient(served.port) as client:
        member = await _member(served)
        await client.say({"action": "subscribe", "subscriptions": ["strategies"], "interval_ms": 10_000})
        served.commit(*(Update("strategies", f"s{key}", {"message": "x" * 4_000}) for key in range(100)))
        flood = json.dumps({"action": "subscribe", "subscriptions": ["strategies"]}).encode()
        await client.write(LibraryFrame(Opcode.TEXT, flood).serialize(mask=True) * 300)
        await until(lambda: member.waiting_bytes() > 0, "it does not read")
        for _ in range(50):
            await asyncio.sleep(0)
        assert member.waiting_bytes() < 1_000_000


async def _member(served: Gateway) -> Connection:
    await until(lambda: served.hub.broadcaster.members, "the client is there")
    member: Connection = next(iter(served.hub.broadcaster.members))  # type: ignore[assignment]
    return member


def _has(client: RawClient, opcode: Opcode, part: bytes) -> bool:
    return any(frame.opcode is opcode and part in bytes(frame.data) for frame in client.frames)


def _cursor(served: Gateway) -> int:
    return next(iter(served.hub.broadcaster.members)).session.cursor.sequence


def _record(member: Connection, written: list[bytes]) -> None:
    """Note what the broadcaster hands over: what a plain ``send`` would have sent."""
    prepare = member.prepare

    def recorded(frame: Frame) -> bytes:
        written.append(frame.payload)
        return prepare(frame)

    member.prepare = recorded


async def test_ends_are_counted_by_their_code() -> None:
    async with gateway() as served, served.connect("/ws?client=tui") as leaving, RawClient(served.port) as rude:
        await until(lambda: len(served.hub.broadcaster.members) == 2, "both are there")
        assert served.hub.broadcaster.figures().clients == {("tui", "json"): 1, ("web", "json"): 1}
        await leaving.close(1001)
        await rude.write(LibraryFrame(Opcode.TEXT, b"[]").serialize(mask=True))
        await rude.read(lambda: rude.ended)
        await until(lambda: served.hub.broadcaster.figures().closes.total() == 2, "both have ended")
        assert served.hub.broadcaster.figures().closes == {1001: 1, 4400: 1}
