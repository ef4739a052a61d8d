"""The page of a server that asks who one is: it asks for a key, takes it, and shows what that key may see."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from e2e.page import open_page
from servers import run, running_up

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from e2e.page import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def _key(folder: Path, name: str, permissions: str) -> str:
    ended = await run(
        "key", "create", "--name", name, "--permissions", permissions, "--keys-file", str(folder / "keys.json")
    )
    assert ended.status == 0
    return ended.out.strip()


async def _enter(page: Page, key: str) -> None:
    await page.until(["token-form"], lambda seen: "token-form" in seen)
    await page.ask("focus", id="token-field")
    await page.ask("type", text=key)
    await page.ask("press", key="Enter")


@asynccontextmanager
async def _board(folder: Path) -> AsyncIterator[Page]:
    keys = f"--keys-file={folder / 'keys.json'}"
    async with running_up(keys, "--symbols=BTCUSDT,ETHUSDT", quiet=False) as up, open_page(up.page_url) as page:
        yield page


async def test_the_page_asks_for_a_key_and_is_live_with_it(tmp_path: Path) -> None:
    key = await _key(tmp_path, "desk", "*")
    async with _board(tmp_path) as page:
        await _enter(page, "bb_0000000000_wrong")
        refused = await page.until(["token-form"], lambda seen: "did not accept" in str(seen))
        assert "wrong" not in refused["token-form"]["text"]
        await _enter(page, key)
        await page.until(["connection"], lambda seen: seen["connection"]["state"] == "live")
        await page.until(["last-BTCUSDT"], lambda seen: bool(seen.get("last-BTCUSDT", {}).get("value")))
        shown = await page.read("token-form", "token-field")
        assert shown == {}
        assert (await page.ask("facts"))["errors"] == []


async def test_a_key_that_is_revoked_sends_the_page_back_to_its_form(tmp_path: Path) -> None:
    key = await _key(tmp_path, "desk", "market_data,candles,orderbook,trades,metrics,services")
    async with _board(tmp_path) as page:
        await _enter(page, key)
        await page.until(["last-BTCUSDT"], lambda seen: bool(seen.get("last-BTCUSDT", {}).get("value")))
        assert (await run("key", "revoke", "desk", "--keys-file", str(tmp_path / "keys.json"))).status == 0
        await page.until(["token-form"], lambda seen: "token-form" in seen)
        # The last values stay, greyed.
        assert (await page.read("last-BTCUSDT"))["last-BTCUSDT"]["value"]
