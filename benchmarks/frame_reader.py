"""A crowd of WebSocket clients that only read: cheap enough that one core reads what another one sends."""

from __future__ import annotations

import select
import socket
import time

__all__ = ["Crowd"]

_MARK = b'"sent_ns":'
_REQUEST = (
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Crowd:
    """Clients with equal subscriptions. ``delays_ns``: from the newest commit of a diff to its arrival."""

    def __init__(self) -> None:
        self.messages = 0
        self.bytes = 0
        self.delays_ns: list[int] = []
        self.closed = 0
        self._sockets: dict[int, socket.socket] = {}
        self._rest: dict[int, bytes] = {}
        self._epoll = select.epoll()

    def __len__(self) -> int:
        return len(self._sockets)

    def join(self, port: int, subscribe: str) -> None:
        """Connect one client and subscribe; its answers are read with the rest."""
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(_REQUEST.format(port=port).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += client.recv(4_096)
        assert answer.startswith(b"HTTP/1.1 101"), answer
        client.sendall(_masked(subscribe.encode()))
        client.settimeout(0.0)
        self._sockets[client.fileno()] = client
        self._rest[client.fileno()] = answer.partition(b"\r\n\r\n")[2]
        self._epoll.register(client, select.EPOLLIN)

    def read(self, seconds: float) -> None:
        """Read for so long; only what comes in this time is counted."""
        self.messages = self.bytes = 0
        self.delays_ns = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for number, _ in self._epoll.poll(0.02, 512):
                self._take(number)

    def close(self) -> None:
        """Drop all connections."""
        for client in self._sockets.values():
            client.close()
        self._epoll.close()

    def _take(self, number: int) -> None:
        try:
            data = self._sockets[number].recv(262_144)
        except ConnectionResetError:
            data = b""
        if not data:
            self.closed += 1
            self._epoll.unregister(number)
            return
        now = time.monotonic_ns()
        self.bytes += len(data)
        rest = self._rest[number]
        if rest:
            data = rest + data
        at, end = 0, len(data)
        while end - at >= 4:
            size, begin = data[at + 1], at + 2
            if size == 126:
                size, begin = data[at + 2] << 8 | data[at + 3], at + 4
            elif size == 127:
                size, begin = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if begin + size > end:
                break
            self._message(data, begin, begin + size, now)
            at = begin + size
        self._rest[number] = data[at:] if at < end else b""

    def _message(self, data: bytes, begin: int, end: int, now: int) -> None:
        mark = data.find(_MARK, begin, end)
        if mark < 0 or data[begin + 9 : begin + 13] != b"diff":
            return
        self.messages += 1
        mark += len(_MARK)
        self.delays_ns.append(now - int(data[mark : mark + 20].partition(b"}")[0].partition(b",")[0]))


def _masked(payload: bytes) -> bytes:
    # A mask of zeros is a mask, and changes nothing.
    size = bytes([0x80 | len(payload)]) if len(payload) <= 125 else b"\xfe" + len(payload).to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + payload
