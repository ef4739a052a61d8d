"""Redis is stopped, with and without its data: gateways keep serving, and all go on by themselves."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from ports import free_port
from redis_servers import RedisServer, redis_server
from resilience.lengths import length_s
from resilience.load import Publisher
from roles import GatewayProcess, aggregator, gateway, leads
from servers import until
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@asynccontextmanager
async def _flowing(server: RedisServer, front: GatewayProcess) -> AsyncIterator[tuple[Publisher, Witness]]:
    publisher, witness = Publisher(server, rate=2_000), Witness(front.url, interval_ms=20)
    async with witnessing(witness):
        async with witnessing(publisher):
            await until(lambda: len(witness.prices) == 50, "prices flow")
            yield publisher, witness
            sent = publisher.sent
            await until(lambda: max(witness.prices.values()) > sent, "prices flow again")
        await publisher.say_all()
        await witness.agrees(publisher.truth)


@pytest.mark.parametrize("keeps", [True, False], ids=["with its data", "empty"])
async def test_redis_restarts(keeps: bool, measured: Callable[[str, str], None]) -> None:
    async with (
        redis_server(keeps=keeps) as server,
        aggregator(server.url, "--lease", "2s") as leader,
        gateway(server.url) as front,
    ):
        await leads(leader)
        await front.ready()
        async with _flowing(server, front) as (_, witness):
            held = len(witness.prices)
            await server.stop()
            await front.ready(503)
            status, health = await front.health()
            assert (status, health["status"]) == (200, "degraded")
            assert health["parts"]["redis"]["status"] == "down"
            assert {row["status"] for row in await front.services()} == {"stale"}
            late = Witness(front.url)
            async with witnessing(late):
                await until(lambda: len(late.prices) == held, "the last state is still served")
            await asyncio.sleep(length_s(0, 10))
            await server.start()
            started_s, newest = time.monotonic(), max(witness.prices.values())
            await until(lambda: max(witness.prices.values()) > newest, "prices flow again")
            measured("prices flow again after its start", f"{time.monotonic() - started_s:.1f} s")
            await front.ready()
            assert "up" in {row["status"] for row in await front.services()}
        assert len(witness.epochs) == (1 if keeps else 2)
        assert witness.states == len(witness.epochs), "one state for each epoch, and no other"
        assert witness.client.connections == 1
        assert witness.client.session.gaps == 0


async def test_all_may_start_before_redis() -> None:
    async with redis_server() as server:
        await server.stop()
        async with aggregator(server.url) as leader, gateway(server.url) as front:
            assert (await front.health(ready=True))[0] == 503
            await leader.line("no Redis on", of="stderr")
            await server.start()
            await leads(leader)
            await front.ready()
            async with _flowing(server, front):
                assert (await front.health())[1]["status"] == "healthy"


async def test_a_port_where_nothing_listens_harms_nobody() -> None:
    async with gateway(f"redis://127.0.0.1:{free_port()}") as front:
        status, health = await front.health()
        assert (status, health["status"]) == (200, "degraded")
