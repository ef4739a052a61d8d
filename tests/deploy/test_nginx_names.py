"""deploy/docker/nginx.conf and the names of the gateways, which come and go: by rule, and in an nginx that is new enough."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from deploy.nginx_server import NGINX, in_nginx, running_nginx
from ports import free_ports
from servers import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

_DOCKER = Path(__file__).parents[2] / "deploy" / "docker"
_CONF = (_DOCKER / "nginx.conf").read_text(encoding="utf-8")
_SINCE = (1, 27, 3)
"""From this version on the free nginx asks for the names in an upstream while it runs."""


def _version() -> tuple[int, ...]:
    if NGINX is None:
        return ()
    told = subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True, timeout=10).stderr
    return tuple(int(part) for part in told.partition("nginx/")[2].split()[0].split("."))


def test_names_are_asked_for_again_and_the_pinned_nginx_can_do_so() -> None:
    upstream = re.search(r"upstream bigboard_gateways \{(.+?)\n\}", _CONF, re.DOTALL)
    assert upstream is not None
    servers = re.findall(r"server gateway-\d:8000 (.*);", upstream[1])
    assert len(servers) == 2
    assert all("resolve" in server.split() for server in servers)
    # What is resolved anew is kept where every worker sees it.
    assert re.search(r"(?m)^    zone \w+ \d+k;$", upstream[1])
    assert re.search(r"(?m)^resolver 127\.0\.0\.11 valid=\d+s\b", _CONF)
    pinned = re.search(r"image: nginx:(\d+)\.(\d+)", (_DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    assert pinned is not None
    assert (int(pinned[1]), int(pinned[2])) > _SINCE[:2]


class _Names(asyncio.DatagramProtocol):
    """A resolver that knows some names, each with one address (RFC 1035, section 4.1)."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self.known = known

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        name, at = [], 12
        while data[at]:
            name.append(data[at + 1 : at + 1 + data[at]].decode())
            at += 1 + data[at]
        address = self.known.get(".".join(name))
        # A response to a recursive query; 3 is "no such name".
        flags = 0x8180 if address else 0x8183
        head = data[:2] + flags.to_bytes(2, "big") + b"\0\1" + (b"\0\1" if address else b"\0\0") + b"\0\0\0\0"
        # A pointer to the name asked for, type A, class IN, an hour: nginx has to go by `valid`.
        record = b"\xc0\x0c\0\1\0\1" + (3600).to_bytes(4, "big") + b"\0\4"
        answer = record + socket.inet_aton(address) if address else b""
        self._transport.sendto(head + data[12 : at + 5] + answer, addr)


@asynccontextmanager
async def _resolver(known: Mapping[str, str]) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Names(known), ("127.0.0.1", 0))
    with closing(transport):
        yield transport.get_extra_info("sockname")[1]


@asynccontextmanager
async def _answering(address: str, port: int) -> AsyncIterator[None]:
    """A gateway as far as nginx cares: it says where it is."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Length: {len(address)}\r\nConnection: close\r\n\r\n{address}".encode()
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, address, port):
        yield


@pytest.mark.skipif(
    _version() < _SINCE, reason="asks for names while it runs from nginx 1.27.3 on; NGINX may name such a one"
)
async def test_nginx_starts_without_a_gateway_and_finds_one_that_was_made_anew(tmp_path: Path) -> None:
    port, gateway_port = free_ports(2)
    known = {"gateway-1": "127.0.0.1"}
    async with _resolver(known) as resolver_port:
        text = _CONF
        for old, new in {
            "127.0.0.11 ": f"127.0.0.1:{resolver_port} ",
            "gateway-1:8000": f"gateway-1:{gateway_port}",
            "gateway-2:8000": f"gateway-2:{gateway_port}",
            "listen 8000;": f"listen 127.0.0.1:{port};",
        }.items():
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        # It says in its log that gateway-2 has no address, as it should.
        async with (
            running_nginx(await asyncio.to_thread(in_nginx, tmp_path, text), port, quiet=False),
            httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http,
        ):

            async def until_told(address: str) -> None:
                async with asyncio.timeout(DEADLINE_S):
                    while (await http.get("/")).text != address:
                        await asyncio.sleep(0.05)

            async with _answering("127.0.0.1", gateway_port):
                await until_told("127.0.0.1")
            known["gateway-1"] = "127.0.0.2"
            async with _answering("127.0.0.2", gateway_port):
                await until_told("127.0.0.2")
