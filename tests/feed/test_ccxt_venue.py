"""An exchange behind ccxt: symbols as people write them, addresses that move, errors as one line, tick sizes."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.errors import FeedError
from bigboard.feed.ccxt_venue import Unreachable, Venue, import_ccxt, let_go
from feed.live_feed import market
from feed.local_exchange import LocalExchange

pytest.importorskip("ccxt")


def venue_of(*symbols: str, exchange: str = "binance", **precision: Any) -> Venue:
    """A venue with these markets and no network."""
    venue = Venue(exchange)
    venue._first.markets = {symbol: {"contract": ":" in symbol, "precision": precision} for symbol in symbols}
    return venue


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("BTC/USDT", "BTC/USDT"),
        ("ETHUSDT", "ETH/USDT:USDT"),
        ("eth/usdt", "ETH/USDT:USDT"),
        ("ETH/USDT:USDT", "ETH/USDT:USDT"),
    ],
)
def test_a_symbol_is_found_as_people_write_it(asked: str, found: str) -> None:
    venue = venue_of("BTC/USDT", "BTC/USDT:USDT", "ETH/USDT:USDT")
    assert venue._find_all([asked]) == (found,)


def test_a_symbol_that_may_be_two_is_asked_back() -> None:
    with pytest.raises(FeedError, match=r"may be BTC/USDT or BTC/USDT:USDT; write it so"):
        venue_of("BTC/USDT", "BTC/USDT:USDT")._find_all(["BTCUSDT"])


def test_two_symbols_that_would_be_one_on_the_board_are_refused() -> None:
    with pytest.raises(FeedError, match="would both be BTCUSDT on the board"):
        venue_of("BTC/USDT", "BTC/USDT:USDT")._find_all(["BTC/USDT", "BTC/USDT:USDT"])


def test_a_symbol_that_is_named_twice_counts_once() -> None:
    assert venue_of("ETH/USDT:USDT")._find_all(["ETHUSDT", "ETH/USDT:USDT"]) == ("ETH/USDT:USDT",)


def test_derivatives_are_told_apart() -> None:
    venue = venue_of("BTC/USDT", "ETH/USDT:USDT")
    venue.symbols = venue._find_all(["BTC/USDT", "ETHUSDT"])
    assert venue.derivatives == ("ETH/USDT:USDT",)


@pytest.mark.parametrize(
    ("mode", "precision", "tick"), [(4, 0.05, 0.05), (2, 3, 0.001), (3, 5, None), (4, None, None), (2, 0, None)]
)
def test_the_tick_size_as_ccxt_means_it(mode: int, precision: Any, tick: float | None) -> None:
    venue = venue_of("X/Y", price=precision)
    venue._first.precisionMode = mode
    assert venue.tick_size("X/Y") == tick


def test_every_address_moves_and_keeps_its_path() -> None:
    venue = Venue("binanceusdm", url="http://127.0.0.1:9/")
    api = venue._first.urls["api"]
    assert api["fapiPublic"] == "http://127.0.0.1:9/fapi/v1"
    assert api["ws"]["linear"] == "ws://127.0.0.1:9/ws"
    assert Venue("binanceusdm")._first.urls["api"]["ws"]["linear"].startswith("wss://")


def test_an_error_is_one_short_line_without_the_address() -> None:
    venue, ccxt = Venue("binanceusdm"), import_ccxt()
    timeout = ccxt.RequestTimeout("binanceusdm GET https://fapi.example/fapi/v1/depth?symbol=BTCUSDT")
    timeout.__cause__ = TimeoutError("it took\ntoo long")
    assert venue.describe(timeout) == "request timeout: it took too long"
    assert venue.describe(ccxt.NetworkError("Connection closed by remote server, closing code 1006")) == (
        "network error: Connection closed by remote server, closing code 1006"
    )
    assert len(venue.describe(ccxt.ExchangeError("x" * 10_000))) < 200
    assert venue.describe(ValueError()) == "value error"


def test_a_gap_is_told_from_other_errors() -> None:
    venue, ccxt = Venue("binanceusdm"), import_ccxt()
    assert venue.is_gap(ccxt.ChecksumError("x"))
    assert venue.is_gap(ccxt.InvalidNonce("x"))
    assert not venue.is_gap(ccxt.NetworkError("x"))
    assert not venue.is_gap(ValueError("x"))


@pytest.mark.parametrize(("exchange", "checked"), [("binance", True), ("binanceusdm", True), ("kraken", False)])
def test_whose_books_are_checked(exchange: str, checked: bool) -> None:
    assert Venue(exchange).checks_books is checked


async def test_connections_share_the_markets_and_the_pace_and_nothing_else() -> None:
    async with LocalExchange(market(lines=10)) as exchange:
        venue = Venue("binanceusdm", url=exchange.url)
        await venue.load(["BTCUSDT"])
        one, two = venue.connection(), venue.connection()
        assert one.markets is two.markets
        assert one.throttler is two.throttler
        assert one.orderbooks is not two.orderbooks
        assert exchange.requests["/fapi/v1/exchangeInfo"] == 1
        for connection in (one, two):
            await let_go(connection)


async def test_what_answers_and_is_no_exchange_is_as_good_as_away() -> None:
    async with LocalExchange(market(lines=10)) as exchange:
        exchange.refusing = True
        with pytest.raises(Unreachable, match=r"^[^\n]+$"):
            await Venue("binanceusdm", url=exchange.url).load(["BTCUSDT"])
    with pytest.raises(Unreachable):
        await Venue("binanceusdm", url=exchange.url).load(["BTCUSDT"])
