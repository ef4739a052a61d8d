"""What a gateway shows, compared with a recording and with what a client holds."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx

from recorded import final_state
from servers import DEADLINE_S

if TYPE_CHECKING:
    from pathlib import Path

    from witness import Witness

__all__ = ["agree", "shows", "state"]

_LONG_S = 60.0
_LASTING = ("market_data", "orderbook", "trades", "candles")


async def state(port: int) -> dict[str, Any]:
    async with httpx.AsyncClient(timeout=DEADLINE_S) as http:
        answer = await http.get(f"http://127.0.0.1:{port}/api/v1/state")
        answer.raise_for_status()
        data: dict[str, Any] = answer.json()["data"]
        return data


async def shows(port: int, path: Path, symbol: str) -> dict[str, Any]:
    """Wait until a gateway shows the end of the recording; its whole state."""
    final = final_state(path)
    async with asyncio.timeout(_LONG_S):
        while True:
            data = await state(port)
            book, quote = data["orderbook"].get(symbol), data["market_data"].get(symbol, {})
            if (
                book
                and book["bids"] == [list(level) for level in final.bids]
                and quote.get("bid_price") == final.bid[0]
            ):
                return data
            await asyncio.sleep(0.2)


async def agree(watcher: Witness, port: int) -> None:
    """Wait until the client holds what the gateway says, but for the reports that never stop."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            held, said = watcher.client.replica.data(), await state(port)
            if all(_plain(held.get(topic)) == said[topic] for topic in _LASTING):
                return
            await asyncio.sleep(0.1)


def _plain(data: Any) -> Any:
    return json.loads(json.dumps(data))
