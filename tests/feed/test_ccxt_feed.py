"""ccxt's real code against a local exchange that plays recordings: a live feed says what the exchange said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bigboard.errors import FeedError, MissingExtra
from bigboard.feed.ccxt_feed import CcxtFeed
from feed.conformance import FeedConformance
from feed.exchange_thread import ExchangeThread
from feed.feed_watcher import watching
from feed.live_feed import feed_of, is_subscribed, market
from feed.local_exchange import LocalExchange
from servers import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed

pytest.importorskip("ccxt")


class TestContract(FeedConformance):
    """On two markets, played about as fast as the feed takes them by an exchange in a thread of its own."""

    batches = 250

    @pytest.fixture(autouse=True)
    def _exchange(self) -> Iterator[None]:
        with ExchangeThread(market(lines=8_000), market("ethusdt", lines=8_000)) as self.exchange:
            yield

    def make(self, clock: Clock) -> Feed:
        # A live feed runs by the clock of the network.
        return feed_of(self.exchange, "BTC/USDT:USDT", "ETH/USDT:USDT")

    def make_unpaced(self) -> Feed:
        return feed_of(self.exchange, "BTC/USDT:USDT", "ETH/USDT:USDT")


async def test_live_flow_of_two_symbols_is_the_exchanges() -> None:
    bitcoin, ether = market(), market("ethusdt")
    async with LocalExchange(bitcoin, ether) as exchange:
        feed = feed_of(exchange, "BTC/USDT:USDT", "ETH/USDT:USDT")
        async with watching(feed, exchange) as watcher:
            await until(lambda: is_subscribed(exchange, "btcusdt", "ethusdt"))
            while exchange.advance(10):
                await asyncio.sleep(0)
            await until(lambda: watcher.has_all_of(bitcoin, ether))
            assert len(watcher.shown_ids) > 20, "it was compared with the truth on its way too"
            row, said = watcher.rows["BTC/USDT:USDT"], bitcoin.said
            assert row["tick_size"] == 0.1
            assert row["last"] == float(said["24hrMiniTicker"]["c"])
            day = said["24hrMiniTicker"]
            assert [row[name] for name in ("open", "high", "low")] == [float(day[letter]) for letter in "ohl"]
            assert (row["base_volume"], row["quote_volume"]) == (float(day["v"]), float(day["q"]))
            mark = said["markPriceUpdate"]
            assert (row["mark_price"], row["index_price"]) == (float(mark["p"]), float(mark["i"]))
            assert (row["funding_rate"], row["next_funding_time"]) == (float(mark["r"]), mark["T"])
            assert watcher.emptied == 0
            await until(lambda: watcher.services["binanceusdm"].detail)
            told = watcher.services["binanceusdm"]
            assert (told.status, told.skipped) == ("up", 0)
            assert told.detail == "live; 2 symbols on 7 connections"
            assert watcher.services["binanceusdm/BTC/USDT:USDT/book"].status == "up"
            assert {name for name in watcher.services if name.count("/") == 1} == {
                f"binanceusdm/{part}"
                for part in ("quotes", "book 1", "book 2", "trades", "ticker", "mark price", "funding")
            }


async def test_every_time_is_the_exchanges_and_arrival_is_now() -> None:
    bitcoin = market()
    async with LocalExchange(bitcoin) as exchange, watching(feed_of(exchange), exchange) as watcher:
        await until(lambda: is_subscribed(exchange))
        exchange.advance(1_000)
        await until(lambda: watcher.has_trades_of(bitcoin))
        for trade, data in zip(watcher.trades["BTC/USDT:USDT"], bitcoin.trades, strict=True):
            assert trade.timestamp == data["T"]
            assert trade.received_at > data["T"]
            assert trade.latency_ms is None


async def test_a_symbol_may_be_spelled_as_the_exchange_does() -> None:
    async with LocalExchange(market()) as exchange:
        feed = feed_of(exchange, "BTCUSDT")
        assert await feed.open()
        assert feed.symbols == ("BTC/USDT:USDT",)


@pytest.mark.parametrize(
    ("symbols", "words"),
    [
        (("BTC/USTD:USDT",), ["no symbol 'BTC/USTD:USDT'", "did you mean BTC/USDT:USDT"]),
        (("QQQQQQQ",), ["no symbol 'QQQQQQQ'", "it has 4, such as", "BTC/USDT:USDT"]),
    ],
)
async def test_an_unknown_symbol_is_one_line_with_the_way_out(symbols: tuple[str, ...], words: list[str]) -> None:
    async with LocalExchange(market()) as exchange:
        with pytest.raises(FeedError) as refused:
            await feed_of(exchange, *symbols).open()
        text = str(refused.value)
        assert "\n" not in text
        for word in words:
            assert word in text


@pytest.mark.parametrize(
    ("name", "words"), [("binanceusd", ["did you mean binanceusdm"]), ("qqqq", ["ccxt streams from", "kraken"])]
)
async def test_an_unknown_exchange_is_one_line_with_the_way_out(name: str, words: list[str]) -> None:
    with pytest.raises(FeedError) as refused:
        await CcxtFeed(name, ["BTC/USDT"]).open()
    assert f"no exchange {name!r}" in str(refused.value)
    assert "\n" not in str(refused.value)
    for word in words:
        assert word in str(refused.value)


async def test_without_ccxt_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(MissingExtra, match=r"bigboard\[ccxt\]"):
        await CcxtFeed("binanceusdm", ["BTC/USDT"]).open()


async def test_an_exchange_that_is_away_at_the_start_is_waited_for() -> None:
    bitcoin = market()
    async with LocalExchange(bitcoin) as exchange:
        exchange.refusing = True
        async with watching(feed_of(exchange), exchange) as watcher:
            await until(lambda: len(watcher.history) >= 2)
            first = watcher.history[0]
            assert (first.service, first.status) == ("binanceusdm", "down")
            assert "cannot reach the exchange" in (first.detail or "")
            exchange.refusing = False
            await until(lambda: is_subscribed(exchange))
            exchange.advance(500)
            await until(lambda: watcher.has_book_of(bitcoin))
            assert watcher.services["binanceusdm"].status == "up"


async def test_a_feed_needs_a_symbol() -> None:
    with pytest.raises(ValueError, match="at least one symbol"):
        CcxtFeed("binanceusdm", [])


async def test_the_last_word_of_each_symbol_is_never_missed() -> None:
    """Messages of several symbols that come in one piece: ccxt wakes its reader once, for the first of them."""
    markets = [market(lines=1_500), market("ethusdt", lines=1_500)]
    async with (
        LocalExchange(*markets) as exchange,
        watching(feed_of(exchange, "BTCUSDT", "ETHUSDT"), exchange) as watcher,
    ):
        await until(lambda: is_subscribed(exchange, "btcusdt", "ethusdt"))
        exchange.advance(100)
        await until(lambda: all(watcher.has_book_of(one) for one in markets))
        exchange.advance(2_900)  # all of it, and then nothing more
        await until(lambda: watcher.has_all_of(*markets))
