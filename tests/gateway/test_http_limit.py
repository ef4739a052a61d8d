"""How many HTTP requests an address may make, and how long it may take over one."""

from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from bigboard.gateway.limits import GatewayLimits, Limit
from bigboard.gateway.rate import Rate
from servers import DEADLINE_S, Gateway, gateway

_QUESTION = "/api/v1/version"
_OPERATORS_QUESTION = "/debug"


@pytest.mark.parametrize(("path", "hub_port"), [(_QUESTION, False), ("/nowhere", False), (_OPERATORS_QUESTION, True)])
async def test_beyond_the_rate_comes_429_with_a_time_to_wait(path: str, *, hub_port: bool) -> None:
    async with gateway(bounds=GatewayLimits(http=Rate(0.1, 5))) as served:
        answers = [await served.get(path, hub_port=hub_port) for _ in range(8)]
        assert 429 not in [answer.status_code for answer in answers[:5]]
        refused = answers[-1]
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 10
        assert "too many requests" in refused.json()["detail"]
        assert served.hub.limited.counts[Limit.HTTP_RATE] == sum(answer.status_code == 429 for answer in answers)


async def test_the_ports_count_together_and_addresses_apart() -> None:
    async with gateway(bounds=GatewayLimits(http=Rate(0.01, 4))) as served:
        for _ in range(2):
            assert (await served.get(_QUESTION)).status_code == 200
            assert (await served.get(_OPERATORS_QUESTION, hub_port=True)).status_code == 200
        assert (await served.get(_QUESTION)).status_code == 429
        transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
        async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{served.port}") as other:
            assert (await other.get(_QUESTION)).status_code == 200


@pytest.mark.parametrize("hub_port", [False, True])
async def test_health_is_answered_while_others_ask_too_often(*, hub_port: bool) -> None:
    async with gateway(bounds=GatewayLimits(http=Rate(0.01, 2))) as served:
        for _ in range(4):
            await served.get(_QUESTION)
        assert (await served.get(_QUESTION)).status_code == 429
        answers = [(await served.get("/health", hub_port=hub_port)).status_code for _ in range(25)]
        assert answers == [200] * 20 + [429] * 5, "ten times as much, but not without end"


@pytest.mark.parametrize(
    "path", ["/", "/assets/index.js", "/docs", "/docs/start.js", "/openapi.json", "/asyncapi.json", "/favicon.svg"]
)
async def test_files_of_the_page_leave_the_rate_to_what_it_asks(path: str) -> None:
    async with gateway(bounds=GatewayLimits(http=Rate(0.01, 2))) as served:
        for _ in range(10):
            assert (await served.get(path)).status_code != 429
        assert [(await served.get(_QUESTION)).status_code for _ in range(3)] == [200, 200, 429]


async def test_a_forwarded_address_of_a_stranger_means_nothing() -> None:
    async with gateway(bounds=GatewayLimits(http=Rate(0.01, 2))) as served:
        statuses = [
            (await served.get(_QUESTION, headers={"X-Forwarded-For": f"192.0.2.{number}"})).status_code
            for number in range(3)
        ]
        assert statuses == [200, 200, 429]


async def test_a_websocket_is_no_request() -> None:
    async with gateway(bounds=GatewayLimits(http=Rate(0.01, 1))) as served:
        for _ in range(5):
            async with served.connect():
                pass
        assert (await served.get(_QUESTION)).status_code == 200


async def test_the_refusals_stand_in_the_metrics() -> None:
    async with gateway(bounds=GatewayLimits(http=Rate(2.0, 2))) as served:
        # All at once: one after the other they may take so long on a busy machine that each of them is allowed.
        await asyncio.gather(*(served.get(_QUESTION) for _ in range(40)))
        assert served.hub.limited.counts[Limit.HTTP_RATE] > 0
        async with asyncio.timeout(DEADLINE_S):
            while (answer := await served.get("/metrics", hub_port=True)).status_code == 429:
                await asyncio.sleep(0.2)
        text = answer.text
        assert f'bigboard_limited_total{{limit="http_rate"}} {served.hub.limited.counts[Limit.HTTP_RATE]}.0' in text
        assert 'code="429"' in text


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"G",
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n",
        b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    ],
)
async def test_a_request_that_never_ends_is_dropped(said: bytes) -> None:
    async with gateway(bounds=GatewayLimits(handshake_s=0.3)) as served:
        begun = time.monotonic()
        await _until_dropped(served, said, [])
        assert 0.25 < time.monotonic() - begun < 5
        assert served.hub.limited.counts[Limit.HANDSHAKE_TIME] == 1


async def test_one_that_drips_in_is_dropped_too() -> None:
    async with gateway(bounds=GatewayLimits(handshake_s=0.3)) as served:
        await _until_dropped(served, b"GET /health HTTP/1.1\r\n", [b"X-A: b\r\n"] * 200)
        assert served.hub.limited.counts[Limit.HANDSHAKE_TIME] == 1


async def _until_dropped(served: Gateway, said: bytes, drops: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(said)
    reading = asyncio.create_task(_read_to_the_end(reader))
    for drop in drops:
        if reading.done():
            break
        writer.write(drop)
        await asyncio.sleep(0.02)
    async with asyncio.timeout(DEADLINE_S):
        await reading
    writer.close()


async def _read_to_the_end(reader: asyncio.StreamReader) -> None:
    try:
        while await reader.read(4_096):
            pass
    except ConnectionResetError:
        pass
    finally:
        await asyncio.sleep(0)


async def test_a_websocket_and_a_slow_answer_are_not_cut() -> None:
    async with gateway(bounds=GatewayLimits(handshake_s=0.2)) as served, served.connect() as client:
        await asyncio.sleep(0.5)
        await client.send('{"action": "ping"}')
        assert "pong" in str(await client.recv())
        assert served.hub.limited.counts[Limit.HANDSHAKE_TIME] == 0
