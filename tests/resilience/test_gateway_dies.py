"""A gateway is killed, and its clients go on at another one where they were."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from ports import free_port
from redis_servers import redis_server
from resilience.load import Publisher
from roles import aggregator, gateway, leads
from servers import until
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import Callable

_CLIENTS = 500


async def test_all_its_clients_resume_at_another_gateway(measured: Callable[[str, str], None]) -> None:
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
                    killed_s = time.monotonic()
                    await until(lambda: all(witness.resumes for witness in witnesses), "all have resumed")
                    measured(f"all {_CLIENTS} clients have resumed after", f"{time.monotonic() - killed_s:.1f} s")
                await publisher.say_all()
                for witness in witnesses:
                    await witness.agrees(publisher.truth)
            assert sum(witness.states for witness in witnesses) == _CLIENTS, "nobody needed a snapshot to go on"
            assert not any(witness.client.session.gaps for witness in witnesses)


async def test_one_that_is_started_again_has_its_clients_resume(measured: Callable[[str, str], None]) -> None:
    ports = ("--port", str(free_port()), "--hub-port", str(free_port()))
    async with redis_server() as server, aggregator(server.url) as leader, AsyncExitStack() as stack:
        await leads(leader)
        front = await stack.enter_async_context(gateway(server.url, *ports))
        await front.ready()
        publisher, witness = Publisher(server, rate=1_000), Witness(front.url, interval_ms=20, first_attempts=20)
        async with witnessing(witness):
            async with witnessing(publisher):
                await until(lambda: len(witness.prices) == 50, "prices flow")
                front.process.kill()
                await front.process.wait()
                started_s = time.monotonic()
                await stack.enter_async_context(gateway(server.url, *ports))
                await until(lambda: witness.resumes, "it resumed")
                measured("resumed after its start", f"{time.monotonic() - started_s:.1f} s")
            await publisher.say_all()
            await witness.agrees(publisher.truth)
        assert (witness.states, witness.client.session.gaps) == (1, 0)
