"""A client by somebody else: Node's ``ws``, used as docs/protocol.md says, in both formats."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from bigboard.board import Update
from servers import DEADLINE_S, gateway

_SCRIPT = Path(__file__).with_name("foreign.mjs")


@pytest.mark.slow
@pytest.mark.parametrize("format", ["json", "msgpack"])
async def test_it_subscribes_follows_resumes_and_is_closed_by_the_codes(format: str) -> None:
    if shutil.which("node") is None:
        pytest.skip("needs Node")
    async with gateway() as served:
        served.commit(
            Update("market_data", "BTCUSDT", {"last_price": 1.0}),
            Update("orderbook", "BTCUSDT", {"bids": [[1.0, 2.0]], "asks": [[2.0, 1.0]]}),
        )
        url = f"ws://127.0.0.1:{served.hub_port}/ws"
        client = await asyncio.create_subprocess_exec(
            "node", str(_SCRIPT), url, format, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        assert client.stdout is not None
        assert client.stderr is not None
        async with asyncio.timeout(DEADLINE_S):
            ready = await client.stdout.readline()
            assert ready == b"ready\n", (await client.stderr.read()).decode()
            for price in (2.0, 3.0):
                served.price(price)
            out, err = await client.communicate()
        assert client.returncode == 0, err.decode()
        seen = json.loads(out)
    assert seen["protocol"] == f"bigboard.v1.{format}"
    assert seen["subscribed"]["subscriptions"] == ["market_data", "orderbook:BTCUSDT"]
    assert (seen["subscribed"]["id"], seen["subscribed"]["interval_ms"]) == (7, 20)
    assert (seen["price"], seen["pongs"], seen["resumed"], seen["pong"]) == (3, 1, True, "x")
    assert seen["error"] == "unknown_action"
    assert seen["violation"]["code"] == 4400
    assert seen["large"]["code"] == 1009
    assert seen["normal"]["code"] == 1000
