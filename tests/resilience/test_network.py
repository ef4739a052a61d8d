"""The network between a gateway and Redis is cut, and nobody is told."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from redis_servers import redis_server
from resilience.cut import cable
from resilience.lengths import length_s
from resilience.load import Publisher
from roles import aggregator, gateway, leads
from servers import until
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import Callable

_NOTICED_S = 6.0


async def test_a_gateway_that_is_cut_off_says_so_and_catches_up(measured: Callable[[str, str], None]) -> None:
    async with redis_server() as server, cable(server.port) as between, aggregator(server.url) as leader:
        await leads(leader)
        async with gateway(f"redis://127.0.0.1:{between.port}/0") as front:
            await front.ready()
            publisher, witness = Publisher(server, rate=2_000), Witness(front.url, interval_ms=20)
            async with witnessing(witness):
                async with witnessing(publisher):
                    await until(lambda: len(witness.prices) == 50, "prices flow")
                    cut_s = time.monotonic()
                    between.cut()
                    await front.ready(503)
                    noticed_s = time.monotonic() - cut_s
                    assert noticed_s < _NOTICED_S
                    assert (await front.health())[0] == 200
                    await asyncio.sleep(max(0.0, length_s(3, 30) - noticed_s))
                    sent = publisher.sent
                    between.mend()
                    mended_s = time.monotonic()
                    await until(lambda: max(witness.prices.values()) > sent, "prices flow again")
                    caught_up_s = time.monotonic() - mended_s
                    await front.ready()
                await publisher.say_all()
                await witness.agrees(publisher.truth)
            assert (witness.states, witness.client.session.gaps) == (1, 0), "the log reached back"
            assert witness.client.connections == 1
            measured("noticed after", f"{noticed_s:.1f} s")
            measured("current again after", f"{caught_up_s:.1f} s")
