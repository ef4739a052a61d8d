"""What docs/scaling.md offers for more clients than one Redis carries: read replicas, and boards that share a cluster."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from redis_servers import redis_cluster, redis_server
from resilience.load import Publisher
from roles import aggregator, gateway, leads
from servers import until
from witness import Witness, witnessing

if TYPE_CHECKING:
    from pathlib import Path


async def test_gateways_follow_read_replicas() -> None:
    async with redis_server() as master, aggregator(master.url, "--lease", "2s") as leader:
        replica_of = ("--replicaof", "127.0.0.1", str(master.port), "--replica-serve-stale-data", "no")
        async with (
            redis_server(*replica_of) as replica,
            gateway(master.url, "--name", "near") as near,
            gateway(replica.url, "--name", "far") as far,
        ):
            await leads(leader)
            await near.ready()
            await far.ready()
            publisher, witness = Publisher(master, rate=1_000), Witness(near.url, interval_ms=20, first_attempts=20)
            witness.elsewhere = far.url
            async with witnessing(witness), witnessing(publisher):
                await until(lambda: len(witness.prices) == 50, "prices flow")
                near.process.kill()
                await until(lambda: witness.resumes, "it has resumed behind the replica")
                # Without its master a replica would go on with what it has, and nobody could see that it is old.
                await master.stop()
                await far.ready(503)
                held = publisher.sent
                await master.start()
                await far.ready()
                await until(lambda: max(witness.prices.values(), default=0) > held, "prices flow again")
            assert witness.states == len(witness.epochs) == 2, (
                "the master came back empty: a new epoch, and no other state"
            )
            assert witness.client.session.gaps == 0


async def test_boards_share_a_cluster(tmp_path: Path) -> None:
    async with redis_cluster() as nodes, AsyncExitStack() as stack:
        url = f"redis+cluster://127.0.0.1:{nodes[0].port}"
        publishers, witnesses = [], []
        for number, name in enumerate(("spot", "futures")):
            config = tmp_path / f"{name}.yaml"
            config.write_text(f"board: {name}\nredis_prefix: '{name}:'\n", encoding="utf-8")
            leader = await stack.enter_async_context(aggregator(url, "--config", str(config)))
            await leads(leader)
            front = await stack.enter_async_context(gateway(url, "--config", str(config)))
            await front.ready()
            # What is published at one node, all of them pass on.
            publishers.append(Publisher(nodes[number], symbols=5 + number, rate=500, prefix=f"{name}:"))
            witnesses.append(Witness(front.url, interval_ms=20))
        async with witnessing(*witnesses):
            async with witnessing(*publishers):
                for number, witness in enumerate(witnesses):
                    await until(lambda: len(witness.prices) == 5 + number, "prices flow")  # noqa: B023
            for publisher, witness in zip(publishers, witnesses, strict=True):
                await publisher.say_all()
                await witness.agrees(publisher.truth)
        assert not any(witness.client.session.gaps for witness in witnesses)
