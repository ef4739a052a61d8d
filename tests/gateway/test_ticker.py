"""``GET /metrics?symbol=…``: one symbol as JSON, over a real socket."""

from __future__ import annotations

import re

import pytest

from bigboard.board import Update
from servers import Gateway, gateway

_MARKET = {
    "symbol": "BTCUSDT", "venue": "binanceusdm", "mode": "replay", "last_price": 61_800.2, "last_size": 0.5,
    "bid_price": 61_800.1, "bid_size": 2.0, "ask_price": 61_800.2, "ask_size": 3.0, "spread": 0.1, "spread_bps": 0.0162,
    "open_24h": 60_000.0, "high_24h": 62_000.0, "low_24h": 59_000.0, "volume_24h": 12.5, "quote_volume_24h": 770_000.0,
    "change_24h": 1_800.2, "change_24h_pct": 3.0003, "mark_price": 61_801.0, "index_price": 61_802.0,
    "funding_rate": 0.0001, "timestamp": 1_760_000_000_000, "received_at": 1_760_000_000_020,
}  # fmt: skip
_METRICS = {
    "spread": 99.0, "spread_bps": 99.0, "messages_received": 1_200, "messages_per_second": 42.5, "uptime_seconds": 60,
    "feed_latency_ms": -1.5,
}  # fmt: skip


def _fill(served: Gateway) -> None:
    served.commit(Update("market_data", "BTCUSDT", _MARKET), Update("metrics", "BTCUSDT", _METRICS))


@pytest.mark.parametrize("symbol", ["BTC/USDT", "BTCUSDT", "btc/usdt", "BTC/USDT:USDT"])
async def test_a_symbol_in_any_spelling(symbol: str) -> None:
    async with gateway() as served:
        _fill(served)
        answer = await served.get("/metrics", params={"symbol": symbol})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        body = answer.json()
        assert set(body) == {"ticker", "metrics", "timestamp"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["timestamp"])
        assert body["ticker"] == {
            "symbol": "BTCUSDT", "venue": "binanceusdm", "mode": "replay", "last": 61_800.2, "last_size": 0.5,
            "bid": 61_800.1, "bid_size": 2.0, "ask": 61_800.2, "ask_size": 3.0, "open": 60_000.0, "high": 62_000.0,
            "low": 59_000.0, "volume": 12.5, "quote_volume": 770_000.0, "change": 1_800.2, "change_pct": 3.0003,
            "mark_price": 61_801.0, "index_price": 61_802.0, "funding_rate": 0.0001,
            "event_time": 1_760_000_000_000, "received_at": 1_760_000_000_020,
        }  # fmt: skip
        # The spread is the quote's own, not one that was measured a second ago.
        assert body["metrics"] == {**_METRICS, "spread": 0.1, "spread_bps": 0.0162}


async def test_what_is_not_known_is_null_and_never_made_up() -> None:
    async with gateway() as served:
        served.price(5.0, "kraken:ETHUSD")
        body = (await served.get("/metrics", params={"symbol": "kraken:ETH/USD"})).json()
        known = {name: value for name, value in body["ticker"].items() if value is not None}
        assert known == {"symbol": "kraken:ETHUSD", "last": 5.0}
        assert len(body["ticker"]) == 21
        assert set(body["metrics"]) == set(_METRICS)
        assert set(body["metrics"].values()) == {None}


async def test_before_the_first_data_it_says_so_and_when_to_come_back() -> None:
    async with gateway() as served:
        answer = await served.get("/metrics", params={"symbol": "BTC/USDT"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert "no market data yet" in answer.json()["detail"]
        _fill(served)
        assert (await served.get("/metrics", params={"symbol": "BTC/USDT"})).status_code == 200


@pytest.mark.parametrize("symbol", ["NOSUCH", "ETH/USDT", "<script>", "total", "/", ":", "\x00", "BTCUSDT "])
async def test_an_unknown_symbol_is_named(symbol: str) -> None:
    async with gateway() as served:
        _fill(served)
        answer = await served.get("/metrics", params={"symbol": symbol})
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/json")
        assert "/api/v1/symbols" in answer.json()["detail"]


@pytest.mark.parametrize("params", [{}, {"symbol": ""}, {"symbol": "x" * 129}])
async def test_a_bad_symbol_is_named(params: dict[str, str]) -> None:
    async with gateway() as served:
        answer = await served.get("/metrics", params=params)
        assert answer.status_code == 422
        assert "symbol" in answer.text
