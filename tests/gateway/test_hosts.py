"""DNS rebinding: a server of this machine answers to the names of this machine alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from bigboard.gateway.hosts import HostGuard, own_hosts
from servers import running_up

if TYPE_CHECKING:
    from starlette.requests import Request


async def _ask(host: str, hosts: frozenset[str] | None) -> int:
    async def hello(_: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    app = HostGuard(Starlette(routes=[Route("/", hello)]), hosts)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server") as client:
        answer = await client.get("/", headers={"host": host})
        return answer.status_code


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8000", "localhost:1", "LOCALHOST", "[::1]:8000", "desk.example"]
)
async def test_its_own_names_are_answered(host: str) -> None:
    assert await _ask(host, own_hosts("127.0.0.1", ["https://desk.example:8443"])) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example", "[::1", "localhost@evil"]
)
async def test_other_names_are_not(host: str) -> None:
    assert await _ask(host, own_hosts("127.0.0.1", [])) == 421


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1", "desk"])  # noqa: S104 - nothing is bound here
async def test_a_server_that_others_reach_cannot_know_its_names(address: str) -> None:
    assert own_hosts(address, []) is None
    assert await _ask("evil.example", None) == 200


async def test_the_running_server_is_guarded_on_both_ports() -> None:
    async with running_up(quiet=False) as up:
        for port in (up.port, up.hub_port):
            async with httpx.AsyncClient() as client:
                strange = {"host": f"evil.example:{port}", "origin": f"http://evil.example:{port}"}
                answer = await client.get(f"http://127.0.0.1:{port}/health", headers=strange)
                assert answer.status_code == 421
                assert (await client.get(f"http://localhost:{port}/health")).status_code == 200
            with pytest.raises(InvalidStatus) as refused:
                async with connect(f"ws://evil.example:{port}/ws", host="127.0.0.1", port=port, proxy=None):
                    pass
            assert refused.value.response.status_code == 421
