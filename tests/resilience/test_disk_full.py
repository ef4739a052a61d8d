"""The disk of Redis is full: it refuses whatever writes, and answers all the rest."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from redis_servers import redis_server
from resilience.lengths import length_s
from resilience.load import Publisher
from roles import aggregator, gateway, leads
from servers import DEADLINE_S, until
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_prices_stand_still_while_the_disk_is_full_and_go_on(measured: Callable[[str, str], None]) -> None:
    async with (
        redis_server("--appendonly", "yes", "--auto-aof-rewrite-percentage", "0") as server,
        aggregator(server.url, "--lease", "2s") as leader,
        gateway(server.url) as front,
    ):
        await leads(leader)
        await front.ready()
        publisher, witness = Publisher(server, rate=2_000), Witness(front.url, interval_ms=20)
        async with witnessing(witness):
            async with witnessing(publisher):
                await until(lambda: len(witness.prices) == 50, "prices flow")
                server.limit_files(1)
                async with server.client() as client, asyncio.timeout(DEADLINE_S):
                    while (await client.info("persistence"))["aof_last_write_status"] == "ok":
                        await asyncio.sleep(0.05)
                async with asyncio.timeout(DEADLINE_S):
                    while (health := (await front.health())[1])["parts"]["spine"]["status"] != "stale":
                        await asyncio.sleep(0.05)
                assert health["status"] == "degraded"
                assert "no commit" in health["parts"]["spine"]["detail"]
                await asyncio.sleep(length_s(0, 20))
                async with witnessing(late := Witness(front.url)):
                    await until(lambda: len(late.prices) == 50, "the last state is still served")
                sent = publisher.sent
                server.limit_files()
                room_s = time.monotonic()
                await until(lambda: max(witness.prices.values()) > sent, "prices flow again")
                measured("current again after", f"{time.monotonic() - room_s:.1f} s")
            await publisher.say_all()
            await witness.agrees(publisher.truth)
        assert len(witness.epochs) == 1, "nothing was lost"
        assert (witness.states, witness.client.session.gaps) == (1, 0)
