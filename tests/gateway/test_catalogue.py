"""``/api/v1/topics``, ``symbols``, ``services``, ``version``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.board import TOPICS, Update
from bigboard.version import VERSION
from gateway.key_holder import KeyHolder, bearer, protected
from servers import gateway

if TYPE_CHECKING:
    from pathlib import Path


async def test_every_topic_with_its_fields_and_size() -> None:
    async with gateway() as served:
        served.price(1.0)
        topics = (await served.get("/api/v1/topics")).json()["topics"]
        assert [topic["topic"] for topic in topics] == list(TOPICS)
        by_name = {topic["topic"]: topic for topic in topics}
        assert (by_name["market_data"]["kind"], by_name["market_data"]["entries"]) == ("fields", 1)
        assert {"last_price", "mode"} <= set(by_name["market_data"]["fields"])
        assert (by_name["orders"]["kind"], by_name["orders"]["id_field"]) == ("rows", "order_id")
        assert by_name["trades"]["id_field"] is None


async def test_topics_count_for_each_what_it_may_see(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    wide = keys.key("wide", "*")
    narrow = keys.key("narrow", "market_data:BTCUSDT", "market_data:NOPE", "orders:7", "account", "trades:ETHUSDT")
    async with protected(keys) as served:
        served.commit(
            *(Update("market_data", symbol, {"last_price": 1.0}) for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT")),
            *(Update("orders", id_, {"price": 1.0}) for id_ in ("7", "8")),
            *(Update("account", id_, {"equity": 1.0}) for id_ in ("main", "spare")),
            Update("trades", "BTCUSDT", [{"trade_id": "1", "price": 1.0, "size": 1.0, "side": "buy"}]),
            Update("risk", "main", {"leverage": 1.0}),
        )
        expected = {
            narrow: {"market_data": 1, "trades": 0, "orders": 1, "account": 2},
            wide: dict.fromkeys(TOPICS, 0) | {"market_data": 3, "trades": 1, "orders": 2, "account": 2, "risk": 1},
        }
        for token, sizes in expected.items():
            topics = (await served.get("/api/v1/topics", headers=bearer(token))).json()["topics"]
            assert {topic["topic"]: topic["entries"] for topic in topics} == sizes


async def test_every_symbol_by_name() -> None:
    async with gateway() as served:
        assert (await served.get("/api/v1/symbols")).json() == {"symbols": []}
        served.price(1.0, "kraken:ETHUSD")
        served.commit(
            Update(
                "market_data",
                "BTCUSDT",
                {"venue": "binanceusdm", "mode": "replay", "last_price": 1.0, "received_at": 7},
            )
        )
        unknown = {"venue": None, "mode": None, "received_at": None}
        assert (await served.get("/api/v1/symbols")).json()["symbols"] == [
            {"symbol": "BTCUSDT", "venue": "binanceusdm", "mode": "replay", "received_at": 7},
            {"symbol": "kraken:ETHUSD", **unknown},
        ]


async def test_every_service_with_its_status() -> None:
    async with gateway() as served:
        assert (await served.get("/api/v1/services")).json() == {"services": []}
        served.commit(
            Update("services", "replay", {"status": "up", "kind": "feed"}),
            Update("services", "aggregator", {"status": "degraded", "gaps": 2}),
        )
        assert (await served.get("/api/v1/services")).json()["services"] == [
            {"service": "aggregator", "status": "degraded", "gaps": 2},
            {"service": "replay", "status": "up", "kind": "feed"},
        ]


async def test_the_version_of_program_and_protocol() -> None:
    async with gateway() as served:
        assert (await served.get("/api/v1/version")).json() == {
            "name": "bigboard",
            "version": VERSION,
            "protocol": 1,
            "subprotocols": ["bigboard.v1.json", "bigboard.v1.msgpack"],
        }
