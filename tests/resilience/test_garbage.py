"""A publisher floods the board's channels with garbage: it is counted, and harms nobody."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any

from redis_servers import RedisServer, redis_server
from resilience.fleet import resident_mib
from resilience.lengths import length_s
from resilience.load import REDIS_TURN_S, Publisher, executed
from roles import aggregator, gateway, leads
from servers import until
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import Callable

_RATE = 10_000
_MOST_LINES = 200
_MOST_GROWTH_MIB = 60

_GARBAGE: tuple[tuple[str, bytes], ...] = (
    ("market_data:S1", b'{"last_price": "a lot"}'),
    ("market_data:S1", b'{"last_price": NaN}'),
    ("market_data:S1", b"{"),
    ("market_data:S1", b"\xc1\xff\x00"),
    ("market_data:S1", b"[" * 5_000),
    ("market_data:S1", b"7"),
    ("market_data:", b'{"last_price": 1}'),
    ("orderbook:S1", b'{"bids": [[1, -1]], "asks": 3}'),
    ("trades:S1", b'[{"price": 1}]'),
    ("orders:1", b'{"status": "MAYBE"}'),
    ("positions:S1", b'{"quantity": {"a": {"b": {"c": {}}}}}'),
    ("account:main", b'{"equity": 1e999}'),
    ("batch:x", b'{"updates": [{"topic": "market_data", "key": "S1", "data": {"last_price": -0}}, {"topic": "no"}]}'),
    ("batch:x", b'{"updates": 7}'),
)


class _Vandal:
    """Publishes garbage at ten thousand messages a second."""

    def __init__(self, server: RedisServer) -> None:
        self.sent = 0
        self._server = server
        self._rng = Random(7)

    async def run(self) -> None:
        async with self._server.client() as client:
            while True:
                await self._publish(client, round(_RATE * REDIS_TURN_S))
                await asyncio.sleep(REDIS_TURN_S)

    async def _publish(self, client: Any, count: int) -> None:
        pipeline = client.pipeline(transaction=False)
        for _ in range(count):
            channel, data = self._rng.choice(_GARBAGE)
            pipeline.publish(channel, data if self._rng.random() < 0.7 else self._rng.randbytes(200))
        await executed(pipeline)
        self.sent += count


async def test_garbage_is_counted_and_prices_flow_on(measured: Callable[[str, str], None]) -> None:
    messages = round(_RATE * length_s(2, 30))
    async with redis_server() as server, aggregator(server.url) as leader, gateway(server.url) as front:
        await leads(leader)
        await front.ready()
        publisher, witness, vandal = Publisher(server, rate=1_000), Witness(front.url, interval_ms=20), _Vandal(server)
        async with witnessing(witness):
            async with witnessing(publisher):
                await until(lambda: len(witness.prices) == 50, "prices flow")
                before_mib = resident_mib(leader.process.pid)
                async with witnessing(vandal):
                    async with asyncio.timeout(120):
                        while vandal.sent < messages:
                            await asyncio.sleep(0.05)
                sent = publisher.sent
                await until(lambda: max(witness.prices.values()) > sent, "prices flow on")
            await publisher.say_all()
            await witness.agrees(publisher.truth)
            growth_mib = resident_mib(leader.process.pid) - before_mib
        assert (witness.states, witness.client.session.gaps) == (1, 0)
        assert growth_mib < _MOST_GROWTH_MIB
        ended = await leader.end()
        assert ended.status == 0
        lines = ended.err.splitlines()
        assert 0 < len(lines) < _MOST_LINES, "it tells of garbage, at a bounded rate"
        measured("garbage", f"{vandal.sent:,} messages")
        measured("longest time between two diffs", f"{witness.longest_gap_s:.2f} s")
        measured("log", f"{len(lines)} lines")
        measured("memory of the aggregator", f"+{growth_mib:.1f} MiB")
