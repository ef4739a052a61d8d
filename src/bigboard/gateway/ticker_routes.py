"""``GET /metrics?symbol=BTC/USDT`` on the dashboard port: one symbol as JSON.

It shares its path with the Prometheus metrics of the hub port and nothing else; see ``metrics_routes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, HTTPException, Query

from bigboard.board import Subscription
from bigboard.gateway.bearer import REFUSALS, Visitor, require
from bigboard.gateway.problem import Problem
from bigboard.gateway.ticker import SymbolMetrics, SymbolView, Ticker
from bigboard.wire.messages import rfc3339

if TYPE_CHECKING:
    from bigboard.gateway.hub import Hub

__all__ = ["LONGEST_SYMBOL", "NO_DATA", "TickerAnswer", "ticker_routes", "unknown_symbol"]

LONGEST_SYMBOL = 128
NO_DATA = "no market data yet: the feed has not sent anything; /health tells how it is"


@dataclass(frozen=True, slots=True)
class TickerAnswer:
    """A symbol's ticker and metrics; ``timestamp`` is the moment of the answer, RFC 3339."""

    ticker: Ticker
    metrics: SymbolMetrics
    timestamp: str


def unknown_symbol(symbol: str) -> str:
    """The sentence for a symbol that the board does not have."""
    return f"no symbol {symbol[:40]!r}; /api/v1/symbols lists those that there are"


def ticker_routes(hub: Hub) -> APIRouter:
    """The route of one symbol."""
    router = APIRouter(tags=["market"], responses=REFUSALS)

    @router.get("/metrics", responses={404: {"model": Problem}, 503: {"model": Problem}})
    async def metrics(
        symbol: Annotated[
            str, Query(min_length=1, max_length=LONGEST_SYMBOL, description="in any spelling: BTC/USDT, BTCUSDT")
        ],
        visitor: Visitor,
    ) -> TickerAnswer:
        """The ticker of one symbol and how its data comes in. 404: no such symbol. 503: no data has come yet."""
        view = SymbolView(hub.board, symbol)
        require(visitor, [Subscription("market_data", view.symbol)])
        seen = view.read(metrics=visitor.permits(Subscription("metrics", view.symbol)))
        if seen is not None:
            return TickerAnswer(*seen, rfc3339(hub.clock.epoch_ms()))
        if not hub.board.sizes()["market_data"]:
            raise HTTPException(503, NO_DATA, headers={"Retry-After": "1"})
        raise HTTPException(404, unknown_symbol(symbol))

    return router
