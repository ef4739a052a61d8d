"""``/health`` on both ports, and ``/api/v1``: the board by plain HTTP."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bigboard.board import Update
from bigboard.version import VERSION
from servers import Gateway, gateway, until_reads

MINUTE = 60_000


@pytest.mark.parametrize(("hub_port", "service"), [(False, "dashboard-api"), (True, "dashboard-server")])
async def test_health_tells_what_each_part_does(*, hub_port: bool, service: str) -> None:
    parts: dict[str, dict[str, Any]] = {"feed": {"status": "up", "name": "simulated"}, "history": {"held": 3}}
    async with gateway(parts=lambda: parts) as served:
        answer = await served.get("/health", hub_port=hub_port)
        health = answer.json()
        assert answer.status_code == 200
        assert (health["status"], health["service"], health["version"]) == ("healthy", service, VERSION)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", health["timestamp"])
        assert health["parts"] == parts
        parts["feed"]["status"] = "stale"
        assert (await served.get("/health", hub_port=hub_port)).json()["status"] == "degraded"


async def test_the_hub_port_has_neither_page_nor_rest() -> None:
    async with gateway() as served:
        for path in ("/", "/api/v1/state", "/api/v1/candles?key=BTCUSDT/1m", "/favicon.svg", "/docs"):
            assert (await served.get(path, hub_port=True)).status_code == 404


async def test_state_is_the_snapshot_as_a_client_would_get_it() -> None:
    async with gateway() as served:
        served.price(1.0)
        served.commit(
            Update("orders", "7", {"status": "NEW"}), Update("trades", "BTCUSDT", {"trade_id": "1", "price": 1.0})
        )
        answer = await served.get("/api/v1/state")
        assert answer.headers["content-type"] == "application/json"
        state = answer.json()
        assert (state["type"], state["epoch"], state["sequence"]) == ("state_update", "E1", 2)
        assert state["subscriptions"] == ["*"]
        async with served.connect() as client:
            await client.send('{"action": "subscribe", "subscriptions": ["*"]}')
            assert await until_reads(client, "state_update") == state


@pytest.mark.parametrize(
    ("asked", "named", "data"),
    [
        (
            "market_data",
            ["market_data"],
            {"market_data": {"BTCUSDT": {"last_price": 1.0}, "kraken:ETHUSD": {"last_price": 2.0}}},
        ),
        ("market_data:BTC/USDT:USDT", ["market_data:BTCUSDT"], {"market_data": {"BTCUSDT": {"last_price": 1.0}}}),
        (
            "market_data:kraken:eth/usd",
            ["market_data:kraken:ETHUSD"],
            {"market_data": {"kraken:ETHUSD": {"last_price": 2.0}}},
        ),
        (" orders , risk,orders", ["orders", "risk"], {"orders": [], "risk": {}}),
        ("market_data:NOSUCH", ["market_data:NOSUCH"], {"market_data": {}}),
    ],
)
async def test_state_takes_subscriptions_in_any_spelling(asked: str, named: list[str], data: dict[str, Any]) -> None:
    async with gateway() as served:
        served.price(1.0)
        served.price(2.0, "kraken:ETHUSD")
        state = (await served.get("/api/v1/state", params={"subscriptions": asked})).json()
        assert (state["subscriptions"], state["data"]) == (named, data)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("weather", ["no topic 'weather'", "market_data"]),
        ("", ["no topic", "market_data"]),
        ("orders,,risk", ["no topic"]),
        ("orders:", ["a key must have"]),
        ("orders:" + "x" * 200, ["a key must have"]),
        ("market_data;drop", ["no topic"]),
    ],
)
async def test_a_bad_subscription_is_a_400_that_says_what_is_wrong(asked: str, words: list[str]) -> None:
    async with gateway() as served:
        answer = await served.get("/api/v1/state", params={"subscriptions": asked})
        assert answer.status_code == 400
        assert all(word in answer.json()["detail"] for word in words)


def _candles(served: Gateway, minutes: int) -> None:
    for minute in range(minutes):
        fields = {
            "open_time": minute * MINUTE,
            "open": 1.0,
            "high": 2.0,
            "low": 0.5,
            "close": 1.5,
            "volume": 3.0,
            "trades": 4,
        }
        served.commit(Update("candles", "BTCUSDT/1m", {**fields, "closed": minute < minutes - 1}))


async def test_candles_come_oldest_first_and_the_live_one_last() -> None:
    async with gateway() as served:
        _candles(served, 20)
        body = (await served.get("/api/v1/candles", params={"key": "btc/usdt/1m"})).json()
        assert body["key"] == "BTCUSDT/1m"
        assert [candle[0] // MINUTE for candle in body["candles"]] == list(range(20))
        assert body["candles"][3] == [3 * MINUTE, 1.0, 2.0, 0.5, 1.5, 3.0, 4, True]
        assert body["candles"][-1][-1] is False


@pytest.mark.parametrize(
    ("params", "minutes"),
    [
        ({"limit": 3}, [17, 18, 19]),
        ({"limit": 2, "before": 5 * MINUTE}, [3, 4]),
        ({"before": 0}, []),
        ({"before": -5}, []),
        ({"before": 10**30, "limit": 1}, [19]),
        ({"key": "NOSUCH/1m"}, []),
        ({"key": "nonsense"}, []),
    ],
)
async def test_candles_are_paged_by_time(params: dict[str, Any], minutes: list[int]) -> None:
    async with gateway() as served:
        _candles(served, 20)
        answer = await served.get("/api/v1/candles", params={"key": "BTCUSDT/1m", **params})
        assert [candle[0] // MINUTE for candle in answer.json()["candles"]] == minutes


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"key": "x" * 129},
        *(
            {"key": "BTCUSDT/1m", **bad}
            for bad in ({"limit": 0}, {"limit": 5_001}, {"limit": "many"}, {"before": "now"})
        ),
    ],
)
async def test_bad_parameters_of_candles_are_named(params: dict[str, Any]) -> None:
    async with gateway() as served:
        answer = await served.get("/api/v1/candles", params=params)
        assert answer.status_code in (400, 422)
        wrong = next((name for name in params if name != "key"), "key")
        assert wrong in answer.text
