"""What services publish on a real Redis reaches the board: whole, in order, and whatever else is published beside it."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import msgspec
import pytest
from structlog.testing import capture_logs

from bigboard.board import Board, Update
from redis_servers import redis_server
from servers import DEADLINE_S, until
from sources.listening import listening, publish
from sources.published import ENCODERS, EVERY_TOPIC, batch_of

if TYPE_CHECKING:
    from bigboard.board import Diff


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("encoding", ENCODERS)
async def test_every_topic_arrives(encoding: str, protocol: int) -> None:
    encode = ENCODERS[encoding]
    expected = Board("E")
    expected.apply_all(EVERY_TOPIC)
    async with (
        redis_server() as server, server.client() as client, listening(server, protocol=protocol) as listener
    ):  # fmt: skip
        await listener.up()
        await publish(client, [(f"{topic}:{key}", encode(data)) for topic, key, data in EVERY_TOPIC])
        await listener.heard(len(EVERY_TOPIC))
        state = listener.board.snapshot().data
        assert state["services"].pop("redis")["status"] == "up"
        assert state == expected.snapshot().data
        assert listener.aggregator.rejections.total == listener.source.rejections.total == 0


async def test_a_prefix_keeps_boards_apart() -> None:
    async with (
        redis_server() as server, server.client() as client,
        listening(server, prefix="one*:") as one, listening(server, prefix="two:") as two,
    ):  # fmt: skip
        await one.up()
        await two.up()
        await publish(client, [("one*:risk:a", b'{"leverage": 1}'), ("two:risk:a", b'{"leverage": 2}')])
        await one.heard(1)
        await two.heard(1)
        assert [one.data("risk"), two.data("risk")] == [{"a": {"leverage": 1}}, {"a": {"leverage": 2}}]


async def test_changes_that_belong_together_are_never_seen_apart() -> None:
    """Batches, each with one number at three places, among other messages. In every commit the three agree."""
    rng = random.Random(5)
    last = 600
    messages: list[tuple[str, bytes]] = []
    for number in range(1, last + 1):
        fill = batch_of(
            Update("orders", "42", {"quantity": number}),
            Update("positions", "BTCUSDT", {"quantity": number}),
            Update("account", "main", {"equity": number}),
        )
        messages.append(("batch:fill", ENCODERS[rng.choice(list(ENCODERS))](fill)))
        prices = [{"last_price": rng.random()} for _ in range(rng.randrange(4))]
        messages += [("market_data:X", msgspec.json.encode(price)) for price in prices]
    commits: list[Diff] = []

    async with redis_server() as server, server.client() as client, listening(server) as listener:

        async def follow() -> None:
            async for diff in listener.diffs():
                commits.append(diff)  # noqa: PERF401 - they are looked at while they come

        following = asyncio.create_task(follow())
        await listener.up()
        for first in range(0, len(messages), 40):
            await publish(client, messages[first : first + 40])
        await listener.heard(len(messages))
        await until(lambda: commits and commits[-1].sequence == listener.board.sequence and last in _numbers(commits))
        following.cancel()
    fills = [diff.changes for diff in commits if "orders" in diff.changes]
    assert len(fills) > 5
    for changes in fills:
        numbers = {
            changes["orders"][0]["quantity"],
            changes["positions"]["BTCUSDT"]["quantity"],
            changes["account"]["main"]["equity"],
        }
        assert len(numbers) == 1


def _numbers(commits: list[Diff]) -> set[float]:
    return {row["quantity"] for diff in commits for row in diff.changes.get("orders", [])}


async def test_a_batch_with_one_bad_update_changes_nothing() -> None:
    good = Update("orders", "42", {"status": "FILLED"})
    async with redis_server() as server, server.client() as client, listening(server) as listener:
        await listener.up()
        bad = batch_of(good, Update("account", "main", {"equity": "much"}))
        await publish(client, [("batch:x", msgspec.json.encode(bad)), ("risk:a", b'{"leverage": 1}')])
        await listener.heard(2)
        assert listener.data("orders") == []
        assert listener.data("risk") == {"a": {"leverage": 1}}
        assert dict(listener.aggregator.rejections.counts) == {("account", "wrong_type"): 1}


async def test_a_barrier_is_a_commit_of_its_own() -> None:
    async with redis_server() as server, server.client() as client, listening(server) as listener:
        await listener.up()
        await until(lambda: listener.board.sequence, "the first commit")
        ends = [batch_of(Update("candles", "X/1m", {"close": n, "closed": True}), barrier=True) for n in range(1, 21)]
        await publish(client, [("batch:collector", msgspec.json.encode(end)) for end in ends])
        closes = []
        async with asyncio.timeout(DEADLINE_S):
            async for diff in listener.diffs():
                if "candles" in diff.changes:
                    closes.append(diff.changes["candles"]["X/1m"]["close"])
                if len(closes) == 20:
                    break
        assert closes == list(range(1, 21))


_GARBAGE = [
    ("market_data:BTCUSDT", b"garbage"),
    ("orders:1", b"\x82\xa1a"),
    ("orderbook:BTCUSDT", b'{"bids": 5}'),
    ("trades:BTCUSDT", b'[{"side": "up"}]'),
    ("batch:x", b'{"updates":'),
    ("batch:x", b'{"updates": 5}'),
    ("account:main", b'{"equity": "much"}'),
    ("positions:" + "x" * 300, b"{}"),
    ("risk:a", b'{"leverage": ' + b"1" * 5_000 + b"}"),
    (f"strategies:{'y' * 600}", b'{"pnl": 1}'),
]


async def test_a_flood_of_garbage_harms_nobody() -> None:
    """Ten thousand bad messages a second for two seconds, and one good one for each hundred of them."""
    with capture_logs() as lines:
        async with redis_server() as server, server.client() as client, listening(server) as listener:
            await listener.up()
            begun_s = asyncio.get_running_loop().time()
            for number in range(200):
                bad = [_GARBAGE[index % len(_GARBAGE)] for index in range(100)]
                await publish(client, [*bad, ("trades:ETHUSDT", b'{"trade_id": "%d"}' % number)])
                ahead_s = begun_s + (number + 1) / 100 - asyncio.get_running_loop().time()
                await asyncio.sleep(max(0.0, ahead_s))
            await listener.heard(200 * 101)
            tape = listener.data("trades")["ETHUSDT"]
            refused = listener.source.rejections.counts + listener.aggregator.rejections.counts
    assert [entry["trade_id"] for entry in tape] == [str(number) for number in range(100, 200)]
    assert listener.source.connections == 1
    assert refused.total() == 20_000
    assert refused["market_data", "not_json"] == refused["orders", "not_msgpack"] == 2_000
    assert refused["batch", "not_json"] == refused["batch", "bad_batch"] == 2_000
    assert refused["strategies", "bad_key"] == refused["positions", "bad_key"] == 2_000
    told = [line for line in lines if line["log_level"] == "warning"]
    assert len(told) <= 4 * len(_GARBAGE)
    assert all(len(line["error"]) <= 500 for line in told)


async def test_others_have_their_turn_while_it_is_flooded() -> None:
    """Small messages, as many as a read brings: between two turns of another task some milliseconds' worth is taken."""
    between = 0
    async with redis_server() as server, server.client() as client, listening(server) as listener:
        await listener.up()
        listener.gate.clear()
        for _ in range(6):
            await publish(client, [("risk:a", b"{}")] * 5_000)
        listener.gate.set()
        seen = listener.source.messages
        while listener.source.messages < 30_000:
            await asyncio.sleep(0)
            between = max(between, listener.source.messages - seen)
            seen = listener.source.messages
    assert 0 < between <= 3_000


async def test_it_shows_the_last_prices_at_once() -> None:
    """What was published before it came is gone; the keys tell the price. Some of them are no tickers."""
    async with redis_server() as server, server.client() as client:
        for number in range(450):
            await client.set(f"ticker:S{number}/USDT", f'{{"symbol": "S{number}/USDT", "last": {number}}}')
        await client.set("ticker:BAD/USDT", "garbage")
        await client.hset("ticker:HASH/USDT", "last", "5")
        await client.set("tickers:X/USDT", '{"last": 1}')
        async with listening(server) as listener:
            await until(lambda: listener.source.tickers == 450, "the tickers")
            await publish(client, [("market_data:S7USDT", b'{"last_price": 70}')])
            await listener.heard(1)
            rows = listener.data("market_data")
            assert len(rows) == 450
            assert rows["S9USDT"] == {"symbol": "S9USDT", "last_price": 9}
            assert rows["S7USDT"]["last_price"] == 70
            assert dict(listener.source.rejections.counts) == {("market_data", "not_json"): 1}


async def test_the_row_in_services_tells_how_it_is() -> None:
    async with redis_server() as server, server.client() as client, listening(server) as listener:
        await listener.up()
        first = listener.source.service()
        assert first.key == "redis"
        await publish(client, [("risk:a", b"{}"), ("risk:a", b"{")])
        await listener.heard(2)
        row = listener.source.service().data
        assert (row["kind"], row["status"], row["detail"]) == ("redis", "up", None)
        assert (row["messages"], row["rejected"], row["losses"]) == (2, 1, 0)
        assert row["messages_per_second"] > 0
        assert listener.board.apply(listener.source.service())
