"""Tickers as the collector and as ccxt write them, read back as rows of the board."""

from __future__ import annotations

import json

import pytest

from bigboard.board import Board
from bigboard.errors import UpdateRejected
from bigboard.sources.ticker_keys import LONGEST_TICKER, ticker_update
from bigboard.wire.ticker import ticker_of

_ROW = {
    "symbol": "BTCUSDT", "last_price": 5.0, "bid_price": 4.5, "ask_price": 5.5, "volume_24h": 3.0, "spread": 1.0,
    "mode": "live", "timestamp": 7, "received_at": 9,
}  # fmt: skip


def test_what_the_collector_wrote_is_the_row_that_it_had() -> None:
    board = Board("E")
    update = ticker_update("BTC/USDT", json.dumps(ticker_of(_ROW, "BTC/USDT")).encode())
    board.apply(update)
    assert board.snapshot().data["market_data"] == {"BTCUSDT": _ROW}


def test_a_ticker_of_ccxt_becomes_a_row() -> None:
    ticker = {
        "symbol": "BTC/USDT:USDT", "timestamp": 7, "datetime": "2025-10-06T05:41:00.000Z", "high": 9, "low": 1, "bid": 4.5,
        "bidVolume": 2, "ask": 5.5, "askVolume": None, "vwap": 5, "open": 4, "close": 5, "last": 5, "previousClose": None,
        "change": 1, "percentage": 25, "average": 4.5, "baseVolume": 3, "quoteVolume": 15, "markPrice": 5.1,
        "info": {"e": "24hrTicker", "nested": {"x": [1]}},
    }  # fmt: skip
    board = Board("E")
    board.apply(ticker_update("BTC/USDT:USDT", json.dumps(ticker).encode()))
    assert board.snapshot().data["market_data"] == {
        "BTCUSDT": {
            "symbol": "BTCUSDT", "timestamp": 7, "high_24h": 9, "low_24h": 1, "bid_price": 4.5, "bid_size": 2,
            "ask_price": 5.5, "open_24h": 4, "last_price": 5, "change_24h": 1, "change_24h_pct": 25, "volume_24h": 3,
            "quote_volume_24h": 15, "mark_price": 5.1,
        }
    }  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"", "not_json"), (b"\x80", "not_json"), (b"[" * 50_000, "not_json"), (b"[]", "wrong_type"), (b"5", "wrong_type"),
        (b" " * (LONGEST_TICKER + 1), "too_large"),
    ],
)  # fmt: skip
def test_what_is_no_ticker_is_refused(payload: bytes, reason: str) -> None:
    with pytest.raises(UpdateRejected) as refused:
        ticker_update("BTC/USDT", payload)
    assert (refused.value.topic, refused.value.reason) == ("market_data", reason)
