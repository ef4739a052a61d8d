"""ccxt's structures as fields: what is missing or impossible is left out, and never becomes a wrong number."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from bigboard.feed import ccxt_fields
from bigboard.feed.ccxt_book import BookTop

NOW = 1_760_000_000_000
TIMES = {"timestamp": NOW - 5, "received_at": NOW}


def test_quotes() -> None:
    ticker = {"bid": 1.5, "bidVolume": 2.0, "ask": 1.6, "askVolume": 3.0, "timestamp": NOW - 5, "last": 9.0}
    fields = {"bid": 1.5, "bid_volume": 2.0, "ask": 1.6, "ask_volume": 3.0}
    assert ccxt_fields.quotes(ticker, NOW) == {**fields, **TIMES}


def test_a_side_that_is_empty_says_nothing() -> None:
    assert ccxt_fields.quotes({"bid": 0.0, "bidVolume": 0.0, "ask": 1.6, "timestamp": None}, NOW) == {
        "ask": 1.6,
        "timestamp": NOW,
        "received_at": NOW,
    }
    assert ccxt_fields.quotes({"bid": None, "ask": None}, NOW) is None


@pytest.mark.parametrize("value", [None, 0, -1.0, nan, inf, True, "1.5", [1]])
def test_what_is_no_price_is_left_out(value: Any) -> None:
    assert ccxt_fields.day({"last": value}, NOW) is None
    assert ccxt_fields.quotes({"bid": value}, NOW) is None
    assert ccxt_fields.mark_price({"markPrice": value}, NOW) is None
    assert ccxt_fields.trade({"id": "1", "price": value, "amount": 1.0, "side": "buy"}, NOW) is None


def test_a_day_ticker() -> None:
    ticker = {"last": 1.55, "bid": 1.5, "ask": 1.6, "timestamp": NOW - 5, "open": 1.0, "high": 2.0, "low": 0.5}
    volumes = {"baseVolume": 7.0, "quoteVolume": 0.0}
    assert ccxt_fields.day({**ticker, **volumes}, NOW) == {
        **{name: ticker[name] for name in ("last", "bid", "ask", "open", "high", "low")},
        "base_volume": 7.0,
        "quote_volume": 0.0,
        **TIMES,
    }
    assert ccxt_fields.day({}, NOW) is None


def test_mark_price() -> None:
    ticker = {"markPrice": 2.0, "indexPrice": 2.1, "timestamp": NOW - 5}
    assert ccxt_fields.mark_price(ticker, NOW) == {"mark_price": 2.0, "index_price": 2.1, **TIMES}


@pytest.mark.parametrize(
    ("first", "second", "due"),
    [(NOW + 10, None, NOW + 10), (NOW - 10, NOW + 20, NOW + 20), (NOW + 10, NOW + 20, NOW + 10), (None, None, None)],
)
def test_the_next_funding_is_the_one_to_come(first: int | None, second: int | None, due: int | None) -> None:
    rate = {"fundingRate": -0.0001, "fundingTimestamp": first, "nextFundingTimestamp": second}
    fields = ccxt_fields.funding(rate, NOW)
    assert fields is not None
    assert (fields["funding_rate"], fields.get("next_funding_time")) == (-0.0001, due)


def test_funding_without_a_rate_is_nothing() -> None:
    assert ccxt_fields.funding({"fundingRate": None, "markPrice": 2.0}, NOW) is None
    zero = ccxt_fields.funding({"fundingRate": 0.0}, NOW)
    assert zero is not None
    assert zero["funding_rate"] == 0.0


def test_a_trade_without_an_id_is_known_by_what_it_says() -> None:
    trade = {"price": 2.0, "amount": 3.0, "side": "sell", "timestamp": NOW - 5}
    assert ccxt_fields.trade(trade, NOW) == {
        "id": f"{NOW - 5}-2-3-sell",
        "price": 2.0,
        "size": 3.0,
        "side": "sell",
        **TIMES,
    }
    assert ccxt_fields.trade({**trade, "side": None}, NOW) is None


def test_trades_that_never_met_the_book() -> None:
    assert ccxt_fields.is_off_market({"info": {"e": "trade", "X": "INSURANCE_FUND"}})
    for info in ({"e": "trade", "X": "MARKET"}, {"e": "trade"}, {"X": "other exchange's"}, [1], None):
        assert not ccxt_fields.is_off_market({"info": info})


def test_the_best_of_a_book() -> None:
    top = BookTop({1.5: 2.0, 1.4: 1.0}, {1.6: 3.0}, NOW - 5, 7)
    assert ccxt_fields.best(top, NOW) == {"bid": 1.5, "bid_volume": 2.0, "ask": 1.6, "ask_volume": 3.0, **TIMES}
    assert ccxt_fields.best(BookTop({}, {}, None, 7), NOW) == {"timestamp": NOW, "received_at": NOW}
