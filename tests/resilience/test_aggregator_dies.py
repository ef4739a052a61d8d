"""The leading aggregator is killed, hangs or is stopped under load, and a standby goes on."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

from redis_servers import redis_server
from resilience.load import Publisher
from roles import aggregator, gateway, leads
from servers import until
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import Callable

_LEASE = ("--lease", "2s")
_LEASE_S = 2.0
_SLACK_S = 1.5
"""For a machine that is busy with something else."""


async def _flows(publisher: Publisher, witness: Witness, *, prices: int = 4_000) -> None:
    """Wait until so many more prices have been published, and the client has seen one of them."""
    goal = publisher.sent + prices
    await until(lambda: max(witness.prices.values(), default=0.0) > goal, f"prices beyond {goal} arrive")


async def _ends_well(publisher: Publisher, witness: Witness) -> None:
    await publisher.say_all()
    await witness.agrees(publisher.truth)


async def test_the_leader_is_killed_and_a_standby_goes_on_in_its_epoch(measured: Callable[[str, str], None]) -> None:
    async with redis_server() as server, aggregator(server.url, *_LEASE, "--name", "one") as leader:
        await leads(leader)
        async with (
            aggregator(server.url, *_LEASE, "--standby", "--name", "two") as standby,
            gateway(server.url) as front,
        ):
            await front.ready()
            publisher, witness = Publisher(server), Witness(front.url, interval_ms=20)
            async with witnessing(witness):
                async with witnessing(publisher):
                    await _flows(publisher, witness)
                    leader.process.kill()
                    killed_s = time.monotonic()
                    await leads(standby)
                    assert time.monotonic() - killed_s < _LEASE_S + _SLACK_S
                    await _flows(publisher, witness)
                await _ends_well(publisher, witness)
            assert len(witness.epochs) == 1, "clients notice nothing but a pause"
            assert (witness.states, witness.client.session.gaps) == (1, 0)
            assert witness.longest_gap_s < _LEASE_S + _SLACK_S
            measured(
                f"with a lease of {_LEASE_S:g} s the longest time between two diffs", f"{witness.longest_gap_s:.2f} s"
            )


async def test_the_only_aggregator_is_killed_and_started_again(measured: Callable[[str, str], None]) -> None:
    async with redis_server() as server, aggregator(server.url, *_LEASE) as leader, gateway(server.url) as front:
        await leads(leader)
        await front.ready()
        publisher, witness = Publisher(server), Witness(front.url, interval_ms=20)
        async with witnessing(witness), witnessing(publisher):
            await _flows(publisher, witness)
            leader.process.kill()
            await leader.process.wait()
            started_s = time.monotonic()
            async with aggregator(server.url, *_LEASE) as again:
                await leads(again)
                await _flows(publisher, witness, prices=1)
                measured("goes on after its start", f"{time.monotonic() - started_s:.1f} s")
        assert len(witness.epochs) == 1
        assert (witness.states, witness.client.session.gaps) == (1, 0)


async def test_a_leader_that_hung_finds_that_another_leads_and_writes_nothing() -> None:
    async with redis_server() as server, aggregator(server.url, *_LEASE, "--standby", "--name", "one") as hangs:
        await leads(hangs)
        async with (
            aggregator(server.url, *_LEASE, "--standby", "--name", "two") as standby,
            gateway(server.url) as front,
        ):
            await front.ready()
            publisher, witness = Publisher(server, rate=2_000), Witness(front.url, interval_ms=20)
            async with witnessing(witness):
                async with witnessing(publisher):
                    await _flows(publisher, witness, prices=1_000)
                    hangs.process.send_signal(signal.SIGSTOP)
                    await leads(standby)
                    hangs.process.send_signal(signal.SIGCONT)
                    await hangs.line("Stands by", of="stderr")
                    await _flows(publisher, witness, prices=1_000)
                    standby.process.kill()
                    await leads(hangs)
                    await _flows(publisher, witness, prices=1_000)
                await _ends_well(publisher, witness)
            assert len(witness.epochs) == 1
            assert (witness.states, witness.client.session.gaps) == (1, 0)


async def test_a_leader_that_is_stopped_in_order_hands_over_at_once() -> None:
    async with redis_server() as server, aggregator(server.url, "--lease", "30s") as leader:
        await leads(leader)
        async with aggregator(server.url, "--lease", "30s", "--standby") as standby:
            begun_s = time.monotonic()
            ended = await leader.end()
            assert ended.status == 0
            await leads(standby)
            assert time.monotonic() - begun_s < 10


async def test_a_second_aggregator_that_is_no_standby_says_so_and_ends() -> None:
    async with redis_server() as server, aggregator(server.url, "--lease", "1s") as leader:
        await leads(leader)
        async with aggregator(server.url, "--lease", "1s") as second:
            assert "start this one with --standby" in await second.line("another aggregator leads", of="stderr")
            await until(lambda: second.process.returncode is not None)
            assert second.process.returncode == 1
