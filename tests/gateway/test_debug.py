"""``/debug`` on the hub port."""

from __future__ import annotations

import re

from bigboard.board import TOPICS, Update
from servers import gateway, until, until_reads


async def test_before_the_first_data() -> None:
    async with gateway() as served:
        answer = await served.get("/debug", hub_port=True)
        assert answer.status_code == 200
        debug = answer.json()
        assert (debug["clients"], debug["state_size"], debug["last_update"]) == (0, 0, None)
        assert (debug["epoch"], debug["sequence"], debug["groups"]) == ("E1", 0, 0)
        assert re.fullmatch(r"\d+s", debug["uptime"])
        assert debug["topics"] == dict.fromkeys(TOPICS, 0)


async def test_clients_and_state_are_counted() -> None:
    async with gateway() as served:
        served.price(1.0)
        served.commit(Update("orders", "1", {"status": "NEW"}), Update("orders", "2", {"status": "NEW"}))
        async with (
            served.connect("/ws?client=tui") as one,
            served.connect(hub_port=True) as two,
            served.connect("/ws/stream?symbol=BTCUSDT") as three,
        ):
            for client in (one, two):
                await client.send('{"action": "subscribe", "subscriptions": ["*"]}')
                await until_reads(client, "state_update")
            await three.recv()
            debug = (await served.get("/debug", hub_port=True)).json()
            assert (debug["clients"], debug["groups"], debug["sequence"], debug["state_size"]) == (2, 2, 2, 3)
            assert (debug["topics"]["market_data"], debug["topics"]["orders"]) == (1, 2)
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", debug["last_update"])
            assert debug["connections"] == {"tui": 1, "web": 1, "stream": 1}
            assert debug["members"] == {"tui/json": 1, "web/json": 1}
            assert (debug["phases"], debug["encodings"], debug["fragments"]) == (2, 1, 0)
            assert debug["sent"]["tui"]["frames"] == 2
            assert debug["sent"]["web"]["bytes"] > 200
            assert debug["sent"]["api"] == {"frames": 0, "bytes": 0}
            assert debug["closes"] == {}
            await one.close(1001)
            await until(lambda: len(served.hub.broadcaster.members) == 1, "one left")
            assert (await served.get("/debug", hub_port=True)).json()["closes"] == {"1001": 1}
        await until(lambda: not served.hub.broadcaster.members, "the clients left")


async def test_it_is_on_the_hub_port_alone() -> None:
    async with gateway() as served:
        assert (await served.get("/debug")).status_code == 404
