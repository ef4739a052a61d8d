"""What one may read by plain HTTP: every route, with every kind of visitor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bigboard.board import Update
from gateway.key_holder import KeyHolder, bearer, protected

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Gateway

_READS = [
    # path, on the hub port, a permission that is enough, one that is not
    ("/api/v1/state?subscriptions=market_data", False, "market_data", "orders"),
    ("/api/v1/state?subscriptions=account:main", False, "account:main", "account:other"),
    ("/api/v1/candles?key=BTCUSDT/1m", False, "candles:BTCUSDT/1m", "candles:ETHUSDT/1m"),
    ("/metrics?symbol=BTC/USDT", False, "market_data:BTCUSDT", "market_data:ETHUSDT"),
    ("/metrics", True, "metrics", "market_data"),
    ("/debug", True, "metrics", "market_data"),
]
_LISTS = ["/api/v1/topics", "/api/v1/symbols", "/api/v1/services"]
_OPEN = [
    ("/", False),
    ("/docs", False),
    ("/openapi.json", False),
    ("/health", False),
    ("/health", True),
    ("/api/v1/version", False),
]


def _fill(served: Gateway) -> None:
    served.commit(
        Update("market_data", "BTCUSDT", {"last_price": 1.0}),
        Update("market_data", "ETHUSDT", {"last_price": 2.0}),
        Update("metrics", "BTCUSDT", {"messages_received": 7}),
        Update("services", "feed", {"status": "up"}),
        Update("account", "main", {"equity": 3.0}),
    )


@pytest.mark.parametrize(("path", "hub_port", "enough", "little"), _READS)
async def test_a_read_needs_its_permission(tmp_path: Path, path: str, hub_port: bool, enough: str, little: str) -> None:
    keys = KeyHolder(tmp_path)
    tokens = {name: keys.key(name, permission) for name, permission in {"may": enough, "may-not": little}.items()}
    async with protected(keys) as served:
        _fill(served)
        assert (await served.get(path, hub_port=hub_port, headers=bearer(tokens["may"]))).status_code == 200
        refused = await served.get(path, hub_port=hub_port, headers=bearer(tokens["may-not"]))
        assert refused.status_code == 403
        assert little in refused.json()["detail"]
        stranger = await served.get(path, hub_port=hub_port)
        assert stranger.status_code == 401
        assert stranger.headers["www-authenticate"].startswith("Bearer")
        for header in ("Bearer forged", "Basic ZGVzazp4", "Bearer"):
            answer = await served.get(path, hub_port=hub_port, headers={"Authorization": header})
            assert answer.status_code == 401, header
            assert "forged" not in answer.text


async def test_everything_means_all_that_is_permitted(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "market_data:BTCUSDT", "account")
    async with protected(keys) as served:
        _fill(served)
        state = (await served.get("/api/v1/state", headers=bearer(token))).json()
        assert state["data"] == {"market_data": {"BTCUSDT": {"last_price": 1.0}}, "account": {"main": {"equity": 3.0}}}


@pytest.mark.parametrize("path", _LISTS)
async def test_a_list_needs_a_key_and_shows_what_one_may_see(tmp_path: Path, path: str) -> None:
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "market_data:ETHUSDT")
    async with protected(keys) as served:
        _fill(served)
        assert (await served.get(path)).status_code == 401
        (name,) = (await served.get(path, headers=bearer(token))).json().values()
        shown = {entry.get("topic") or entry.get("symbol") for entry in name}
        assert (
            shown
            == {"/api/v1/topics": {"market_data"}, "/api/v1/symbols": {"ETHUSDT"}, "/api/v1/services": set()}[path]
        )


@pytest.mark.parametrize(("path", "hub_port"), _OPEN)
async def test_what_tells_nothing_is_open(tmp_path: Path, path: str, hub_port: bool) -> None:
    keys = KeyHolder(tmp_path)
    keys.key("desk", "*")
    async with protected(keys) as served:
        _fill(served)
        assert (await served.get(path, hub_port=hub_port)).status_code in (200, 503 if path == "/" else 200)


async def test_health_tells_details_to_those_who_are_known(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "market_data")
    async with protected(keys, parts=lambda: {"feed": {"status": "stale"}}) as served:
        stranger: dict[str, Any] = (await served.get("/health")).json()
        assert set(stranger) == {"status", "service", "timestamp"}
        assert stranger["status"] == "degraded"
        assert (await served.get("/health", headers=bearer(token))).json()["parts"] == {"feed": {"status": "stale"}}
        assert (await served.get("/health", headers=bearer("forged"))).status_code == 401


async def test_every_route_that_reads_is_in_these_tests(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    keys.key("desk", "*")
    async with protected(keys) as served:
        for hub_port in (False, True):
            document = (await served.get("/openapi.json", hub_port=hub_port)).json()
            known = {path.partition("?")[0] for path, on_hub, _, _ in _READS if on_hub is hub_port}
            known |= {path for path, on_hub in _OPEN if on_hub is hub_port}
            assert set(document["paths"]) <= known | set(_LISTS)
            for path, operations in document["paths"].items():
                if path not in ("/health", "/api/v1/version"):
                    assert operations["get"]["security"] == [{"HTTPBearer": []}], path


async def test_the_metrics_counts_of_a_symbol_need_their_own_permission(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    narrow, wide = keys.key("narrow", "market_data"), keys.key("wide", "market_data", "metrics")
    async with protected(keys) as served:
        _fill(served)
        for token, counted in ((narrow, None), (wide, 7)):
            answer = (await served.get("/metrics?symbol=BTCUSDT", headers=bearer(token))).json()
            assert answer["metrics"]["messages_received"] == counted
