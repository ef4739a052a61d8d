"""A gateway stands still for a while, as on a machine that swaps or a virtual one that is moved."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING

from redis_servers import redis_server
from resilience.lengths import length_s
from resilience.load import Publisher
from roles import aggregator, gateway, leads
from servers import until
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_a_gateway_that_hung_brings_its_clients_up_to_the_present(measured: Callable[[str, str], None]) -> None:
    async with redis_server() as server, aggregator(server.url) as leader, gateway(server.url) as front:
        await leads(leader)
        await front.ready()
        publisher, witness = Publisher(server, rate=2_000), Witness(front.url, interval_ms=20)
        async with witnessing(witness):
            async with witnessing(publisher):
                await until(lambda: len(witness.prices) == 50, "prices flow")
                front.process.send_signal(signal.SIGSTOP)
                await asyncio.sleep(length_s(3, 20))
                sent = publisher.sent
                front.process.send_signal(signal.SIGCONT)
                goes_on_s = time.monotonic()
                await until(lambda: max(witness.prices.values()) > sent, "prices flow again")
                caught_up_s = time.monotonic() - goes_on_s
            await publisher.say_all()
            await witness.agrees(publisher.truth)
        assert (witness.states, witness.client.session.gaps) == (1, 0), "it resumed, if it had gone away at all"
        measured("current again after", f"{caught_up_s:.2f} s")
