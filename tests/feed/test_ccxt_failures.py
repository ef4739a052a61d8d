"""What exchanges and networks do to a live feed. After each failure the book is the exchange's again, and while it was not,
none was shown.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from typing import TYPE_CHECKING

import pytest

from bigboard.feed.ccxt_venue import Venue
from feed.feed_watcher import FeedWatcher, watching
from feed.live_feed import feed_of, is_subscribed, market
from feed.local_exchange import LocalExchange
from servers import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from feed.recorded_market import RecordedMarket

pytest.importorskip("ccxt")

_BOOK = "binanceusdm/BTC/USDT:USDT/book"
_QUOTE = {"e": "bookTicker", "E": 1, "T": 1, "s": "BTCUSDT", "b": "61800.1", "B": "1", "a": "61800.2", "A": "1"}


@pytest.fixture(autouse=True)
def _nothing_is_left_unread(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """ccxt's futures fail by the dozen when a connection does; a user's terminal must not fill with those."""
    yield
    gc.collect()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.fixture
def bitcoin() -> RecordedMarket:
    return market()


@pytest.fixture
async def exchange(bitcoin: RecordedMarket) -> AsyncIterator[LocalExchange]:
    async with LocalExchange(bitcoin) as exchange:
        yield exchange


async def _begin(watcher: FeedWatcher, exchange: LocalExchange, bitcoin: RecordedMarket) -> None:
    """Up to the first book, quote and trades."""
    await until(lambda: is_subscribed(exchange), "everything is subscribed to")
    exchange.advance(200)
    await _settle(watcher, exchange, bitcoin)


async def _settle(watcher: FeedWatcher, exchange: LocalExchange, bitcoin: RecordedMarket, *, messages: int = 5) -> None:
    """Let the market go on, so many ``messages`` about five times a second, until what is shown is its state."""
    async with asyncio.timeout(30):
        while not (watcher.has_book_of(bitcoin) and watcher.has_quote_of(bitcoin)):
            assert exchange.advance(messages), "the recording is over"
            for _ in range(20):
                if watcher.has_book_of(bitcoin) and watcher.has_quote_of(bitcoin):
                    return
                await asyncio.sleep(0.01)


async def test_a_killed_socket_of_every_stream(exchange: LocalExchange, bitcoin: RecordedMarket) -> None:
    async with watching(feed_of(exchange), exchange) as watcher:
        await _begin(watcher, exchange, bitcoin)
        handshakes = exchange.handshakes
        assert exchange.kill() == 5
        await until(lambda: watcher.emptied == 1, "the book is off the screen")
        assert watcher.services[_BOOK].status == "degraded"
        assert "waiting for a snapshot" in (watcher.services[_BOOK].detail or "")
        exchange.advance(300)
        await until(lambda: exchange.handshakes == handshakes + 5, "it connects again")
        await until(lambda: is_subscribed(exchange))
        await _settle(watcher, exchange, bitcoin)
        told = watcher.services[_BOOK]
        assert (told.status, told.gaps, told.resyncs) == ("up", 0, 1)
        assert watcher.services["binanceusdm/quotes"].resyncs == 1
        await until(lambda: "reconnects" in (watcher.services["binanceusdm"].detail or ""))


async def test_a_killed_socket_of_one_stream_leaves_the_others_alone(
    exchange: LocalExchange, bitcoin: RecordedMarket
) -> None:
    async with watching(feed_of(exchange), exchange) as watcher:
        await _begin(watcher, exchange, bitcoin)
        assert exchange.kill("btcusdt@trade") == 1
        await until(lambda: watcher.resyncs("binanceusdm/trades") == 1)
        await until(lambda: is_subscribed(exchange))
        before = bitcoin.trades[-1]["t"]
        exchange.advance(500)
        assert bitcoin.trades[-1]["t"] > before
        await until(lambda: watcher.trades["BTC/USDT:USDT"][-1].id == str(bitcoin.trades[-1]["t"]))
        assert watcher.emptied == 0
        assert {watcher.services[f"binanceusdm/{part}"].resyncs for part in ("quotes", "book", "ticker")} == {0}


async def test_a_silent_socket_is_noticed_and_left() -> None:
    bitcoin = market(lines=20_000)
    async with LocalExchange(bitcoin) as exchange:
        feed = feed_of(exchange, stale_after_s=1.0, stale_after_trades_s=1.0)
        async with watching(feed, exchange) as watcher:
            await _begin(watcher, exchange, bitcoin)
            exchange.silent = True
            handshakes = exchange.handshakes
            await until(lambda: watcher.emptied == 1, "the book is off the screen")
            details = [status.detail or "" for status in watcher.history if status.service == _BOOK]
            assert any(detail.startswith("nothing for ") for detail in details), details
            await until(lambda: exchange.handshakes >= handshakes + 5, "every stream is connected to again")
            exchange.advance(200)  # into the void: the new connections are acknowledged, and silent too
            exchange.silent = False
            # A lively market: with so short a patience a calm one would be taken for a silent connection.
            await _settle(watcher, exchange, bitcoin, messages=100)
            assert watcher.resyncs(_BOOK) >= 1


async def test_one_stream_that_was_dropped_in_silence(bitcoin: RecordedMarket) -> None:
    """The connection lives, and lacks one of its two symbols."""
    ether = market("ethusdt")
    async with LocalExchange(bitcoin, ether) as exchange:
        exchange.deaf_to = {"ethusdt@bookTicker"}
        feed = feed_of(exchange, "BTCUSDT", "ETHUSDT", stale_after_s=1.0)
        async with watching(feed, exchange) as watcher:
            async with asyncio.timeout(15):
                while watcher.resyncs("binanceusdm/quotes") < 1:
                    # Bitcoin's quotes come all the time, so that the connection itself is alive.
                    exchange.say("btcusdt@bookTicker", json.dumps(_QUOTE))
                    await asyncio.sleep(0.02)
            details = [status.detail or "" for status in watcher.history if status.service == "binanceusdm/quotes"]
            assert any(detail.startswith("nothing of ETH/USDT:USDT for ") for detail in details), details
            exchange.deaf_to = set()
            await until(lambda: is_subscribed(exchange, "btcusdt", "ethusdt"))
            exchange.advance(300)
            await until(lambda: watcher.has_quote_of(ether))


@pytest.mark.parametrize("lost", [1, 40])
async def test_a_sequence_gap(exchange: LocalExchange, bitcoin: RecordedMarket, lost: int) -> None:
    async with watching(feed_of(exchange), exchange) as watcher:
        await _begin(watcher, exchange, bitcoin)
        before = bitcoin.update_id
        while lost:
            exchange.advance(1, dropping=["btcusdt@depth"])
            lost -= bitcoin.update_id != before
            before = bitcoin.update_id
        await _until_emptied(watcher, exchange)
        gap = next(status for status in watcher.history if status.service == _BOOK and status.gaps)
        assert (gap.status, gap.gaps) == ("degraded", 1)
        assert (gap.detail or "").startswith("gap: ")
        await until(lambda: is_subscribed(exchange))
        await _settle(watcher, exchange, bitcoin)
        told = watcher.services[_BOOK]
        assert (told.status, told.gaps, told.resyncs) == ("up", 1, 1)


async def _until_emptied(watcher: FeedWatcher, exchange: LocalExchange) -> None:
    async with asyncio.timeout(15):
        while not watcher.emptied:
            exchange.advance(5)
            await asyncio.sleep(0.01)


async def test_a_slow_snapshot(exchange: LocalExchange, bitcoin: RecordedMarket) -> None:
    exchange.hold_snapshots()
    async with watching(feed_of(exchange), exchange) as watcher:
        await until(lambda: is_subscribed(exchange))
        exchange.advance(800)
        await until(lambda: watcher.has_trades_of(bitcoin))
        assert not watcher.shown_ids
        exchange.release_snapshots()
        await _settle(watcher, exchange, bitcoin)
        assert watcher.emptied == 0
        assert watcher.services[_BOOK].gaps == 0


async def _a_gap_while_the_snapshot_is_awaited(watcher: FeedWatcher, exchange: LocalExchange) -> int:
    bitcoin = exchange.markets["BTCUSDT"]
    await until(lambda: is_subscribed(exchange))
    exchange.advance(300)
    exchange.advance(100, dropping=["btcusdt@depth"])
    newest = bitcoin.update_id
    exchange.advance(300)
    await until(lambda: watcher.has_trades_of(bitcoin), "all of that has arrived")
    exchange.release_snapshots()
    await _settle(watcher, exchange, bitcoin)
    return newest


async def test_a_gap_while_the_snapshot_is_awaited(exchange: LocalExchange, bitcoin: RecordedMarket) -> None:
    exchange.hold_snapshots()
    async with watching(feed_of(exchange), exchange) as watcher:
        newest = await _a_gap_while_the_snapshot_is_awaited(watcher, exchange)
        assert min(watcher.shown_ids) > newest, "a book from before the gap was shown after it"


async def _a_snapshot_that_is_behind(watcher: FeedWatcher, exchange: LocalExchange) -> None:
    """The exchange has moved on, and gives snapshots of before until it was asked three times."""
    async with asyncio.timeout(15):
        while exchange.requests["/fapi/v1/depth"] < 3:
            exchange.advance(3)
            await asyncio.sleep(0.02)
    exchange.snapshots_from.clear()
    await _settle(watcher, exchange, exchange.markets["BTCUSDT"])


def _move_on(exchange: LocalExchange) -> int:
    """Let the market go on while the snapshots stay behind; returns the update id of now."""
    bitcoin = exchange.markets["BTCUSDT"]
    exchange.snapshots_from["BTCUSDT"] = bitcoin.snapshot(1_000)
    exchange.advance(600)
    assert exchange.snapshots_from["BTCUSDT"]["lastUpdateId"] < bitcoin.update_id
    return bitcoin.update_id


async def test_a_snapshot_from_a_cache_that_is_behind(exchange: LocalExchange) -> None:
    now = _move_on(exchange)
    async with watching(feed_of(exchange), exchange) as watcher:
        await _a_snapshot_that_is_behind(watcher, exchange)
        assert min(watcher.shown_ids) > now


class TestWhatCcxtItselfWouldShow:
    """Why its books are checked. Where one of these fails, ccxt has closed the hole, and the check for it may go."""

    @pytest.fixture(autouse=True)
    def _unchecked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(Venue, "checks_books", property(lambda _: False, lambda _, __: None), raising=False)

    async def test_of_a_gap_while_the_snapshot_is_awaited(self, exchange: LocalExchange) -> None:
        exchange.hold_snapshots()
        async with watching(feed_of(exchange), exchange) as watcher:
            newest = await _a_gap_while_the_snapshot_is_awaited(watcher, exchange)
            assert min(watcher.shown_ids) < newest

    async def test_of_a_snapshot_that_is_behind(self, exchange: LocalExchange) -> None:
        now = _move_on(exchange)
        async with watching(feed_of(exchange), exchange) as watcher:
            await _a_snapshot_that_is_behind(watcher, exchange)
            assert min(watcher.shown_ids) < now

    async def test_of_a_market_that_runs_out_of_levels(self) -> None:
        moving = market(lines=20_000)
        async with LocalExchange(moving) as exchange:
            feed = feed_of(exchange, book_levels=50)
            async with watching(feed, exchange, all_right=False) as watcher:
                await until(lambda: is_subscribed(exchange))
                async with asyncio.timeout(60):
                    while not watcher.wrong:
                        assert exchange.advance(20), "no book was ever wrong"
                        await asyncio.sleep(0.005)


async def test_a_market_that_runs_out_of_the_snapshots_levels(bitcoin: RecordedMarket) -> None:
    """With few levels a side the top soon reaches beyond what the snapshot told. The watcher compares each book shown."""
    moving = market(lines=20_000)
    async with LocalExchange(moving) as exchange, watching(feed_of(exchange, book_levels=50), exchange) as watcher:
        await until(lambda: is_subscribed(exchange))
        async with asyncio.timeout(60):
            while watcher.resyncs("binanceusdm/book") < 3:
                assert exchange.advance(20), "the market never moved that far"
                await asyncio.sleep(0.005)
        assert any("moved beyond the levels" in (status.detail or "") for status in watcher.history)
        assert len(watcher.shown_ids) > 50
        assert watcher.services[_BOOK].gaps == 0, "that is no gap"


async def test_a_snapshot_that_is_refused_is_asked_for_again(exchange: LocalExchange, bitcoin: RecordedMarket) -> None:
    async with watching(feed_of(exchange), exchange) as watcher:
        await _begin(watcher, exchange, bitcoin)
        exchange.refusing = True
        exchange.kill("btcusdt@depth")
        await until(lambda: watcher.emptied == 1)
        await until(lambda: watcher.resyncs("binanceusdm/book") >= 2, "it tried and failed")
        exchange.refusing = False
        await until(lambda: is_subscribed(exchange))
        await _settle(watcher, exchange, bitcoin)


async def test_a_message_that_nobody_can_read(exchange: LocalExchange, bitcoin: RecordedMarket) -> None:
    """It ends neither the feed nor ccxt's reading; a book that it may have changed is fetched anew."""
    async with watching(feed_of(exchange), exchange) as watcher:
        await _begin(watcher, exchange, bitcoin)
        exchange.say("btcusdt@trade", '{"e": "trade", "s": "BTCUSDT", "p": [], "q": {}, "T": "x", "t": null}')
        exchange.say("btcusdt@bookTicker", '{"e": "bookTicker", "s": ["BTCUSDT"]}')
        exchange.say("btcusdt@depth", '{"e": "depthUpdate", "s": ["BTCUSDT"]}')
        await until(lambda: watcher.emptied == 1)
        await until(lambda: is_subscribed(exchange))
        await _settle(watcher, exchange, bitcoin)
        await until(lambda: watcher.has_trades_of(bitcoin))
        await until(lambda: (watcher.services["binanceusdm"].skipped or 0) >= 2)
        assert "ccxt cannot read" in (watcher.services["binanceusdm"].detail or "")
        assert (watcher.services["binanceusdm/trades"].resyncs, watcher.services["binanceusdm/quotes"].resyncs) == (
            0,
            0,
        )


async def test_while_quotes_are_gone_they_come_from_the_book(exchange: LocalExchange, bitcoin: RecordedMarket) -> None:
    async with watching(feed_of(exchange, first_pause_s=30.0), exchange) as watcher:
        await _begin(watcher, exchange, bitcoin)
        exchange.kill("btcusdt@bookTicker")
        await until(lambda: "binanceusdm/BTC/USDT:USDT/ticker" in watcher.services)
        assert watcher.services["binanceusdm/BTC/USDT:USDT/ticker"].status == "degraded"
        exchange.advance(500)
        await until(lambda: watcher.has_book_of(bitcoin))
        (bid, _), (ask, _) = bitcoin.top()[0][0], bitcoin.top()[1][0]
        row = watcher.rows["BTC/USDT:USDT"]
        assert (row["bid"], row["ask"]) == (bid, ask)


async def test_when_everything_is_down_the_feed_says_so(exchange: LocalExchange, bitcoin: RecordedMarket) -> None:
    async with watching(feed_of(exchange, first_pause_s=30.0), exchange) as watcher:
        await _begin(watcher, exchange, bitcoin)
        exchange.refusing = True
        exchange.kill()
        await until(lambda: watcher.services["binanceusdm"].status == "degraded")
        told = watcher.services["binanceusdm"].detail or ""
        assert "5 of 6 connections down" in told, told
        assert "connects again in" in told
