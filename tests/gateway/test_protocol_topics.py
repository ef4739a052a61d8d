"""Every topic with every field over a real socket, in both formats: PROTOCOL section 8 by the merge rules of section 4.

What is sent is made from the table of topics, so a topic or a field that is added is shown here too.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.typing import Subprotocol

from bigboard.board import TOPICS, MergeKind, Update
from bigboard.board.rules import Kind, Rule
from gateway.plain_client import PlainClient
from servers import DEADLINE_S, Gateway, gateway

_KEYS = {"candles": "BTCUSDT/1m", "positions": "main/BTCUSDT", "account": "main", "risk": "main"}
_RECORDS = [topic for topic in TOPICS.values() if topic.kind in (MergeKind.FIELDS, MergeKind.ROWS)]


def _key(topic: str) -> str:
    return _KEYS.get(topic, "42" if TOPICS[topic].id_field else "BTCUSDT")


def _values(rule: Rule) -> tuple[Any, Any]:
    """Two different values that a field takes."""
    pairs: dict[Kind, tuple[Any, Any]] = {
        Kind.SIGNED: (-1.25, 2**53 - 1),
        Kind.UNSIGNED: (0, 1_759_729_260_000),
        Kind.TEXT: ("☂ später", "x" * 100),
        Kind.IDENTIFIER: ("a-1", "18446744073709551616"),
        Kind.SYMBOL: ("BTCUSDT", "ETHUSDT"),
        Kind.FLAG: (True, False),
        Kind.TEXTS: (["A", "B"], []),
        Kind.OBJECT: ({"BTC": {"total": 1.5, "free": 1}}, {"USDT": {"used": 0.5}}),
        Kind.SCALAR: ("buy", 7),
        Kind.ANY: (["limit", 1], "one"),
    }
    if rule.kind is Kind.CHOICE:
        first, second, *_ = sorted(rule.choices)
        return first, second
    return pairs[rule.kind]


async def _until_at(served: Gateway, client: PlainClient) -> None:
    """Hear messages until the client is where the board is; there it holds the same."""
    async with asyncio.timeout(DEADLINE_S):
        while client.cursor != tuple(served.board.cursor):
            await client.hear()
    assert client.data == served.board.snapshot().data


@pytest.mark.parametrize("form", ["json", "msgpack"])
@pytest.mark.parametrize("name", [topic.name for topic in _RECORDS])
async def test_every_field_of_a_record_comes_changes_goes_and_comes_back(name: str, form: str) -> None:
    topic, key = TOPICS[name], _key(name)
    rows = topic.kind is MergeKind.ROWS
    fields = {field: _values(rule) for field, rule in topic.rules.items() if field != topic.id_field}
    async with gateway() as served, served.connect(subprotocols=[Subprotocol(f"bigboard.v1.{form}")]) as socket:
        client = PlainClient(socket, form)
        await client.say(action="subscribe", subscriptions=["*"], interval_ms=20)
        await client.hear()
        await _until_at(served, client)

        def held() -> dict[str, Any]:
            return client.data[name][0] if rows else client.data[name][key]  # type: ignore[no-any-return]

        served.commit(Update(name, key, {**{field: first for field, (first, _) in fields.items()}, "extra": "kept"}))
        await _until_at(served, client)
        for field, (first, _) in fields.items():
            assert held()[field] == first, field
        assert held()["extra"] == "kept", "an unknown scalar field of a publisher is kept"
        if rows:
            assert held()[topic.id_field] == key

        for field, (first, second) in fields.items():
            served.commit(Update(name, key, {field: second}))
            await _until_at(served, client)
            # Objects merge, whatever else is given replaces.
            assert held()[field] == ({**first, **second} if isinstance(first, dict) else second), field
        for field in fields:
            served.commit(Update(name, key, {field: None}))
            await _until_at(served, client)
            assert field not in held(), "a stored value is never null"

        served.commit(Update(name, key, {"deleted": True}))
        await _until_at(served, client)
        assert not client.data[name]
        first_field = next(iter(fields))
        served.commit(Update(name, key, {first_field: fields[first_field][0]}))
        await _until_at(served, client)
        assert set(held()) == {first_field} | ({topic.id_field} if rows else set()), "nothing of its earlier life"


@pytest.mark.parametrize("name", [topic.name for topic in TOPICS.values() if topic.kind is MergeKind.ROWS])
async def test_rows_stand_in_order_of_appearance_also_over_return(name: str) -> None:
    id_field = TOPICS[name].id_field
    async with gateway() as served, served.connect() as socket:
        client = PlainClient(socket)
        await client.say(action="subscribe", subscriptions=[name], interval_ms=20)
        for key in ("c", "a", "b"):
            served.commit(Update(name, key, {"symbol": "BTCUSDT"} if name == "orders" else {"rule": "x"}))
        served.commit(Update(name, "c", {"updated_at": 1}))
        served.commit(Update(name, "a", {"deleted": True}))
        served.commit(Update(name, "a", {"updated_at": 2}))
        async with asyncio.timeout(DEADLINE_S):
            while client.cursor != tuple(served.board.cursor):
                await client.hear()
        assert [row[id_field] for row in client.data[name]] == ["c", "b", "a"]
        assert client.data[name] == served.board.snapshot().data[name]


@pytest.mark.parametrize("form", ["json", "msgpack"])
async def test_a_tape_keeps_its_last_entries(form: str) -> None:
    async with gateway() as served, served.connect(f"/ws?format={form}") as socket:
        client = PlainClient(socket, form)
        await client.say(action="subscribe", subscriptions=["*"], interval_ms=20)
        await client.hear()
        await _until_at(served, client)
        length = served.board.limits.tape_length
        for start in range(0, length + 40, 20):
            trades = [
                {"trade_id": str(n), "price": -n / 4, "size": n, "side": ("buy", "sell")[n % 2], "timestamp": n}
                for n in range(start, start + 20)
            ]
            served.commit(Update("trades", "BTCUSDT", trades))
            await _until_at(served, client)
        tape = client.data["trades"]["BTCUSDT"]
        assert [entry["trade_id"] for entry in tape] == [str(number) for number in range(40, 40 + length)]
        assert set(tape[0]) == set(TOPICS["trades"].rules)


_LADDER: list[tuple[dict[str, Any], dict[str, Any]]] = [
    # an update, and the book that a client then holds
    ({"bids": [[9, 1], [10, 2]], "asks": [[12, 1], [11, 2]]}, {"bids": [[10, 2], [9, 1]], "asks": [[11, 2], [12, 1]]}),
    ({"bids": [[9.5, 3]], "partial": True}, {"bids": [[10, 2], [9.5, 3], [9, 1]], "asks": [[11, 2], [12, 1]]}),
    ({"asks": [[11, 0], [12, 5]], "partial": True}, {"bids": [[10, 2], [9.5, 3], [9, 1]], "asks": [[12, 5]]}),
    (
        {"bids": [], "partial": True, "update_id": 7, "timestamp": 1, "received_at": 2},
        {"bids": [[10, 2], [9.5, 3], [9, 1]], "asks": [[12, 5]], "update_id": 7, "timestamp": 1, "received_at": 2},
    ),
    ({"bids": [[8, 1]], "asks": []}, {"bids": [[8, 1]], "asks": []}),
]


@pytest.mark.parametrize("form", ["json", "msgpack"])
async def test_a_ladder_by_its_levels(form: str) -> None:
    async with gateway() as served, served.connect(f"/ws?format={form}") as socket:
        client = PlainClient(socket, form)
        await client.say(action="subscribe", subscriptions=["*"], interval_ms=20)
        await client.hear()
        await _until_at(served, client)
        for update, book in _LADDER:
            served.commit(Update("orderbook", "BTC/USDT", update))
            await _until_at(served, client)
            held = client.data["orderbook"]["BTCUSDT"]
            assert {name: held[name] for name in book} == book
        served.commit(Update("orderbook", "BTCUSDT", {"deleted": True}))
        await _until_at(served, client)
        assert client.data["orderbook"] == {}


async def test_what_belongs_together_is_seen_together() -> None:
    """A commit is atomic (section 5), as a fill's order, position and account on ``batch:NAME`` are (section 9)."""
    async with gateway() as served, served.connect() as socket:
        client = PlainClient(socket)
        await client.say(action="subscribe", subscriptions=["orders", "positions", "account"], interval_ms=20)
        await client.hear()
        for number in range(1, 60):
            served.commit(
                Update("orders", "1", {"filled_quantity": number}),
                Update("positions", "BTCUSDT", {"quantity": number}),
                Update("account", "main", {"equity": number}),
            )
            await asyncio.sleep(0)
        async with asyncio.timeout(DEADLINE_S):
            while client.cursor != tuple(served.board.cursor):
                await client.hear()
                if client.data.get("orders"):
                    quantity = client.data["orders"][0]["filled_quantity"]
                    assert client.data["positions"]["BTCUSDT"]["quantity"] == quantity
                    assert client.data["account"]["main"]["equity"] == quantity
        assert client.data["orders"][0]["filled_quantity"] == 59


def test_the_plain_client_knows_every_merge_kind() -> None:
    kinds = {name: topic.kind for name, topic in TOPICS.items() if topic.kind is not MergeKind.FIELDS}
    assert kinds == {
        "orders": MergeKind.ROWS, "alerts": MergeKind.ROWS, "trades": MergeKind.TAPE, "orderbook": MergeKind.LADDER,
    }  # fmt: skip
