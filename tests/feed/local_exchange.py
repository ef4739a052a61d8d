"""An exchange on this machine that speaks as Binance's USD-M futures do, and plays recordings.

REST ``exchangeInfo``, ``depth`` and ``premiumIndex``, and WebSocket streams that a client subscribes to, both on one free
port. A test says when the market moves (``advance``), and makes the exchange fail in the ways that real ones do.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from feed.recorded_market import RecordedMarket

__all__ = ["LocalExchange"]

_STREAM_OF = {
    "bookTicker": "bookTicker",
    "trade": "trade",
    "aggTrade": "aggTrade",
    "depthUpdate": "depth",
    "24hrMiniTicker": "miniTicker",
    "markPriceUpdate": "markPrice",
}
_LISTED = {
    "BTCUSDT": ("BTC", "0.10"),
    "ETHUSDT": ("ETH", "0.01"),
    "SOLUSDT": ("SOL", "0.0100"),
    "XRPUSDT": ("XRP", "0.0001"),
}


class LocalExchange:
    """Use it as ``async with LocalExchange(market, …) as exchange``; ``exchange.url`` is where it is."""

    def __init__(self, *markets: RecordedMarket) -> None:
        self.markets = {market.symbol: market for market in markets}
        self.url = ""
        self.requests: Counter[str] = Counter()
        """REST requests by their path."""
        self.handshakes = 0
        """WebSockets that were opened, or refused."""
        self.refusing = False
        """Whether new WebSockets and REST requests get 503."""
        self.silent = False
        """Whether connections are acknowledged and answered, but carry no data."""
        self.snapshots_from: dict[str, dict[str, Any]] = {}
        """Snapshots of the past by symbol, which are given instead of the present one."""
        self.deaf_to: set[str] = set()
        """Streams such as ``btcusdt@bookTicker`` that are acknowledged and never sent."""
        self._snapshots_may_go = asyncio.Event()
        self._snapshots_may_go.set()
        self._subscribed: dict[ServerConnection, set[str]] = {}
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._converse, "127.0.0.1", 0, process_request=self._request, compression=None, ping_interval=None
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._snapshots_may_go.set()
        self._server.close()
        await self._server.wait_closed()

    # What a test asks of it

    @property
    def streams(self) -> set[str]:
        """What is subscribed to on any connection, such as ``btcusdt@depth``."""
        return {stream for streams in self._subscribed.values() for stream in streams}

    def advance(self, count: int, *, dropping: Iterable[str] = ()) -> int:
        """Play the next messages of all markets in their order; those of the streams ``dropping`` are lost on the way.

        Returns how many there were.
        """
        lost = set(dropping)
        for played in range(count):
            market = min(self.markets.values(), key=lambda market: market.at_ns or 2**63)
            if market.at_ns is None:
                return played
            for data in market.step():
                stream = f"{data['s'].lower()}@{_STREAM_OF[data['e']]}"
                if stream not in lost:
                    self._send(stream, json.dumps(data))
        return count

    def say(self, stream: str, text: str) -> None:
        """Send any text to the subscribers of a stream."""
        self._send(stream, text)

    def kill(self, stream: str = "") -> int:
        """Cut the connections that carry a stream (or all) without a word, as a failing network does."""
        cut = [connection for connection, streams in self._subscribed.items() if not stream or stream in streams]
        for connection in cut:
            connection.transport.abort()
            self._subscribed.pop(connection, None)
        return len(cut)

    def hold_snapshots(self) -> None:
        """Let every REST snapshot wait until ``release_snapshots``."""
        self._snapshots_may_go.clear()

    def release_snapshots(self) -> None:
        """See ``hold_snapshots``."""
        self._snapshots_may_go.set()

    # The protocol

    def _send(self, stream: str, text: str) -> None:
        if not self.silent and stream not in self.deaf_to:
            broadcast([connection for connection, streams in self._subscribed.items() if stream in streams], text)

    async def _converse(self, connection: ServerConnection) -> None:
        streams = self._subscribed[connection] = set()
        try:
            async for text in connection:
                message = json.loads(text)
                names = {"@".join(name.split("@")[:2]) for name in message["params"]}
                if message["method"] == "SUBSCRIBE":
                    streams |= names
                else:
                    streams -= names
                await connection.send(json.dumps({"result": None, "id": message["id"]}))
        except ConnectionClosed:
            pass
        finally:
            self._subscribed.pop(connection, None)

    async def _request(self, _: ServerConnection, request: Request) -> Response | None:
        url = urlsplit(request.path)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            self.handshakes += 1
            return _json({"code": -1, "msg": "no"}, HTTPStatus.SERVICE_UNAVAILABLE) if self.refusing else None
        self.requests[url.path] += 1
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        if self.refusing:
            return _json({"code": -1, "msg": "no"}, HTTPStatus.SERVICE_UNAVAILABLE)
        match url.path:
            case "/fapi/v1/exchangeInfo":
                return _json({"timezone": "UTC", "rateLimits": [], "assets": [], "symbols": [*map(_listing, _LISTED)]})
            case "/fapi/v1/depth":
                return await self._depth(query["symbol"], int(query.get("limit", 500)))
            case "/fapi/v1/premiumIndex":
                return _json([_premium(market.mark_price()) for market in self.markets.values()])
        return _json({"code": -1121, "msg": f"unknown path {url.path}"}, HTTPStatus.NOT_FOUND)

    async def _depth(self, symbol: str, limit: int) -> Response:
        # As a real exchange's caches do, it answers with the book of the moment of the request, however late.
        answer = self.snapshots_from.get(symbol) or self.markets[symbol].snapshot(limit)
        await self._snapshots_may_go.wait()
        return _json(answer)


def _json(content: Any, status: HTTPStatus = HTTPStatus.OK) -> Response:
    body = json.dumps(content).encode()
    headers = Headers({"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"})
    return Response(status.value, status.phrase, headers, body)


def _premium(mark: dict[str, Any]) -> dict[str, Any]:
    return {
        "symbol": mark["s"], "markPrice": mark["p"], "indexPrice": mark["i"], "estimatedSettlePrice": mark["p"],
        "lastFundingRate": mark["r"], "interestRate": "0.00010000", "nextFundingTime": mark["T"], "time": mark["E"],
    }  # fmt: skip


def _listing(symbol: str) -> dict[str, Any]:
    base, tick = _LISTED[symbol]
    return {
        "symbol": symbol, "pair": symbol, "contractType": "PERPETUAL", "deliveryDate": 4133404800000,
        "onboardDate": 1569398400000, "status": "TRADING", "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000", "baseAsset": base, "quoteAsset": "USDT", "marginAsset": "USDT",
        "pricePrecision": 2, "quantityPrecision": 3, "baseAssetPrecision": 8, "quotePrecision": 8,
        "underlyingType": "COIN", "underlyingSubType": [], "triggerProtect": "0.0500", "liquidationFee": "0.012500",
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": tick, "maxPrice": "4529764", "tickSize": tick},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
            {"filterType": "MIN_NOTIONAL", "notional": "100"},
        ],
        "orderTypes": ["LIMIT", "MARKET"], "timeInForce": ["GTC"],
    }  # fmt: skip
