"""An exchange that offers less than Binance: what there is, is shown, and what there is not, is said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bigboard.feed.ccxt_feed import CcxtFeed
from bigboard.wire.market import Book, Status, Ticker, Trade
from feed.spot_exchange import SpotExchange
from servers import until

if TYPE_CHECKING:
    from bigboard.wire.market import MarketEvent

pytest.importorskip("ccxt")


async def test_quotes_come_from_the_ticker_and_a_refused_book_says_why() -> None:
    events: list[MarketEvent] = []

    async def consume(feed: CcxtFeed) -> None:
        async for batch in feed.events():
            events.extend(batch)

    def statuses(service: str) -> list[Status]:
        return [event for event in events if isinstance(event, Status) and event.service == service]

    async with SpotExchange() as exchange:
        feed = CcxtFeed("coinbaseexchange", ["BTC/USD"], url=exchange.url, first_pause_s=0.02, stale_after_trades_s=0.6)
        task = asyncio.create_task(consume(feed))
        try:
            await until(lambda: {"ticker", "matches"} <= exchange.channels)
            number = 0
            async with asyncio.timeout(15):
                # ccxt's own call for the trades of several symbols never answers here; the other one does.
                while not any(isinstance(event, Trade) for event in events):
                    number += 1
                    exchange.ticker(60_000.5, 60_000.0, 60_001.0)
                    exchange.match(number, 60_000.5, maker="sell")
                    await asyncio.sleep(0.02)
            await until(lambda: any(isinstance(event, Ticker) and event.bid is not None for event in events))
            assert feed.symbols == ("BTC/USD",)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    ticker = next(event for event in events if isinstance(event, Ticker) and event.bid is not None)
    assert (ticker.symbol, ticker.last, ticker.bid, ticker.ask) == ("BTC/USD", 60_000.5, 60_000.0, 60_001.0)
    assert ticker.tick_size == 0.01
    trade = next(event for event in events if isinstance(event, Trade))
    assert (trade.price, trade.size, trade.side, trade.timestamp) == (60_000.5, 0.5, "buy", 1_723_118_400_000)
    assert not any(isinstance(event, Book) for event in events)
    assert any("apiKey" in (status.detail or "") for status in statuses("coinbaseexchange/book"))
    (first, *_) = statuses("coinbaseexchange")
    assert "no quotes stream: best bid and ask come from the book" in (first.detail or "")
    assert "mark price" not in (first.detail or "")
