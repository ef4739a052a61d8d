"""``/api/v1/topics``, ``symbols``, ``services``, ``version``."""

from __future__ import annotations

from bigboard.board import TOPICS, Update
from bigboard.version import VERSION
from servers import gateway


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
