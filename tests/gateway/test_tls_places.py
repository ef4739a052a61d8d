"""Connections that are not done with TLS: they count, they end, and what comes early is not lost."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from bigboard.gateway import acceptor as gateway_acceptor
from bigboard.gateway import sockets as gateway_sockets
from bigboard.gateway.limits import GatewayLimits, Limit
from bigboard.gateway.tls import tls_context
from certificates import Authority
from servers import DEADLINE_S, Gateway, gateway, until

if TYPE_CHECKING:
    from collections.abc import Callable

_REQUEST = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
_RESET = struct.pack("ii", 1, 0)
"""To linger for no time: a close is then a reset (SO_LINGER)."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    pair = authority.pair()
    return tls_context(str(pair.certificate), str(pair.key))


class _Client:
    """Shakes hands in memory, so that a test says what goes into one packet."""

    def __init__(self, served: Gateway, context: ssl.SSLContext, stack: ExitStack) -> None:
        self.socket = stack.enter_context(socket.socket())
        self.socket.setblocking(False)
        self._port = served.port
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname="127.0.0.1")

    async def greet(self) -> None:
        """Connect, and read the server's part of the handshake; the last word of our own is not sent yet."""
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, ("127.0.0.1", self._port))
        await self._until_done(self.tls.do_handshake)

    async def send(self) -> None:
        """Send what has gathered, as one packet."""
        await asyncio.get_running_loop().sock_sendall(self.socket, self._outgoing.read())

    async def read(self) -> bytes:
        """The next bytes of the answer."""
        found = b""

        def take() -> None:
            nonlocal found
            found = self.tls.read(65_536)

        await self._until_done(take)
        return found

    async def _until_done(self, step: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                try:
                    step()
                except ssl.SSLWantReadError:
                    await self.send()
                    self._incoming.write(await asyncio.get_running_loop().sock_recv(self.socket, 65_536))
                else:
                    return


async def test_one_that_says_nothing_has_a_place_like_any_other(
    tls: ssl.SSLContext, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_sockets, "SPARE_PER_ADDRESS", 0)
    with ExitStack() as stack:
        async with gateway(tls=tls, bounds=GatewayLimits(connections_per_address=3)) as served:
            silent = [stack.enter_context(socket.create_connection(("127.0.0.1", served.port))) for _ in range(4)]
            await until(lambda: len(served.hub.sockets) == 3, "three are in")
            await until(lambda: served.hub.limited.counts[Limit.SOCKETS_PER_ADDRESS] == 1, "one is not")
            transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2", verify=authority.trusted())
            async with httpx.AsyncClient(transport=transport) as other:
                assert (await other.get(f"https://127.0.0.1:{served.port}/health")).status_code == 200
            for one in silent:
                one.close()
            await until(lambda: not len(served.hub.sockets), "their places are free")


async def test_one_that_never_ends_is_dropped_and_counted(tls: ssl.SSLContext) -> None:
    with ExitStack() as stack:
        async with gateway(tls=tls, bounds=GatewayLimits(handshake_s=0.3)) as served:
            stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            await until(lambda: len(served.hub.sockets) == 1, "it is in")
            await until(lambda: served.hub.limited.counts[Limit.HANDSHAKE_TIME] == 1, "its time is up")
            assert len(served.hub.sockets) == 0


async def test_one_that_says_nothing_after_it_is_dropped_too(tls: ssl.SSLContext, authority: Authority) -> None:
    with ExitStack() as stack:
        async with gateway(tls=tls, bounds=GatewayLimits(handshake_s=0.5)) as served:
            client = _Client(served, authority.trusted(), stack)
            await client.greet()
            await client.send()
            await until(lambda: served.hub.limited.counts[Limit.HANDSHAKE_TIME] == 1, "its time is up")
            await until(lambda: not len(served.hub.sockets), "its place is free")


async def test_a_crowd_that_says_nothing_holds_others_up_for_the_time_of_a_handshake_and_no_longer(
    tls: ssl.SSLContext, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_acceptor, "_MOST_BEGINNING", 3)
    turns = 0
    take = gateway_acceptor.Acceptor._take

    def counted(acceptor: gateway_acceptor.Acceptor) -> None:
        nonlocal turns
        turns += 1
        take(acceptor)

    monkeypatch.setattr(gateway_acceptor.Acceptor, "_take", counted)
    with ExitStack() as stack:
        async with gateway(tls=tls, bounds=GatewayLimits(handshake_s=1.0)) as served:
            for _ in range(5):
                stack.enter_context(socket.create_connection(("127.0.0.1", served.port)))
            await until(lambda: len(served.hub.sockets) == 3, "three are in")
            async with httpx.AsyncClient(verify=authority.trusted(), trust_env=False) as client:
                assert (await client.get(f"https://127.0.0.1:{served.port}/health")).status_code == 200
            # Those who wait in the system's queue must not be looked at in each turn of the loop.
            assert turns < 20


async def test_a_request_in_the_same_packet_as_the_end_of_the_handshake_is_answered(
    tls: ssl.SSLContext, authority: Authority
) -> None:
    async with gateway(tls=tls) as served:
        for _ in range(20):
            with ExitStack() as stack:
                client = _Client(served, authority.trusted(), stack)
                await client.greet()
                client.tls.write(_REQUEST)
                await client.send()
                assert (await client.read()).startswith(b"HTTP/1.1 200 ")
        await until(lambda: not len(served.hub.sockets), "their places are free")


async def test_whoever_leaves_right_after_it_leaves_nothing_behind(tls: ssl.SSLContext, authority: Authority) -> None:
    async with gateway(tls=tls) as served:
        for _ in range(30):
            with ExitStack() as stack:
                client = _Client(served, authority.trusted(), stack)
                await client.greet()
                await client.send()
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        await until(lambda: not len(served.hub.sockets), "their places are free")
        assert not served.hub.limited.counts
