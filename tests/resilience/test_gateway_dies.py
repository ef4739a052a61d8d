"""A gateway is killed, and its clients go on at another one where they were."""

from __future__ import annotations

from contextlib import AsyncExitStack

from redis_servers import redis_server
from resilience.load import Publisher
from roles import aggregator, gateway, leads
from servers import until
from witness import Witness, witnessing

_CLIENTS = 500


async def test_all_its_clients_resume_at_another_gateway() -> None:
    async with redis_server() as server, aggregator(server.url) as leader:
        await leads(leader)
        async with AsyncExitStack() as stack:
            dies = await stack.enter_async_context(gateway(server.url, "--name", "one"))
            other = await stack.enter_async_context(gateway(server.url, "--name", "two"))
            await dies.ready()
            await other.ready()
            publisher = Publisher(server, symbols=5, rate=200)
            witnesses = [Witness(dies.url, interval_ms=1_000, first_attempts=20) for _ in range(_CLIENTS)]
            for witness in witnesses:
                witness.elsewhere = other.url
            async with witnessing(*witnesses):
                async with witnessing(publisher):
                    await until(lambda: all(len(witness.prices) == 5 for witness in witnesses), "all are there")
                    dies.process.kill()
                    await until(lambda: all(witness.resumes for witness in witnesses), "all have resumed")
                await publisher.say_all()
                for witness in witnesses:
                    await witness.agrees(publisher.truth)
            assert sum(witness.states for witness in witnesses) == _CLIENTS, "nobody needed a snapshot to go on"
            assert not any(witness.client.session.gaps for witness in witnesses)
