"""Messages of the exchange as events, one kind after the other, for futures and spot."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bigboard.feed import binance
from bigboard.feed.binance import Arrival, BinanceStreams
from bigboard.wire.market import Book, MarketEvent, Status, Ticker, Trade

ARRIVAL = Arrival(local_ms=1_005.5, received_at=9_000)


@pytest.fixture
def streams() -> BinanceStreams:
    return BinanceStreams("replay")


def framed(stream: str, **data: Any) -> bytes:
    return json.dumps({"stream": stream, "data": data}).encode()


def read(streams: BinanceStreams, message: bytes, *, snapshot_of: str | None = None) -> list[MarketEvent]:
    """The events without the remarks about streams."""
    return [e for e in streams.read(message, ARRIVAL, snapshot_of=snapshot_of) if not isinstance(e, Status)]


def trade(**changes: Any) -> bytes:
    data = {
        "e": "trade",
        "E": 1000,
        "T": 999,
        "s": "BTCUSDT",
        "t": 7,
        "p": "61800.30",
        "q": "0.006",
        "X": "MARKET",
        "m": False,
    }
    return framed("btcusdt@trade", **data | changes)


def agg_trade(**changes: Any) -> bytes:
    data = {
        "e": "aggTrade",
        "E": 1000,
        "a": 5,
        "s": "BTCUSDT",
        "p": "61800",
        "q": "2",
        "f": 1,
        "l": 2,
        "T": 990,
        "m": True,
    }
    return framed("btcusdt@aggTrade", **data | changes)


def depth(first: int, last: int, previous: int | None, **changes: Any) -> bytes:
    data: dict[str, Any] = {
        "e": "depthUpdate",
        "E": 1000,
        "s": "BTCUSDT",
        "U": first,
        "u": last,
        "b": [["9.5", "2"]],
        "a": [],
    }
    if previous is not None:
        data |= {"pu": previous, "T": 998}
    return framed("btcusdt@depth@100ms", **data | changes)


SNAPSHOT = json.dumps(
    {"lastUpdateId": 8, "E": 1000, "T": 997, "bids": [["9.00", "1"]], "asks": [["11.25", "1"]]}
).encode()
SPOT_SNAPSHOT = json.dumps({"lastUpdateId": 8, "bids": [["9.00", "1"]], "asks": [["11.25", "1"]]}).encode()


def test_a_futures_quote(streams: BinanceStreams) -> None:
    quote = {"e": "bookTicker", "u": 1, "s": "BTCUSDT", "b": "61800.20", "B": "2.5", "a": "61800.30", "A": "0.1"}
    assert read(streams, framed("btcusdt@bookTicker", **quote, T=999, E=1000)) == [
        Ticker(
            symbol="BTCUSDT",
            timestamp=999,
            received_at=9_000,
            latency_ms=5.5,
            bid=61800.2,
            bid_volume=2.5,
            ask=61800.3,
            ask_volume=0.1,
            tick_size=0.1,
        )
    ]


def test_a_spot_quote_says_neither_its_kind_nor_a_time(streams: BinanceStreams) -> None:
    quote = {"u": 1, "s": "BNBUSDT", "b": "25.35190000", "B": "31.21", "a": "25.36520000", "A": "40.66"}
    (ticker,) = read(streams, framed("bnbusdt@bookTicker", **quote))
    assert isinstance(ticker, Ticker)
    assert (ticker.timestamp, ticker.latency_ms, ticker.bid) == (1005, 0.0, 25.3519)
    assert ticker.tick_size == 0.0001, "spot pads its prices with zeros"


def test_an_empty_side_of_the_quote_is_not_said(streams: BinanceStreams) -> None:
    quote = {"u": 1, "s": "BNBUSDT", "b": "0.00000000", "B": "0", "a": "25.3", "A": "40.66"}
    (ticker,) = read(streams, framed("!bookTicker", **quote))
    assert isinstance(ticker, Ticker)
    assert (ticker.bid, ticker.bid_volume, ticker.ask) == (None, None, 25.3)


@pytest.mark.parametrize(("buyer_is_maker", "side"), [(True, "sell"), (False, "buy")])
def test_a_trade_is_also_the_last_price(streams: BinanceStreams, buyer_is_maker: bool, side: str) -> None:
    happened, last = read(streams, trade(m=buyer_is_maker))
    assert isinstance(happened, Trade)
    assert (happened.id, happened.price, happened.size, happened.side) == ("7", 61800.3, 0.006, side)
    assert (happened.timestamp, happened.received_at, happened.latency_ms) == (999, 9_000, 5.5)
    assert isinstance(last, Ticker)
    assert (last.last, last.last_size, last.bid) == (61800.3, 0.006, None)


@pytest.mark.parametrize("kind", ["INSURANCE_FUND", "NA", "ADL"])
def test_a_trade_off_the_market_is_counted_only(streams: BinanceStreams, kind: str) -> None:
    assert read(streams, trade(X=kind, p="0", q="0")) == []
    assert (streams.off_market_trades, streams.skips.count) == (1, 0)


def test_the_first_kind_of_trades_is_the_one_that_counts(streams: BinanceStreams) -> None:
    assert len(read(streams, trade())) == 2
    assert read(streams, agg_trade()) == []
    assert len(read(streams, agg_trade(s="ETHUSDT"))) == 2, "each symbol decides for itself"
    assert read(streams, trade(s="ETHUSDT")) == []
    assert (streams.duplicate_trades, streams.skips.count) == (2, 0)


def test_a_24h_ticker_counts_until_a_faster_stream_speaks(streams: BinanceStreams) -> None:
    day = framed(
        "btcusdt@ticker", e="24hrTicker", E=1000, s="BTCUSDT", c="100.5", Q="3", b="100.4", B="1", a="100.6", A="2"
    )
    quote, last = read(streams, day)
    assert isinstance(quote, Ticker)
    assert (quote.bid, quote.ask) == (100.4, 100.6)
    assert isinstance(last, Ticker)
    assert (last.last, last.last_size) == (100.5, 3.0)
    read(streams, trade())
    assert read(streams, day) == []


def test_a_mark_price(streams: BinanceStreams) -> None:
    mark = {
        "e": "markPriceUpdate",
        "E": 1000,
        "s": "BTCUSDT",
        "p": "61801.5",
        "i": "61790.1",
        "P": "1",
        "r": "0.0001",
        "T": 5000,
    }
    (ticker,) = read(streams, framed("btcusdt@markPrice@1s", **mark))
    assert isinstance(ticker, Ticker)
    assert (ticker.mark_price, ticker.index_price, ticker.funding_rate, ticker.next_funding_time) == (
        61801.5,
        61790.1,
        0.0001,
        5000,
    )
    (delivery,) = read(streams, framed("btcusdt@markPrice", **mark | {"r": "", "T": 0}))
    assert isinstance(delivery, Ticker)
    assert (delivery.funding_rate, delivery.next_funding_time) == (None, None)


def test_a_futures_book_with_its_times(streams: BinanceStreams) -> None:
    assert read(streams, depth(7, 10, 5)) == []
    book, tick = read(streams, SNAPSHOT, snapshot_of="BTCUSDT")
    assert isinstance(book, Book)
    assert (book.bids, book.asks, book.partial) == ([(9.5, 2.0), (9.0, 1.0)], [(11.25, 1.0)], False)
    assert (book.timestamp, book.latency_ms, book.update_id) == (998, 5.5, 10)
    assert isinstance(tick, Ticker)
    assert tick.tick_size == 0.01
    (change,) = read(streams, depth(11, 12, 10, b=[["9.5", "0"]], T=1002))
    assert isinstance(change, Book)
    assert (change.bids, change.asks, change.partial, change.timestamp) == ([(9.5, 0.0)], [], True, 1002)


def test_a_spot_book_takes_the_event_time(streams: BinanceStreams) -> None:
    read(streams, depth(7, 10, None))
    book, _ = read(streams, SPOT_SNAPSHOT, snapshot_of="BTCUSDT")
    assert isinstance(book, Book)
    (change,) = read(streams, depth(11, 12, None, b=[["9.7", "1"]]))
    assert isinstance(change, Book)
    assert change.timestamp == 1000


def test_a_gap_takes_the_book_away_and_says_so(streams: BinanceStreams) -> None:
    streams.read(depth(7, 10, 5), ARRIVAL)
    streams.read(SNAPSHOT, ARRIVAL, snapshot_of="BTCUSDT")
    book, status = streams.read(depth(20, 21, 19), ARRIVAL)
    assert isinstance(book, Book)
    assert (book.bids, book.asks, book.partial) == ([], [], False)
    assert isinstance(status, Status)
    assert (status.service, status.kind, status.status) == ("replay/BTCUSDT/book", "stream", "degraded")
    assert (status.gaps, status.resyncs) == (1, 0)
    again = SNAPSHOT.replace(b'"lastUpdateId": 8', b'"lastUpdateId": 21')
    book, status, *_ = streams.read(again, ARRIVAL, snapshot_of="BTCUSDT")
    assert isinstance(book, Book)
    assert book.bids == [(9.5, 2.0), (9.0, 1.0)]
    assert isinstance(status, Status)
    assert (status.status, status.gaps, status.resyncs) == ("up", 1, 1)


def test_every_stream_of_a_symbol_gets_a_row_and_its_end(streams: BinanceStreams) -> None:
    streams.read(trade(), ARRIVAL)
    streams.read(depth(7, 10, 5), ARRIVAL)
    ended = streams.end(5, "replay ended")
    assert [(e.service, e.status, e.detail) for e in ended if isinstance(e, Status)] == [
        ("replay/BTCUSDT/book", "down", "replay ended, waiting for a snapshot"),
        ("replay/BTCUSDT/trades", "down", "replay ended"),
    ]
    streams.read(SNAPSHOT, ARRIVAL, snapshot_of="BTCUSDT")
    book, _ = streams.end(6, "replay ended")
    assert isinstance(book, Status)
    assert book.detail == "replay ended"


def test_a_message_without_a_frame_is_read_by_its_own_type(streams: BinanceStreams) -> None:
    assert len(read(streams, json.dumps(json.loads(trade())["data"]).encode())) == 2


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "broken message"),
        (b"{", "broken message"),
        (b"[1]", "broken message"),
        (b'{"stream":"\xff\xfe","data":{}}', "broken message"),
        (b'{"data":' + b"[" * 100_000, "broken message"),
        (trade(p="nan"), "broken message"),
        (trade(p="-1"), "broken message"),
        (trade(p="0"), "broken message"),
        (trade(q="inf"), "broken message"),
        (trade(T=2**70), "broken message"),
        (trade(s="X" * 1000), "broken message"),
        (trade(m="perhaps"), "broken message"),
        (depth(7, 10, 5, b=[["1.0", "-1"]]), "broken message"),
        (depth(7, 10, 5, b=[["1.0"]]), "broken message"),
        (framed("btcusdt@forceOrder", e="forceOrder"), "unknown event"),
        (framed("btcusdt", e="trade"), "unknown event"),
        (b"{}", "unknown event"),
        (b'{"lastUpdateId": 3, "bids": [], "asks": []}', "snapshot of an unknown symbol"),
    ],
)
def test_what_cannot_be_read_is_counted(streams: BinanceStreams, message: bytes, reason: str) -> None:
    assert streams.read(message, ARRIVAL) == []
    assert streams.skips.count == 1
    assert str(streams.skips) == f"1 skipped (1 {reason})"


def test_symbols_are_bounded(streams: BinanceStreams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binance, "MAX_SYMBOLS", 2)
    for name in ("A", "B", "C", "A"):
        streams.read(trade(s=name), ARRIVAL)
    assert list(streams.symbols) == ["A", "B"]
    assert streams.skips.count == 1
