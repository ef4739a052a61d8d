"""Which streams are used of an exchange, and that what it lacks is said."""

from __future__ import annotations

import pytest

from bigboard.feed.ccxt_streams import Stream, choose_streams
from bigboard.feed.ccxt_venue import import_ccxt


def test_the_best_method_of_each_kind_is_taken() -> None:
    has = dict.fromkeys(
        ("watchBidsAsks", "watchOrderBookForSymbols", "watchOrderBook", "watchTrades", "watchTicker"), True
    )
    plan = choose_streams(has, derivatives=False)
    assert plan.streams == [
        Stream("quotes", "watch_bids_asks", many=True),
        Stream("book", "watch_order_book_for_symbols", many=True, other="watch_order_book"),
        Stream("trades", "watch_trades", many=False),
        Stream("ticker", "watch_ticker", many=False),
    ]
    assert plan.missing == []


def test_what_is_missing_is_said_and_where_the_quotes_come_from() -> None:
    assert choose_streams({"watchOrderBook": True}, derivatives=False).missing == [
        "no quotes stream: best bid and ask come from the book",
        "no trades stream",
        "no ticker stream",
    ]
    assert choose_streams({"watchTicker": True}, derivatives=False).missing[0].endswith("come from the ticker")
    nothing = choose_streams({}, derivatives=True)
    assert (nothing.streams, len(nothing.missing)) == ([], 6)


def test_mark_price_and_funding_are_matters_of_derivatives() -> None:
    has = {"watchMarkPrice": True, "fetchFundingRate": "emulated", "watchTrades": True}
    kinds = [stream.kind for stream in choose_streams(has, derivatives=True).streams]
    assert kinds == ["trades", "mark price", "funding"]
    assert [stream.kind for stream in choose_streams(has, derivatives=False).streams] == ["trades"]


def test_funding_that_is_no_stream_is_polled() -> None:
    stream = choose_streams({"fetchFundingRates": True}, derivatives=True).streams[0]
    assert (stream.method, stream.polled) == ("fetch_funding_rates", True)
    assert not choose_streams({"watchFundingRates": True}, derivatives=True).streams[0].polled


def test_a_method_that_does_not_work_gives_way_to_the_other_one() -> None:
    stream = choose_streams({"watchTradesForSymbols": True, "watchTrades": True}, derivatives=False).streams[0]
    assert stream.swapped() == Stream("trades", "watch_trades", many=False, other="watch_trades_for_symbols")
    assert stream.swapped().swapped() == stream
    alone = Stream("trades", "watch_trades", many=False)
    assert alone.swapped() == alone


def test_an_emulated_stream_is_none() -> None:
    assert choose_streams({"watchTrades": "emulated"}, derivatives=False).streams == []


def test_every_exchange_of_ccxt_has_the_methods_that_its_table_names() -> None:
    pytest.importorskip("ccxt")
    ccxt = import_ccxt()
    without_book = set()
    for name in ccxt.exchanges:
        exchange = getattr(ccxt, name)()
        plan = choose_streams(exchange.has, derivatives=True)
        for stream in plan.streams:
            assert callable(getattr(exchange, stream.method)), f"{name} has no {stream.method}"
        if "no book stream" in plan.missing:
            without_book.add(name)
    assert len(ccxt.exchanges) > 50
    assert len(without_book) < len(ccxt.exchanges) / 10
