"""Connections are taken many at a time, and a system that is short of something is given a rest."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

from bigboard.gateway import acceptor as gateway_acceptor
from bigboard.gateway.acceptor import Acceptor
from bigboard.gateway.limits import GatewayLimits, Limited
from bigboard.gateway.server import bind
from bigboard.gateway.sockets import Sockets
from servers import until

if TYPE_CHECKING:
    import pytest

_CROWD = 300


def _places() -> Sockets:
    return Sockets(GatewayLimits(), Limited(), lambda: 0)


class _Counted(asyncio.Protocol):
    made = 0

    def take_place(self, address: str, connection: socket.socket) -> None:
        """Nobody counts here."""

    def give_place_back(self) -> None:
        """Nobody counts here."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _Counted.made += 1
        transport.close()


def _connect(port: int) -> socket.socket:
    client = socket.socket()
    client.setblocking(False)
    client.connect_ex(("127.0.0.1", port))
    return client


async def test_a_crowd_is_taken_in_a_few_turns_of_the_loop() -> None:
    listener = bind("127.0.0.1", 0, "port")
    crowd = [_connect(listener.getsockname()[1]) for _ in range(_CROWD)]
    _Counted.made = 0
    acceptor = Acceptor(listener, _Counted, _places())
    turns = 0
    while _Counted.made < _CROWD:
        turns += 1
        await asyncio.sleep(0)
        assert turns < _CROWD / 4
    acceptor.close()
    await acceptor.wait_closed()
    late = _connect(listener.getsockname()[1])
    for _ in range(20):
        await asyncio.sleep(0)
    assert _Counted.made == _CROWD
    for client in (*crowd, late):
        client.close()
    listener.close()


class _Short(socket.socket):
    """A listener on a system that is short of file descriptors for a moment."""

    failures = 1

    def accept(self) -> tuple[socket.socket, object]:
        if _Short.failures:
            _Short.failures -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


async def test_a_system_that_is_short_is_given_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_acceptor, "_PAUSE_S", 0.05)
    listener = _Short()
    listener.bind(("127.0.0.1", 0))
    listener.listen(5)
    listener.setblocking(False)
    _Counted.made = 0
    acceptor = Acceptor(listener, _Counted, _places())
    client = _connect(listener.getsockname()[1])
    await until(lambda: _Counted.made == 1, "it is taken after the rest")
    assert acceptor.pauses == 1
    acceptor.close()
    client.close()
    listener.close()
