"""``promtool check metrics`` on a scrape of a hub that has seen something of everything."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from bigboard.board import Update
from servers import DEADLINE_S, Gateway, gateway, until_reads

_UNPACKED = Path(__file__).parents[2] / ".tools" / "promtool"
_PROMTOOL = shutil.which("promtool") or (str(_UNPACKED) if _UNPACKED.is_file() else None)

_GIVEN_NAMES = {
    # Prescribed as a gauge, and what others already ask for; to leave its type out would silence the check, and lie.
    'dashboard_websocket_clients_total non-counter metrics should not have "_total" suffix',
    # Prescribed in milliseconds.
    "dashboard_redis_latency_ms metric names should not contain abbreviated units",
}
"""All that may be complained of, word for word."""
_LINTED = 3
"""promtool's exit status where the text could be read and the lint has found something; 1 is a text that is none."""


async def _promtool(text: str) -> tuple[int | None, set[str]]:
    assert _PROMTOOL is not None
    process = await asyncio.create_subprocess_exec(
        _PROMTOOL, "check", "metrics",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(DEADLINE_S):
        out, _ = await process.communicate(text.encode())
    return process.returncode, {line.strip() for line in out.decode().splitlines() if line.strip()}


async def _busy_scrape(served: Gateway) -> str:
    """Every family has a sample: market data, services, requests good and bad, clients that came, stayed and left."""
    served.commit(
        Update("services", "redis", {"status": "up", "latency_ms": 0.8}),
        Update("metrics", "total", {"messages_per_second": 1.5, "messages_received": 7, "feed_latency_ms": 20.0}),
    )
    served.price(1.0)
    for path in ("/health", "/nowhere", "/api/v1/state?subscriptions=x"):
        await served.get(path)
    async with served.connect() as leaving:
        await leaving.send("[]")
        await leaving.wait_closed()
    async with served.connect("/ws?format=json&client=tui") as client, served.connect("/ws/stream?symbol=BTCUSDT"):
        await client.send('{"action": "subscribe", "subscriptions": ["*"]}')
        await until_reads(client, "state_update")
        text = (await served.get("/metrics", hub_port=True)).text
    assert 'code="404"' in text
    return text


@pytest.mark.skipif(_PROMTOOL is None, reason="promtool is not here: scripts/test-system-packages unpacks it")
async def test_promtool_complains_of_nothing_but_the_given_names() -> None:
    async with gateway() as served:
        status, complaints = await _promtool(await _busy_scrape(served))
        assert complaints == _GIVEN_NAMES
        assert status == _LINTED


@pytest.mark.skipif(_PROMTOOL is None, reason="promtool is not here: scripts/test-system-packages unpacks it")
async def test_without_the_given_names_it_finds_nothing_at_all() -> None:
    async with gateway() as served:
        text = await _busy_scrape(served)
        given = tuple(complaint.split()[0] for complaint in _GIVEN_NAMES)
        kept = [
            line
            for line in text.splitlines()
            if not line.removeprefix("# HELP ").removeprefix("# TYPE ").startswith(given)
        ]
        assert await _promtool("\n".join(kept) + "\n") == (0, set())
