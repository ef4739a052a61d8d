"""What happens to open connections when credentials change: at once, and to those alone that it concerns."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from gateway.key_holder import KeyHolder, bearer, watched
from servers import DEADLINE_S, close_of, until_reads

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection


async def _subscribe(client: ClientConnection, *names: str) -> dict[str, Any]:
    await client.send(json.dumps({"action": "subscribe", "subscriptions": names}))
    return await until_reads(client, "state_update")


@pytest.mark.parametrize("path", ["/ws", "/ws/stream?symbol=BTCUSDT"])
async def test_a_revoked_key_ends_its_connections_and_no_others(tmp_path: Path, path: str) -> None:
    keys = KeyHolder(tmp_path)
    lost, kept = keys.key("lost", "market_data"), keys.key("kept", "market_data")
    async with watched(keys) as served:
        served.price(1.0)
        async with (
            served.connect(path, additional_headers=bearer(lost)) as one,
            served.connect(additional_headers=bearer(kept)) as other,
        ):
            await _subscribe(other, "market_data")
            keys.revoke("lost")
            revoked = time.monotonic()
            assert (await close_of(one))[0] == 4401
            # A second is promised; a busy machine gets some more.
            assert time.monotonic() - revoked < 3
            served.price(2.0)
            assert (await until_reads(other, "diff_update"))["changes"]["market_data"]["BTCUSDT"]["last_price"] == 2.0


async def test_a_key_that_was_made_meanwhile_opens(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    keys.key("first", "*")
    async with watched(keys) as served:
        token = keys.key("second", "*")
        async with asyncio.timeout(DEADLINE_S):
            while (await served.get("/api/v1/topics", headers=bearer(token))).status_code == 401:
                await asyncio.sleep(0.05)


async def test_a_permission_that_is_taken_back_closes_with_4403(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "market_data", "orders")
    async with watched(keys) as served, served.connect(additional_headers=bearer(token)) as client:
        await _subscribe(client, "orders")
        keys.permit("desk", "market_data")
        assert (await close_of(client))[0] == 4403


async def test_everything_that_one_may_see_follows_the_permissions(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "market_data", "orders")
    async with watched(keys) as served, served.connect(additional_headers=bearer(token)) as client:
        served.price(1.0)
        assert set((await _subscribe(client, "*"))["data"]) == {"market_data", "orders"}
        keys.permit("desk", "market_data", "account")
        state = await until_reads(client, "state_update")
        assert state["subscriptions"] == ["*"]
        assert set(state["data"]) == {"market_data", "account"}
