"""Aggregators die and are restarted while services say things once: with a standby none of it is lost."""

from __future__ import annotations

import signal
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from redis_servers import redis_server
from resilience.orders import OrderDesk
from roles import Role, aggregator, gateway, leads
from servers import until
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import Callable


async def test_every_order_is_on_the_board(measured: Callable[[str, str], None]) -> None:
    async with redis_server() as server, AsyncExitStack() as stack:

        async def start(name: str) -> Role:
            return await stack.enter_async_context(aggregator(server.url, "--lease", "2s", "--standby", "--name", name))

        leader = await start("one")
        await leads(leader)
        front = await stack.enter_async_context(gateway(server.url))
        await front.ready()
        desk, witness = OrderDesk(server), Witness(front.url, ("orders", "services"), interval_ms=20)

        def shown() -> set[str]:
            return {str(order["order_id"]) for order in witness.client.replica.topic("orders")}

        async with witnessing(witness):
            async with witnessing(desk):
                for name, number in (("two", signal.SIGKILL), ("three", signal.SIGTERM), ("four", signal.SIGKILL)):
                    standby = await start(name)
                    seen = desk.placed
                    await until(lambda seen=seen: desk.placed > seen + 100, "orders are placed")  # type: ignore[misc]
                    leader.process.send_signal(number)
                    await leads(standby)
                    await leader.process.wait()
                    leader = standby
                    seen = desk.placed
                    await until(lambda seen=seen: str(seen) in shown(), "orders arrive again")  # type: ignore[misc]
            await until(lambda: len(shown()) >= desk.placed, f"all of {desk.placed} orders are on the board")
        assert shown() == desk.ids
        assert (len(witness.epochs), witness.states, witness.client.session.gaps) == (1, 1, 0)
        services = witness.client.replica.topic("services")
        assert "two" not in services, "who ended in order is not missed"
        assert services["one"]["status"] in {"down", "stale"}
        measured("orders that were said once, all shown", str(desk.placed))
