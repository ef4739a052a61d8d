"""A server that takes no more clients is quoted, and counted."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.datastructures import Headers
from websockets.http11 import Response

from bigboard.gateway.limits import GatewayLimits
from bigboard.wire import Format
from load.faulty_server import faulty_server, nth_diff
from load.moving_board import broken, load, moving, url_of
from servers import gateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request

pytestmark = pytest.mark.slow


@asynccontextmanager
async def _limited(most: int, status: int, body: str) -> AsyncIterator[str]:
    """Takes so many connections at a time, and refuses more; a minimal board."""
    taken = 0

    def admit(_: ServerConnection, __: Request) -> Response | None:
        nonlocal taken
        taken += 1
        # The first is the one that looks around; it leaves again.
        return None if taken <= most + 1 else _response(status, body)

    async with faulty_server(process_request=admit) as url:
        yield url


def _response(status: int, body: str) -> Response:
    return Response(status, "No", Headers({"Content-Length": str(len(body))}), body.encode())


async def test_a_limit_of_connections_is_told_in_the_servers_words_with_the_count() -> None:
    async with _limited(6, 429, "at most 6 connections per address\n") as url:
        report = await load(url, format=Format.JSON)
    assert broken(report) == ["clients"]
    assert (report.clients.connected, report.connections.opened) == (6, 6)
    assert report.connections.refusals == {"429 at most 6 connections per address": 4}


async def test_a_limit_that_is_told_by_a_close_is_a_refusal_too() -> None:
    subscribed = 0

    def full(message: dict[str, Any]) -> Any:
        # The one that looks around has its answer; whoever comes next is one too many.
        nonlocal subscribed
        subscribed += message["type"] == "subscribed"
        yield message if subscribed <= 1 else {"close": [4429, "too many connections"]}

    async with faulty_server(full) as url:
        report = await load(url, format=Format.JSON)
    assert broken(report) == ["clients", "wrong states"]
    assert report.connections.refusals == {"4429 too many connections": 10}
    assert report.disconnects == {}


async def test_the_gateways_own_limit_is_told_in_its_words() -> None:
    async with gateway(bounds=GatewayLimits(connections_per_address=6)) as served, moving(served):
        report = await load(url_of(served))
    assert broken(report) == ["clients"]
    assert report.clients.connected == 6
    assert sum(report.connections.refusals.values()) == 4
    assert all("too many connections from your address: at most 6" in words for words in report.connections.refusals)


async def test_a_client_that_is_closed_for_good_does_not_come_back() -> None:
    async with faulty_server(nth_diff(5, lambda _: {"close": [4429, "too many messages"]})) as url:
        report = await load(url, format=Format.JSON, clients=1)
    assert report.disconnects == {"4429 too many messages": 1}
    assert not report.holds
    assert report.clients.connected == 0
