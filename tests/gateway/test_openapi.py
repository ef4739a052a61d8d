"""Both ports keep what their OpenAPI documents promise: a fuzzer reads the document and tries to find where they do not."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from bigboard.board import Update
from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.rate import Rate
from gateway.key_holder import KeyHolder, protected
from servers import Gateway, gateway

if TYPE_CHECKING:
    from pathlib import Path

_BOUNDS = GatewayLimits(http=Rate(100_000.0, 1_000_000), failed_authentications=Rate(100_000.0, 1_000_000))
_DEADLINE_S = 100.0


def _fill(served: Gateway) -> None:
    served.commit(
        Update("market_data", "BTCUSDT", {"last_price": 1.5, "bid_price": 1.0, "ask_price": 2.0}),
        Update("metrics", "BTCUSDT", {"messages_received": 7}),
        Update("services", "feed", {"status": "up"}),
        Update("candles", "BTCUSDT/1m", {"open_time": 60_000, "open": 1.0, "high": 2.0, "low": 1.0, "close": 1.5}),
    )


_CONFIGURATION = """
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 422, 429, 431]
"""
"""431 too is an answer to a query that is too long."""


async def _fuzz(served: Gateway, folder: Path, *options: str, hub_port: bool) -> None:
    port = served.hub_port if hub_port else served.port
    await asyncio.to_thread((folder / "schemathesis.toml").write_text, _CONFIGURATION)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/openapi.json",
        "--checks", "all", "--max-examples", "40", "--seed", "1", "--generation-deterministic", "--no-color", *options,
        cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(_DEADLINE_S):
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()


@pytest.mark.parametrize("hub_port", [False, True])
async def test_an_open_server_keeps_its_promises(tmp_path: Path, *, hub_port: bool) -> None:
    async with gateway(bounds=_BOUNDS) as served:
        _fill(served)
        await _fuzz(served, tmp_path, hub_port=hub_port)


@pytest.mark.parametrize("hub_port", [False, True])
async def test_a_protected_server_keeps_its_promises_too(tmp_path: Path, *, hub_port: bool) -> None:
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "*")
    async with protected(keys, bounds=_BOUNDS) as served:
        _fill(served)
        await _fuzz(served, tmp_path, "--header", f"Authorization: Bearer {token}", hub_port=hub_port)


async def test_a_document_says_whether_a_credential_is_asked_for(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    keys.key("desk", "*")
    async with gateway() as served:
        paths = (await served.get("/openapi.json")).json()["paths"]
        assert not any("security" in paths[path]["get"] for path in paths)
        assert "401" not in paths["/api/v1/state"]["get"]["responses"]
    async with protected(keys) as served:
        paths = (await served.get("/openapi.json")).json()["paths"]
        assert paths["/api/v1/state"]["get"]["security"] == [{"HTTPBearer": []}]
        assert paths["/health"]["get"]["security"] == [{"HTTPBearer": []}, {}]
        assert {"401", "403"} <= set(paths["/api/v1/state"]["get"]["responses"])
