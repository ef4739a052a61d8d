"""The candles that a collector left in a real Redis: written by one, read by the next."""

from __future__ import annotations

import asyncio
from functools import partial

from bigboard.board.update import Update, UpdateBatch
from bigboard.clock import SystemClock
from bigboard.collector.outbox import Outbox
from bigboard.collector.redis_candles import left_candles
from bigboard.collector.redis_commands import KeyWriter
from bigboard.collector.redis_publisher import RedisPublisher
from bigboard.redis_link import open_redis
from redis_servers import redis_server
from servers import until

_CANDLE = {
    "open_time": 0,
    "open": 5.0,
    "high": 9.0,
    "low": 4.0,
    "close": 6.0,
    "volume": 1.5,
    "trades": 3,
    "closed": False,
}


async def test_the_next_reads_what_the_one_before_has_written() -> None:
    async with redis_server() as server, server.client() as client:
        connect = partial(open_redis, server.url)
        keys, outbox = KeyWriter({}, prefix="p:", ttl_s=60), Outbox()
        publisher = RedisPublisher(connect, outbox, keys, SystemClock(), where="here", prefix="p:", tell=print)
        publisher.keep_candles_of("binance")
        outbox.add([UpdateBatch([Update("candles", "X/1h", _CANDLE)])])
        task = asyncio.create_task(publisher.run())
        try:
            await until(lambda: publisher.writes >= 3, "the candle")
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert 50 < await client.ttl("p:candles:binance") <= 60
        candles = await left_candles(connect, "binance", prefix="p:")
        assert candles is not None
        assert {name: getattr(candles["X/1h"], name) for name in _CANDLE} == _CANDLE
        assert await left_candles(connect, "binance") == {}, "another prefix is another board's"
        await client.set("candles:other", "no hash")
        assert await left_candles(connect, "other") is None
        await server.stop()
        assert await left_candles(connect, "binance", prefix="p:") is None
