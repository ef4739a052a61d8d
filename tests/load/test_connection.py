"""A load client's WebSocket connection, against servers whose every byte the test writes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.frames import CloseCode, Frame, Opcode

from bigboard.load.connection import MOST_BYTES, Connection, End
from bigboard.load.target import find_target
from bigboard.wire import Format
from servers import DEADLINE_S, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Peer:
    """Writes down what a connection tells."""

    def __init__(self) -> None:
        self.messages: list[tuple[bytes, bool]] = []
        self.bytes = 0
        self.ends: list[End] = []

    def received(self, size: int) -> None:
        self.bytes += size

    def message(self, payload: bytes, *, text: bool) -> None:
        self.messages.append((payload, text))

    def ended(self, connection: Connection, end: End) -> None:
        self.ends.append(end)


class Server:
    """The server's end of one TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        self.reader = reader
        self.writer = writer
        self.request = request

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def frame(self, opcode: Opcode, payload: bytes, *, fin: bool = True) -> None:
        self.write(Frame(opcode, payload, fin).serialize(mask=False))

    async def read_frame(self) -> tuple[int, bytes]:
        """The next short frame of the client, which must be masked."""
        async with asyncio.timeout(DEADLINE_S):
            first, size = await self.reader.readexactly(2)
            assert size & 0x80
            mask = await self.reader.readexactly(4)
            masked = await self.reader.readexactly(size & 0x7F)
        return first & 0x0F, bytes(byte ^ mask[index % 4] for index, byte in enumerate(masked))


def _accept(request: bytes) -> bytes:
    key = next(line for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:")).split()[1]
    proof = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Protocol: bigboard.v1.json\r\nSec-WebSocket-Accept: " + proof + b"\r\n\r\n"
    )


@asynccontextmanager
async def _pair(
    answer: Callable[[bytes], bytes] = _accept, *, token: str | None = None
) -> AsyncIterator[tuple[Server, Peer, Awaitable[Connection]]]:
    """A server that has read the handshake and written its answer, and the client's way to open."""
    came: asyncio.Future[Server] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = Server(reader, writer, await reader.readuntil(b"\r\n\r\n"))
        for byte in (raw := answer(server.request))[:-8]:
            writer.write(bytes([byte]))
            await writer.drain()
        writer.write(raw[-8:])
        came.set_result(server)

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        url = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/ws"
        target = await find_target(url, "tui", Format.JSON, token=token)
        peer = Peer()
        opening = asyncio.create_task(target.open(peer))
        async with asyncio.timeout(DEADLINE_S):
            server = await came
        try:
            yield server, peer, opening
        finally:
            server.writer.close()
            if opening.done() and not opening.exception():
                opening.result().abort()


async def test_the_handshake_says_who_and_what() -> None:
    async with _pair(token="secret-1") as (server, _, opening):  # noqa: S106 - of this test alone
        await opening
        request = server.request.decode()
        assert request.startswith("GET /ws?client=tui HTTP/1.1\r\n")
        assert "Authorization: Bearer secret-1\r\n" in request
        assert "Sec-WebSocket-Protocol: bigboard.v1.json\r\n" in request
        assert "permessage-deflate" not in request


async def test_what_comes_in_one_piece_with_the_answer_is_read() -> None:
    frames = b"".join(Frame(Opcode.TEXT, b"{%d}" % number).serialize(mask=False) for number in range(3))
    async with _pair(lambda request: _accept(request) + frames) as (_, peer, opening):
        await opening
        await until(lambda: len(peer.messages) == 3)
        assert peer.messages == [(b"{0}", True), (b"{1}", True), (b"{2}", True)]


async def test_messages_in_fragments_and_with_a_ping_between_are_put_together() -> None:
    async with _pair() as (server, peer, opening):
        await opening
        server.frame(Opcode.TEXT, b"one ", fin=False)
        server.frame(Opcode.PING, b"alive?")
        server.frame(Opcode.CONT, b"two ", fin=False)
        server.frame(Opcode.CONT, b"three")
        server.frame(Opcode.BINARY, b"", fin=False)
        server.frame(Opcode.CONT, b"\x80")
        server.frame(Opcode.BINARY, b"whole")
        assert await server.read_frame() == (Opcode.PONG, b"alive?")
        await until(lambda: len(peer.messages) == 3)
        assert peer.messages == [(b"one two three", True), (b"\x80", False), (b"whole", False)]


async def test_it_says_what_it_is_told_to_in_masked_frames() -> None:
    async with _pair() as (server, _, opening):
        connection = await opening
        connection.send(b"{}", text=True)
        connection.send(b"\x80", text=False)
        assert await server.read_frame() == (Opcode.TEXT, b"{}")
        assert await server.read_frame() == (Opcode.BINARY, b"\x80")
        connection.close()
        assert await server.read_frame() == (Opcode.CLOSE, (1000).to_bytes(2, "big"))


async def test_the_servers_close_is_answered_and_told_once() -> None:
    async with _pair() as (server, peer, opening):
        await opening
        server.frame(Opcode.CLOSE, (4508).to_bytes(2, "big") + b"too slow")
        assert await server.read_frame() == (Opcode.CLOSE, (4508).to_bytes(2, "big") + b"too slow")
        await until(lambda: peer.ends)
        server.writer.close()
        assert peer.ends == [End(4508, "too slow")]


async def test_a_connection_that_breaks_off_is_told_as_1006() -> None:
    async with _pair() as (server, peer, opening):
        await opening
        server.writer.transport.abort()
        await until(lambda: peer.ends)
        assert [end.code for end in peer.ends] == [1006]


async def test_nothing_is_told_of_a_connection_that_was_aborted_here() -> None:
    async with _pair() as (server, peer, opening):
        connection = await opening
        server.frame(Opcode.TEXT, b"late")
        connection.abort()
        with contextlib.suppress(ConnectionResetError):
            assert await server.reader.read() == b""
        assert (peer.messages, peer.ends) == ([], [])


@pytest.mark.parametrize(
    ("wire", "code"),
    [
        (Frame(Opcode.TEXT, b"masked").serialize(mask=True), CloseCode.PROTOCOL_ERROR),
        (bytes([0x82, 127]) + (MOST_BYTES + 1).to_bytes(8, "big"), CloseCode.MESSAGE_TOO_BIG),
        (bytes([0xF2, 0]), CloseCode.PROTOCOL_ERROR),
        (Frame(Opcode.CONT, b"of nothing").serialize(mask=False), CloseCode.PROTOCOL_ERROR),
        (
            Frame(Opcode.TEXT, b"a", fin=False).serialize(mask=False) + Frame(Opcode.TEXT, b"b").serialize(mask=False),
            CloseCode.PROTOCOL_ERROR,
        ),
    ],
    ids=["masked", "too large", "reserved bits", "continuation of nothing", "message within a message"],
)
async def test_what_breaks_rfc_6455_ends_the_connection(wire: bytes, code: CloseCode) -> None:
    async with _pair() as (server, peer, opening):
        await opening
        server.write(wire)
        server.frame(Opcode.TEXT, b"more")
        opcode, payload = await server.read_frame()
        assert (opcode, payload[:2]) == (Opcode.CLOSE, int(code).to_bytes(2, "big"))
        await until(lambda: peer.ends)
        assert peer.messages == []


async def test_a_refusal_is_told_with_its_status_and_words() -> None:
    body = b"too many connections from this address"
    head = b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with _pair(lambda _: head + body) as (_, peer, opening):
        with pytest.raises(InvalidStatus) as refused:
            await opening
        assert (refused.value.response.status_code, refused.value.response.body) == (429, body)
        assert peer.ends == []


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 101 Nearly\r\nServer: other\r\n\r\n"])
async def test_what_is_no_websocket_server_says_so(answer: bytes) -> None:
    async with _pair(lambda _: answer) as (_, _, opening):
        with pytest.raises(InvalidHandshake):
            await opening


async def test_a_server_that_hangs_up_in_the_handshake_says_so() -> None:
    async with _pair(lambda _: b"HTTP/1.1 101 Switching") as (server, _, opening):
        server.writer.close()
        with pytest.raises((InvalidHandshake, OSError)):
            await opening
