"""A client that knows only the protocol's text talks to the real server, by hand (PROTOCOL sections 2, 3, 5 and 6)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from bigboard.board import Board, Update
from servers import DEADLINE_S, Gateway, gateway, until_reads

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection


class Hand:
    """Says and hears messages in one format."""

    def __init__(self, client: ClientConnection, name: str) -> None:
        self.client = client
        self._codec: Any = msgspec.json if name == "json" else msgspec.msgpack
        self._text = name == "json"

    async def say(self, **message: Any) -> None:
        payload = self._codec.encode(message)
        await self.client.send(payload.decode() if self._text else payload)

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(DEADLINE_S):
            message: dict[str, Any] = self._codec.decode(await self.client.recv())
        return message


async def _meet(served: Gateway, name: str) -> tuple[ClientConnection, Hand]:
    client = await served.connect(subprotocols=[Subprotocol(f"bigboard.v1.{name}")])
    return client, Hand(client, name)


@pytest.mark.parametrize("name", ["json", "msgpack"])
async def test_a_whole_conversation(name: str) -> None:
    async with gateway(heartbeat_s=0.3) as served:
        served.price(1.0)
        client, hand = await _meet(served, name)

        await hand.say(action="subscribe", subscriptions=["market_data", "orders"], interval_ms=20, id="a")
        subscribed, state = await hand.hear(), await hand.hear()
        assert (subscribed["type"], subscribed["id"], subscribed["resumed"]) == ("subscribed", "a", False)
        assert (subscribed["epoch"], subscribed["sequence"], subscribed["interval_ms"]) == ("E1", 1, 20)
        assert subscribed["subscriptions"] == state["subscriptions"] == ["market_data", "orders"]
        assert (state["type"], state["sequence"]) == ("state_update", 1)
        assert state["data"] == {"market_data": {"BTCUSDT": {"last_price": 1.0}}, "orders": []}

        served.commit(Update("orders", "7", {"status": "NEW"}))
        diff = await hand.hear()
        assert (diff["type"], diff["since"], diff["sequence"]) == ("diff_update", 1, 2)
        assert diff["changes"] == {"orders": [{"order_id": "7", "status": "NEW"}]}
        assert diff["timestamp"].endswith("Z")

        served.commit(Update("account", "main", {"equity": 1.0}))
        beat = await hand.hear()
        assert (beat["type"], beat["sequence"]) == ("heartbeat", 3), "nothing that it subscribes to has changed"

        await hand.say(action="unsubscribe", subscriptions=["orders"], id=5)
        unsubscribed = await hand.hear()
        assert unsubscribed == {"type": "unsubscribed", "subscriptions": ["market_data"], "id": 5}
        served.commit(Update("orders", "8", {"status": "NEW"}), Update("market_data", "BTCUSDT", {"last_price": 2.0}))
        diff = await hand.hear()
        assert (diff["since"], diff["sequence"]) == (3, 4)
        assert diff["changes"] == {"market_data": {"BTCUSDT": {"last_price": 2.0}}}
        await client.close()


@pytest.mark.parametrize("name", ["json", "msgpack"])
async def test_a_client_that_comes_back_goes_on_where_it_was(name: str) -> None:
    async with gateway() as served:
        served.price(1.0)
        client, hand = await _meet(served, name)
        await hand.say(action="subscribe", subscriptions=["market_data"])
        await hand.hear()
        state = await hand.hear()
        await client.close()
        served.price(2.0)
        served.price(3.0)

        client, hand = await _meet(served, name)
        cursor = {"epoch": state["epoch"], "sequence": state["sequence"]}
        await hand.say(action="subscribe", subscriptions=["market_data"], resume=cursor)
        subscribed, diff = await hand.hear(), await hand.hear()
        assert (subscribed["resumed"], subscribed["sequence"]) == (True, 3)
        assert (diff["type"], diff["since"], diff["sequence"]) == ("diff_update", 1, 3)
        assert diff["changes"] == {"market_data": {"BTCUSDT": {"last_price": 3.0}}}
        await client.close()

        client, hand = await _meet(served, name)
        await hand.say(action="subscribe", subscriptions=["market_data"], resume={"epoch": "E0", "sequence": 3})
        subscribed, state = await hand.hear(), await hand.hear()
        assert (subscribed["resumed"], state["type"]) == (False, "state_update")
        await client.close()


async def test_a_cursor_ahead_of_this_gateway_waits_until_it_is_there() -> None:
    async with gateway() as served:
        served.price(1.0)
        client, hand = await _meet(served, "json")
        await hand.say(action="subscribe", subscriptions=["*"], resume={"epoch": "E1", "sequence": 3})
        await hand.say(action="ping", id=9)
        served.price(2.0)
        await client.ping()
        served.price(3.0)
        subscribed, pong = await hand.hear(), await hand.hear()
        assert (subscribed["resumed"], subscribed["sequence"]) == (True, 3)
        assert (pong["type"], pong["id"]) == ("pong", 9)
        await client.close()


async def test_a_new_epoch_under_a_connection_brings_the_whole_state() -> None:
    async with gateway() as served:
        served.price(1.0)
        client, hand = await _meet(served, "json")
        await hand.say(action="subscribe", subscriptions=["market_data", "risk"])
        await hand.hear()
        await hand.hear()
        fresh = Board("E2")
        fresh.apply(Update("market_data", "ETHUSDT", {"last_price": 9.0}))
        fresh.commit(1)
        served.board.load(fresh.snapshot())
        served.hub.wake()
        state = await hand.hear()
        assert (state["type"], state["epoch"], state["sequence"]) == ("state_update", "E2", 1)
        assert state["subscriptions"] == ["market_data", "risk"]
        assert state["data"] == {"market_data": {"ETHUSDT": {"last_price": 9.0}}, "risk": {}}
        await client.close()


_ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"action": "subscribe", "subscriptions": ["weather"]}, "unknown_topic"),
    ({"action": "subscribe", "subscriptions": ["orders:"]}, "bad_subscription"),
    ({"action": "subscribe", "subscriptions": [f"orders:{n}" for n in range(1_001)]}, "too_many_subscriptions"),
    ({"action": "fly"}, "unknown_action"),
    ({"action": "subscribe", "subscriptions": "orders"}, "bad_message"),
]


async def test_an_error_names_its_code_and_leaves_the_connection_open() -> None:
    async with gateway() as served:
        client, hand = await _meet(served, "json")
        for number, (message, code) in enumerate(_ERRORS):
            await hand.say(**message, id=number)
            error = await hand.hear()
            assert (error["type"], error["code"], error["id"]) == ("error", code, number)
            await hand.say(action="ping")
            assert (await hand.hear())["type"] == "pong"
        await client.close()


@pytest.mark.parametrize(
    "messages", [["{", "no", "json"], ["[1]"], ["7"], ['"ping"'], ["null"], [b"\xc1", b"", "{}"], [b"\x93\x01\x02\x03"]]
)
async def test_what_is_no_message_ends_in_4400(messages: list[str | bytes]) -> None:
    async with gateway() as served:
        client = await served.connect()
        for message in messages:
            await client.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            await _read_errors(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400
        assert closed.value.rcvd.reason


async def _read_errors(client: ClientConnection) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            assert json.loads(await client.recv())["code"] == "bad_message"


async def test_equal_clients_get_the_same_bytes_from_one_encoding() -> None:
    async with gateway() as served:
        clients = [await served.connect(hub_port=number % 2 == 0) for number in range(20)]
        for client in clients:
            await client.send(json.dumps({"action": "subscribe", "subscriptions": ["market_data"]}))
            assert json.loads(await client.recv())["type"] == "subscribed"
            assert json.loads(await client.recv())["type"] == "state_update"
        before = served.hub.frames.encodings
        served.price(1.0)
        async with asyncio.timeout(DEADLINE_S):
            assert len({await client.recv() for client in clients}) == 1
        assert served.hub.frames.encodings == before + 1
        assert served.hub.broadcaster.groups == 1
        await asyncio.gather(*(client.close() for client in clients))


async def test_on_a_quiet_board_also_a_silent_client_gets_heartbeats() -> None:
    async with gateway(heartbeat_s=0.05) as served, served.connect() as client:
        for _ in range(3):
            await until_reads(client, "heartbeat")
