"""python-websockets as somebody else's client: it follows docs/protocol.md, and holds what the board holds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, get_args

import pytest
from websockets.typing import Subprotocol

from bigboard.board import Board, Cursor, Limits, Selection, Subscription
from bigboard.wire.messages import ClientMessage, ServerMessage
from gateway.plain_client import PlainClient
from servers import DEADLINE_S, Gateway, gateway
from wire.choices import Seeded
from wire.random_updates import random_update

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_SMALL = Limits(tape_length=4, max_rows=3, max_levels=4, max_tombstones=2, max_level_tombstones=3)
_NAMES = (["*"], ["orders", "orderbook:BTCUSDT", "trades"], ["account", "alerts:1", "positions"], ["market_data"])
_MISSED = (0, 5, 200, 3)
"""Commits between the loss of a connection and the next."""


def _tag(message: type) -> str:
    return str(message.__struct_config__.tag)  # type: ignore[attr-defined]


async def _connect(served: Gateway, form: str) -> ClientConnection:
    return await served.connect("/ws?client=api", hub_port=True, subprotocols=[Subprotocol(f"bigboard.v1.{form}")])


async def _until_there(served: Gateway, client: PlainClient, names: list[str]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while client.cursor != tuple(served.board.cursor):
            await client.hear()
    selection = Selection([Subscription.parse(name) for name in names])
    assert client.data == served.board.snapshot(selection).data
    assert client.gaps == 0


@pytest.mark.parametrize("form", ["json", "msgpack"])
@pytest.mark.parametrize("seed", range(len(_NAMES)))
async def test_a_random_history_with_losses_and_resumes(form: str, seed: int) -> None:
    choices, names = Seeded(seed), _NAMES[seed]
    async with gateway(board_limits=_SMALL, heartbeat_s=0.2) as served:
        client = PlainClient(await _connect(served, form), form)
        await client.say(action="subscribe", subscriptions=names, interval_ms=20)
        selection = Selection([Subscription.parse(name) for name in names])
        resumed: list[bool] = []
        for missed in _MISSED:
            for _ in range(36):
                served.commit(*(random_update(choices) for _ in range(1 + choices.below(3))))
                await asyncio.sleep(0)
                if choices.below(6) == 0:
                    await _until_there(served, client, names)
            await _until_there(served, client, names)
            # The connection breaks off, and the board goes on: a little, or too far to resume.
            client.socket.transport.abort()
            for _ in range(missed):
                served.commit(random_update(choices))
            client.socket = await _connect(served, form)
            assert client.cursor is not None
            can_go_on = served.board.reaches(Cursor(*client.cursor), selection)
            resumed.append(await _come_back(client, names))
            assert resumed[-1] is can_go_on
            await _until_there(served, client, names)
        assert resumed[0], "nothing was missed"
        # What was removed is remembered for a while only.
        assert names != ["*"] or False in resumed
        await client.socket.close()


async def _come_back(client: PlainClient, names: list[str]) -> bool:
    """Whether it went on where it was; a state follows exactly if it could not."""
    assert client.cursor is not None
    cursor = {"epoch": client.cursor[0], "sequence": client.cursor[1]}
    await client.say(action="subscribe", subscriptions=names, interval_ms=20, resume=cursor)
    async with asyncio.timeout(DEADLINE_S):
        while (message := await client.hear())["type"] != "subscribed":
            pass
        if not message["resumed"]:
            assert (await client.hear())["type"] == "state_update"
    return bool(message["resumed"])


@pytest.mark.parametrize("form", ["json", "msgpack"])
async def test_a_gap_is_mended_by_subscribing_again(form: str) -> None:
    async with gateway() as served:
        served.price(1.0)
        client = PlainClient(await _connect(served, form), form)
        await client.say(action="subscribe", subscriptions=["market_data"], interval_ms=20)
        await _until_there(served, client, ["market_data"])
        client.cursor = ("E1", 0)  # As if a message had got lost.
        served.price(2.0)
        async with asyncio.timeout(DEADLINE_S):
            while not client.gaps:
                await client.hear()
            await client.say(action="subscribe", subscriptions=["market_data"])
            while (await client.hear())["type"] != "state_update":
                pass
        client.gaps = 0
        await _until_there(served, client, ["market_data"])
        await client.socket.close()


@pytest.mark.parametrize("form", ["json", "msgpack"])
async def test_every_action_is_answered_and_every_message_type_comes(form: str) -> None:
    said: dict[str, dict[str, Any]] = {
        "subscribe": {"subscriptions": ["market_data", "risk"], "interval_ms": 20},
        "ping": {},
        "authenticate": {"token": "anything: this server asks for none"},
        "unsubscribe": {"subscriptions": ["risk"]},
        "dance": {},
    }
    assert {_tag(message) for message in get_args(ClientMessage)} == set(said) - {"dance"}
    async with gateway(heartbeat_s=0.2) as served:
        client = PlainClient(await _connect(served, form), form)
        served.price(1.0)
        for number, (action, fields) in enumerate(said.items()):
            await client.say(action=action, id=number, **fields)
        wanted = {_tag(message) for message in get_args(ServerMessage)}
        value = 1.0
        async with asyncio.timeout(DEADLINE_S):
            while not wanted <= set(client.kinds):
                if "diff_update" not in client.kinds:
                    value += 1
                    served.price(value)
                await client.hear()
        assert set(client.kinds) == wanted
        assert [answer["id"] for answer in client.answers] == list(range(len(said)))
        kinds = [answer["type"] for answer in client.answers]
        assert kinds == ["subscribed", "pong", "authenticated", "unsubscribed", "error"]
        await client.socket.close()


async def test_a_new_epoch_is_taken_as_it_comes() -> None:
    async with gateway() as served:
        client = PlainClient(await _connect(served, "json"))
        await client.say(action="subscribe", subscriptions=["*"], interval_ms=20)
        served.price(1.0)
        await _until_there(served, client, ["*"])
        fresh = Board("E2")
        fresh.apply(random_update(Seeded(1)))
        fresh.commit(1)
        served.board.load(fresh.snapshot())
        served.hub.wake()
        await _until_there(served, client, ["*"])
        assert client.cursor == ("E2", 1)
        await client.socket.close()
