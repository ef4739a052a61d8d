"""The page and the limit of requests: a normal load never meets it, and one that does still shows everything."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest

from bigboard.gateway.page import page_is_built
from e2e.page import open_page
from servers import running_up

if TYPE_CHECKING:
    from servers import Up

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_CANDLES = 'dashboard_http_requests_total{code="200",method="GET",path="/api/v1/candles"} '
_REFUSED = 'bigboard_limited_total{limit="http_rate"} '


@pytest.fixture(autouse=True)
def _needs_page() -> None:
    if not page_is_built():
        pytest.fail("the page is not built: make web")


async def _counted(up: Up) -> tuple[float, float]:
    """Candle requests that were answered, and requests of any kind that were refused. Asked from another address."""
    elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
    async with httpx.AsyncClient(transport=elsewhere) as http:
        answer = await http.get(f"http://127.0.0.1:{up.hub_port}/metrics")
    lines = answer.raise_for_status().text.splitlines()
    answered, refused = (
        sum(float(line.removeprefix(name)) for line in lines if line.startswith(name)) for name in (_CANDLES, _REFUSED)
    )
    return answered, refused


async def _until_asked(up: Up, least: int) -> None:
    async with asyncio.timeout(30):
        while (await _counted(up))[0] < least:
            await asyncio.sleep(0.5)


async def test_a_screen_full_of_symbols_is_refused_nothing_also_when_loaded_again() -> None:
    async with running_up("--symbols", "300", "--rate", "2") as up:
        for load in (1, 2):
            async with open_page(up.page_url) as page:
                await page.until(["connection"], lambda seen: seen["connection"]["state"] == "live")
                # Every row on the screen gets its history, and the chart its own.
                await _until_asked(up, 30 * load)
                assert (await page.ask("facts"))["errors"] == []
        assert (await _counted(up))[1] == 0


async def test_one_that_is_refused_a_lot_still_comes_to_its_prices_and_candles() -> None:
    environment = {"BIGBOARD_HTTP_RATE": "3", "BIGBOARD_HTTP_BURST": "2"}
    board = running_up("--symbols", "12", environment=environment, quiet=False)
    async with board as up, open_page(up.page_url) as page:
        await page.until(["connection"], lambda seen: seen["connection"]["state"] == "live")
        await _until_asked(up, 8)
        assert (await _counted(up))[1] > 0
        assert (await page.ask("facts"))["errors"] == []
