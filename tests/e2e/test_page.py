"""The page against the real server: it shows what the state says, notices when the server is gone, and comes back."""

from __future__ import annotations

import asyncio
import json
import sys
import urllib.request
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from e2e.page import open_page
from ports import free_port
from recorded import recording

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_BUILT = Path(__file__).parents[2] / "src" / "bigboard" / "gateway" / "page" / "index.html"
_SYMBOLS = ("BTCUSDT", "ETHUSDT")
_CELLS = [f"{column}-{symbol}" for column in ("last", "change", "spread", "volume") for symbol in _SYMBOLS]
_FIELDS = {"last": "last_price", "change": "change_24h_pct", "spread": "spread_bps", "volume": "volume_24h"}
_WAIT_S = 20.0


@pytest.fixture(autouse=True)
def _needs_page() -> None:
    if not _BUILT.is_file():
        pytest.fail("the page is not built: make web")


async def test_the_page_shows_the_state_survives_the_server_and_resumes() -> None:
    paths = [str(recording(f"2024-08-08/{symbol.lower()}.gz")) for symbol in _SYMBOLS]
    port, hub_port = free_port(), free_port()
    arguments = ["--port", str(port), "--hub-port", str(hub_port), *(f"--replay={path}" for path in paths)]
    url = f"http://127.0.0.1:{port}"

    async with _up(*arguments, "--speed", "20", "--loop") as server, open_page(url) as page:
        shown = await page.until(["mode", "connection", "last-BTCUSDT"], lambda seen: len(seen) == 3)
        assert "REPLAY" in shown["mode"]["text"]
        first = (await page.until(["last-BTCUSDT"], lambda seen: bool(seen["last-BTCUSDT"]["value"])))["last-BTCUSDT"]
        await page.until(["last-BTCUSDT"], lambda seen: seen["last-BTCUSDT"]["value"] != first["value"])  # prices move
        await page.until(["connection"], lambda seen: seen["connection"]["state"] == "live")

        server.kill()
        await server.wait()
        lost = await page.until(["connection", "lost"], lambda seen: len(seen) == 2)
        assert lost["connection"]["state"] == "lost"
        stale = await page.until(["stale-BTCUSDT", "last-BTCUSDT"], lambda seen: "stale-BTCUSDT" in seen)
        assert stale["last-BTCUSDT"]["value"], "the last value stays on the screen"

        # The same board again, now played to its end: the page has to find it without a reload and show what it says.
        async with _up(*arguments, "--speed", "max"):
            await page.until(["connection"], lambda seen: seen["connection"]["state"] == "live")
            await _ended(url)
            state = (await _get(f"{url}/api/v1/state?subscriptions=market_data"))["data"]["market_data"]
            expected = {
                f"{column}-{symbol}": state[symbol][field] for column, field in _FIELDS.items() for symbol in _SYMBOLS
            }
            await page.until(
                _CELLS,
                lambda seen: {name: float(cell["value"]) for name, cell in seen.items() if cell["value"]} == expected,
            )
            await page.until(["lost"], lambda seen: "lost" not in seen)
            facts = await page.ask("facts")
    assert facts == {"foreign": [], "errors": [], "loads": 1}


async def test_a_simulated_market_says_so_and_fills_every_panel() -> None:
    port = free_port()
    async with (
        _up("--port", str(port), "--hub-port", "0", "--seed", "7", "--rate", "20"),
        open_page(f"http://127.0.0.1:{port}") as page,
    ):
        shown = await page.until(
            ["mode", "grid", "book", "chart", "last-SOLUSDT"],
            lambda seen: len(seen) == 5 and bool(seen["last-SOLUSDT"]["value"]),
        )
        assert "SIMULATED" in shown["mode"]["text"]
        assert (await page.ask("facts"))["errors"] == []


@asynccontextmanager
async def _up(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`bigboard up` as a user starts it, ready to be connected to."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bigboard", "up", *arguments, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(_WAIT_S):
            while not (line := await process.stdout.readline()).startswith(b"Stop with"):
                assert line, "the server ended before it was ready"
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await asyncio.wait_for(process.wait(), _WAIT_S)


async def _ended(url: str) -> None:
    async with asyncio.timeout(_WAIT_S):
        while (await _get(f"{url}/health"))["parts"]["feed"]["detail"] != "replay ended":
            await asyncio.sleep(0.05)


async def _get(url: str) -> dict[str, Any]:
    def read() -> dict[str, Any]:
        with urllib.request.urlopen(url, timeout=_WAIT_S) as response:  # noqa: S310 - our own server
            body: dict[str, Any] = json.load(response)
            return body

    return await asyncio.to_thread(read)
