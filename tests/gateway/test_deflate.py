"""permessage-deflate: compressed once for all, within a budget, and never at the price of an exact replica."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import NegotiationError
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Frame as LibraryFrame
from websockets.frames import Opcode

from bigboard.board import Selection, Subscription, Update
from bigboard.gateway.deflate import LEAST, Deflater, SharedDeflateFactory
from bigboard.gateway.prepared import FramePreparer
from bigboard.wire import ClientSession, Format, Frame
from servers import DEADLINE_S, Gateway, gateway, until

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection


_STRATEGIES = Selection((Subscription("strategies"),))


class _Timer:
    """Time in which each look at the clock costs what the test says."""

    def __init__(self, step_s: float = 0.0) -> None:
        self.seconds = 0.0
        self.step_s = step_s

    def __call__(self) -> float:
        self.seconds += self.step_s
        return self.seconds


def _inflated(data: bytes) -> bytes:
    return zlib.decompress(data + b"\x00\x00\xff\xff\x03\x00", wbits=-12)


@given(st.binary(min_size=LEAST, max_size=3_000), st.integers(1, 40))
def test_what_is_compressed_is_shorter_and_read_back(seed: bytes, times: int) -> None:
    payload = seed * times
    data = Deflater(_Timer()).deflate(payload)
    if data is None:
        assert times == 1, "only noise is left as it is"
        return
    assert len(data) < len(payload)
    assert _inflated(data) == payload


@pytest.mark.parametrize("size", [0, 90, LEAST - 1, (1 << 20) + 1])
def test_what_is_small_or_would_hold_up_others_goes_as_it_is(size: int) -> None:
    deflater = Deflater(_Timer())
    assert deflater.deflate(b"x" * size) is None
    assert set(deflater.figures().values()) == {0}


def test_it_takes_a_twentieth_of_a_core_and_no_more() -> None:
    timer = _Timer(step_s=0.001)  # each payload takes a millisecond, and they come one after the other
    deflater = Deflater(timer)
    payload = b"price" * 200
    for _ in range(10_000):
        deflater.deflate(payload)
    busy_s = deflater.deflated * 0.001
    assert deflater.deflated + deflater.declined == 10_000
    assert busy_s / timer.seconds == pytest.approx(0.05, abs=0.01)
    timer.seconds += 1.0
    assert deflater.deflate(payload) is not None, "after a pause it goes on"


def test_each_variant_is_made_once_for_a_frame() -> None:
    preparer = FramePreparer(Deflater(_Timer()))
    frames = [Frame(b'{"price":1.25}' * 30, Format.JSON), Frame(b'{"price":1.50}' * 30, Format.MSGPACK)]
    made: dict[tuple[int, str], bytes] = {}
    for _ in range(50):
        for frame in frames:
            for variant in (preparer.prepare, preparer.prepare_deflated):
                made.setdefault((id(frame), variant.__name__), variant(frame))
            assert preparer.prepare_deflated(frame) is made[id(frame), "prepare_deflated"]
    assert preparer.deflater.deflated == 2
    assert [made[id(frame), "prepare_deflated"][0] for frame in frames] == [0xC1, 0xC2]
    assert [made[id(frame), "prepare"][0] for frame in frames] == [0x81, 0x82]


def test_few_compressed_frames_are_kept() -> None:
    preparer = FramePreparer(Deflater(_Timer()))
    for number in range(100):
        preparer.prepare_deflated(Frame(str(number).encode() * 200, Format.JSON))
    assert len(preparer._deflated) == 8


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ([], ["server_no_context_takeover", "client_no_context_takeover"]),
        ([("client_max_window_bits", None)], ["server_no_context_takeover", "client_no_context_takeover"]),
        ([("server_max_window_bits", "12")],
         ["server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits"]),
    ],
)  # fmt: skip
def test_both_sides_have_to_forget(offer: list[tuple[str, str | None]], answer: list[str]) -> None:
    answered, agreed = SharedDeflateFactory().process_request_params(offer, [])
    assert [name for name, _ in answered] == answer
    assert (agreed.remote_no_context_takeover, agreed.local_no_context_takeover) == (True, True)
    assert not hasattr(agreed, "decoder")
    assert not hasattr(agreed, "encoder")


def test_a_client_with_too_small_a_window_is_declined() -> None:
    with pytest.raises(NegotiationError):
        SharedDeflateFactory().process_request_params([("server_max_window_bits", "11")], [])


# Over the wire


def _commit(served: Gateway, number: int) -> None:
    rows = (Update("strategies", f"s{key}", {"message": f"{number}: all is well, {key}"}) for key in range(12))
    served.commit(*rows)


class _Client:
    """A foreign client that offers compression or not, with a replica of its own."""

    def __init__(self, connection: ClientConnection, format_: Format) -> None:
        self.connection = connection
        self.session = ClientSession(["strategies"], format=format_)

    @property
    def compresses(self) -> bool:
        """Whether compression was agreed on."""
        return any(isinstance(extension, PerMessageDeflate) for extension in self.connection.protocol.extensions)

    async def subscribe(self) -> None:
        self.session.connected()
        for frame in self.session.outgoing():
            await self.connection.send(frame.payload, text=frame.text)

    async def reach(self, served: Gateway) -> None:
        """Read until the replica stands where the board does."""
        async with asyncio.timeout(DEADLINE_S):
            while self.session.cursor != served.board.cursor:
                self.session.receive(await self.connection.recv())
        assert self.session.gaps == 0
        assert self.session.replica.data() == served.board.snapshot(_STRATEGIES).data


@pytest.mark.parametrize("form", Format)
async def test_those_who_compress_and_those_who_do_not_share_the_encoding(form: Format) -> None:
    path = f"/ws?format={form}"
    async with gateway() as served:
        _commit(served, 0)
        deflater, before = served.hub.preparer.deflater, served.hub.frames.encodings
        async with (
            served.connect(path, compression="deflate") as one,
            served.connect(path, compression="deflate") as two,
            served.connect(path) as three,
        ):
            clients = [_Client(connection, form) for connection in (one, two, three)]
            assert [client.compresses for client in clients] == [True, True, False]
            for client in clients:
                await client.subscribe()
                await client.reach(served)
            assert served.hub.broadcaster.groups == 2  # they get other bytes, of one encoding
            for number in range(1, 6):
                _commit(served, number)
                for client in clients:
                    await client.reach(served)
        assert deflater.deflated == served.hub.frames.encodings - before == 6
        assert deflater.bytes_out < 0.6 * deflater.bytes_in


async def test_a_client_may_compress_too_and_a_bomb_is_too_large() -> None:
    async with gateway() as served, served.connect(compression="deflate") as client:
        subscriptions = ", ".join(f'"strategies:s{key}"' for key in range(100))
        await client.send(f'{{"action": "subscribe", "subscriptions": [{subscriptions}]}}')
        async with asyncio.timeout(DEADLINE_S):
            assert "subscribed" in await client.recv()
        await client.send(" " * 10_000_000)  # 10 kB on the wire
        async with asyncio.timeout(DEADLINE_S):
            await client.wait_closed()
        assert client.close_code == 1009


async def test_a_large_answer_is_compressed_and_a_heartbeat_is_not() -> None:
    async with gateway(heartbeat_s=0.05) as served, served.connect(compression="deflate") as client:
        seen: list[LibraryFrame] = []
        deflate = client.protocol.extensions[0]
        decode = deflate.decode

        def watched(frame: LibraryFrame, *, max_size: int | None = None) -> LibraryFrame:
            seen.append(frame)
            return decode(frame, max_size=max_size)

        deflate.decode = watched  # type: ignore[method-assign]
        await until(lambda: seen, "a heartbeat came")
        assert not seen[0].rsv1
        subscriptions = ", ".join(f'"strategies:s{key}"' for key in range(100))
        await client.send(f'{{"action": "subscribe", "subscriptions": [{subscriptions}]}}')
        await until(lambda: any(frame.rsv1 for frame in seen), "the answer came")
        assert {frame.opcode for frame in seen} == {Opcode.TEXT}


async def test_the_plain_stream_works_with_it_too() -> None:
    async with gateway() as served:
        served.price(1.5)
        async with served.connect("/ws/stream?symbol=BTCUSDT", compression="deflate") as client:
            async with asyncio.timeout(DEADLINE_S):
                assert '"last":1.5' in str(await client.recv())


async def test_who_has_no_room_for_the_window_goes_without() -> None:
    small = ClientPerMessageDeflateFactory(server_max_window_bits=10)
    async with gateway() as served, served.connect(extensions=[small]) as connection:
        client = _Client(connection, Format.JSON)
        assert not client.compresses
        _commit(served, 0)
        await client.subscribe()
        await client.reach(served)


async def test_it_can_be_turned_off() -> None:
    async with gateway(compression=False) as served, served.connect(compression="deflate") as connection:
        assert not _Client(connection, Format.JSON).compresses
