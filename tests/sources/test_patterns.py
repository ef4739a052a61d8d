"""The patterns, asked of a real Redis: each channel of the board fits exactly one, and no other channel fits any."""

from __future__ import annotations

import pytest

from bigboard.board import TOPICS
from bigboard.sources.patterns import channel_patterns, ticker_pattern
from redis_servers import redis_server
from servers import DEADLINE_S


@pytest.mark.parametrize("prefix", ["", "desk:", "a*b?c[d]\\^"])
async def test_a_channel_of_the_board_comes_once(prefix: str) -> None:
    async with redis_server() as server, server.client() as client, client.pubsub() as pubsub:
        patterns = channel_patterns(prefix)
        await pubsub.psubscribe(*patterns)
        for _ in patterns:
            assert (await pubsub.get_message(timeout=DEADLINE_S) or {})["type"] == "psubscribe"
        for topic in (*TOPICS, "batch"):
            assert await client.publish(f"{prefix}{topic}:a:b/c", "") == 1
        for other in (
            "weather:x",
            "orders",
            "xorders:1",
            f"{prefix}orders",
            f"aXbYc{prefix}orders:1",
            "aXbYcd\\^orders:1",
        ):
            assert await client.publish(other, "") == 0, other
        await client.mset({f"{prefix}ticker:A/B": "1", "xticker:A": "1", f"{prefix}tickers": "1"})
        assert [key async for key in client.scan_iter(match=ticker_pattern(prefix))] == [f"{prefix}ticker:A/B"]
