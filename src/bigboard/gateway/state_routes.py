"""``/api/v1``: the board by plain HTTP, for scripts and for a page that wants the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response

from bigboard.board import EVERYTHING, Selection, Subscription
from bigboard.board.selection import BadSubscription, UnknownTopic
from bigboard.board.symbols import normalise_candle_key
from bigboard.wire import Format

if TYPE_CHECKING:
    from bigboard.gateway.hub import Hub

__all__ = ["state_routes"]

_MOST_CANDLES = 5_000


def state_routes(hub: Hub) -> APIRouter:
    """The routes that read the board and its candles."""
    router = APIRouter(prefix="/api/v1")

    @router.get("/state")
    async def _state(subscriptions: Annotated[str, Query(max_length=65_536)] = "*") -> Response:
        """The snapshot of these subscriptions (``topic``, ``topic:key`` or ``*``, by commas) as a ``state_update``."""
        names = _parse(subscriptions)
        frame = hub.frames.state(Format.JSON, Selection(names), names, hub.clock.epoch_ms())
        return Response(frame.payload, media_type="application/json")

    @router.get("/candles")
    async def _candles(
        key: Annotated[str, Query(max_length=128, description="SYMBOL/INTERVAL, such as BTCUSDT/1m")],
        limit: Annotated[int, Query(ge=1, le=_MOST_CANDLES)] = 500,
        before: Annotated[int | None, Query(description="epoch milliseconds; only candles that opened earlier")] = None,
    ) -> Response:
        """Candles oldest first, the live one last: ``[open_time, open, high, low, close, volume, trades, closed]``."""
        key = normalise_candle_key(key)
        candles = await hub.candles.query(key, limit=limit, before=before)
        body: dict[str, Any] = {"key": key, "candles": candles}
        return Response(msgspec.json.encode(body), media_type="application/json")

    return router


def _parse(text: str) -> list[Subscription]:
    try:
        return list(dict.fromkeys(Subscription.parse(name.strip()) for name in text.split(","))) or [EVERYTHING]
    except (UnknownTopic, BadSubscription) as error:
        raise HTTPException(400, str(error)) from None
