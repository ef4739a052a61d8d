"""A spot exchange on this machine that speaks as Coinbase's does: no stream of quotes, and a book for members only.

Its prices are made up; what counts is how a feed gets along with an exchange that offers less.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Self

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

__all__ = ["SpotExchange"]

_PRODUCT = {
    "id": "BTC-USD", "base_currency": "BTC", "quote_currency": "USD", "quote_increment": "0.01",
    "base_increment": "0.00000001", "display_name": "BTC-USD", "min_market_funds": "1", "margin_enabled": False,
    "post_only": False, "limit_only": False, "cancel_only": False, "status": "online", "status_message": "",
    "trading_disabled": False, "fx_stablecoin": False, "auction_mode": False,
}  # fmt: skip


class SpotExchange:
    """``async with SpotExchange() as exchange``: it listens at ``exchange.url``."""

    def __init__(self) -> None:
        self.url = ""
        self.channels: set[str] = set()
        """What was subscribed to so far."""
        self._connections: dict[ServerConnection, set[str]] = {}
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._converse, "127.0.0.1", 0, process_request=self._request, compression=None, ping_interval=None
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def ticker(self, price: float, bid: float, ask: float) -> None:
        """Say the 24 h ticker."""
        fields = {"price": str(price), "best_bid": str(bid), "best_ask": str(ask), "open_24h": "1", "volume_24h": "1"}
        self._say("ticker", {"type": "ticker", "sequence": 1, "low_24h": "1", "high_24h": "9", "trade_id": 1, **fields})

    def match(self, trade_id: int, price: float, *, maker: str) -> None:
        """Say a trade; ``maker`` is the side of the order that rested."""
        orders = {"maker_order_id": "0f358725-2134", "taker_order_id": "252b7002-87a3"}
        content = {"type": "match", "trade_id": trade_id, "side": maker, "size": "0.5", "price": str(price), **orders}
        self._say("matches", content)

    def _say(self, channel: str, content: dict[str, Any]) -> None:
        text = json.dumps({**content, "product_id": "BTC-USD", "time": "2024-08-08T12:00:00.000000Z"})
        broadcast([connection for connection, channels in self._connections.items() if channel in channels], text)

    async def _converse(self, connection: ServerConnection) -> None:
        channels = self._connections[connection] = set()
        try:
            async for text in connection:
                channels |= set(json.loads(text)["channels"])
                self.channels |= channels
        finally:
            self._connections.pop(connection)

    async def _request(self, _: ServerConnection, request: Request) -> Response | None:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return None
        body = json.dumps([_PRODUCT] if request.path.startswith("/products") else []).encode()
        headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
        return Response(HTTPStatus.OK.value, "OK", headers, body)
