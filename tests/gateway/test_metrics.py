"""``/metrics`` on the hub port, as Prometheus reads it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from websockets.exceptions import InvalidStatus

from bigboard.board import Update
from servers import Gateway, gateway, until, until_reads

if TYPE_CHECKING:
    from prometheus_client import Metric

_GIVEN = {
    "dashboard_websocket_clients_total": "gauge",
    "dashboard_websocket_connections": "gauge",
    "dashboard_broadcasts_total": "counter",
    "dashboard_http_requests_total": "counter",
    "dashboard_redis_latency_ms": "gauge",
    "dashboard_messages_per_second": "gauge",
}
"""The names that the outside relies on, with their types."""

_Value = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def _scrape(served: Gateway) -> str:
    answer = await served.get("/metrics", hub_port=True)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


def _families(text: str) -> list[Metric]:
    return list(text_string_to_metric_families(text))


def _values(text: str) -> _Value:
    samples = [sample for family in _families(text) for sample in family.samples]
    values = {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}
    assert len(values) == len(samples), "a sample stands there twice"
    return values


def _at(text: str, name: str, **labels: str) -> float:
    return _values(text)[name, frozenset(labels.items())]


async def test_the_given_names_are_there_from_the_start() -> None:
    async with gateway() as served:
        await _scrape(served)
        text = await _scrape(served)
        for name, kind in _GIVEN.items():
            assert f"# TYPE {name} {kind}\n" in text
            assert any(line.startswith((f"{name} ", f"{name}{{")) for line in text.splitlines()), name
        for kind in ("web", "tui", "api"):
            assert _at(text, "dashboard_broadcasts_total", client_type=kind) == 0


async def test_what_is_not_known_is_not_a_number() -> None:
    parts: dict[str, dict[str, Any]] = {}
    async with gateway(parts=lambda: parts) as served:
        text = await _scrape(served)
        for name in ("dashboard_redis_latency_ms", "dashboard_messages_per_second", "bigboard_feed_latency_seconds"):
            assert math.isnan(_at(text, name))
        served.commit(
            Update("metrics", "total", {"messages_per_second": 490.5, "messages_received": 7, "feed_latency_ms": 20.0}),
            Update("services", "redis", {"status": "up"}),
            Update("services", "replay", {"status": "stale"}),
        )
        parts["redis"] = {"status": "up", "latency_ms": 0.8}
        text = await _scrape(served)
        assert _at(text, "dashboard_redis_latency_ms") == 0.8
        assert _at(text, "dashboard_messages_per_second") == 490.5
        assert _at(text, "bigboard_market_messages_total") == 7
        assert _at(text, "bigboard_feed_latency_seconds") == 0.02
        assert [_at(text, "bigboard_services", status=state) for state in ("up", "stale", "down")] == [1, 1, 0]
        assert _at(text, "bigboard_board_entries", topic="services") == 2


async def test_clients_are_counted_by_class() -> None:
    async with gateway() as served:
        served.price(1.0)
        async with (
            served.connect("/ws?client=tui") as one,
            served.connect("/ws", hub_port=True) as two,
            served.connect("/ws/stream?symbol=BTCUSDT") as three,
        ):
            for client in (one, two):
                await client.send('{"action": "subscribe", "subscriptions": ["*"]}')
                await until_reads(client, "state_update")
            await three.recv()
            text = await _scrape(served)
            assert _at(text, "dashboard_websocket_clients_total") == 2
            assert _at(text, "dashboard_websocket_connections") == 3
            for kind, count in {"web": 1, "tui": 1, "api": 0, "stream": 1}.items():
                assert _at(text, "bigboard_websocket_connections", client_type=kind) == count
            assert _at(text, "dashboard_broadcasts_total", client_type="tui") >= 2
            assert _at(text, "dashboard_broadcasts_total", client_type="web") >= 2
            assert _at(text, "dashboard_broadcasts_total", client_type="api") == 0
            assert _at(text, "bigboard_stream_messages_total") >= 1
        await until(lambda: not served.hub.broadcaster.members, "the clients left")
        text = await _scrape(served)
        assert (_at(text, "dashboard_websocket_clients_total"), _at(text, "dashboard_websocket_connections")) == (0, 0)
        assert _at(text, "bigboard_websocket_accepted_total", client_type="tui") == 1


async def test_what_the_broadcaster_does_is_told() -> None:
    async with gateway(heartbeat_s=0.05) as served:
        served.price(1.0)
        async with (
            served.connect("/ws?client=tui&format=msgpack") as one,
            served.connect("/ws") as two,
            served.connect("/ws") as three,
        ):
            for client in (two, three):
                await client.send('{"action": "subscribe", "subscriptions": ["market_data"]}')
                await until_reads(client, "state_update")
                await until_reads(client, "heartbeat")
            served.price(2.0)
            for client in (two, three):
                await until_reads(client, "diff_update")
            await one.recv()
            text = await _scrape(served)
            assert _at(text, "bigboard_clients", client_type="tui", format="msgpack") == 1
            assert _at(text, "bigboard_clients", client_type="web", format="json") == 2
            assert _at(text, "bigboard_client_groups") == _at(text, "bigboard_client_phases") == 2
            assert _at(text, "bigboard_encodings_total") == 2, "a state, a diff: each for both"
            assert _at(text, "bigboard_heartbeats_total") >= 3
            assert _at(text, "bigboard_sent_bytes_total", client_type="web") > 1_000
            assert _at(text, "bigboard_sent_bytes_total", client_type="api") == 0
            for name in ("skipped_ticks", "catch_ups", "too_slow_clients", "fragments"):
                assert _at(text, f"bigboard_{name}_total") == 0
            assert _at(text, "bigboard_websocket_closes_total", code="4508") == 0
            await two.close(1001)
            await three.close(3_333)
            await until(lambda: served.hub.broadcaster.figures().closes.total() == 2, "both have ended")
            text = await _scrape(served)
            assert _at(text, "bigboard_websocket_closes_total", code="1001") == 1
            assert _at(text, "bigboard_websocket_closes_total", code="other") == 1
            assert _at(text, "bigboard_clients", client_type="web", format="json") == 0


async def test_a_refused_handshake_is_no_connection() -> None:
    async with gateway() as served:
        for path in ("/ws?client=fridge", "/ws?format=xml", "/ws/stream", "/nowhere"):
            with pytest.raises(InvalidStatus):
                await served.connect(path)
        values = _values(await _scrape(served))
        assert values["dashboard_websocket_connections", frozenset()] == 0
        assert not any(value for (name, _), value in values.items() if name == "bigboard_websocket_accepted_total")


async def test_requests_are_counted_on_both_ports_and_strangers_make_no_series() -> None:
    async with gateway() as served:
        for path in ("/health", "/api/v1/state", "/api/v1/state?subscriptions=x", "/a", "/b/c", "/assets/none.js"):
            await served.get(path)
        await served.get("/health", hub_port=True)
        text = await _scrape(served)

        def count(path: str, code: str) -> float:
            return _at(text, "dashboard_http_requests_total", method="GET", path=path, code=code)

        assert count("/health", "200") == 2
        assert count("/api/v1/state", "200") == 1
        assert count("/api/v1/state", "400") == 1
        assert count("/assets", "404") == 1
        assert count("other", "404") == 2
