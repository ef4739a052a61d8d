"""``/api/v1``: the board by plain HTTP, for scripts and for a page that wants the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, HTTPException, Query
from starlette.responses import Response

from bigboard.board import EVERYTHING, TOPICS, Selection, Subscription
from bigboard.board.selection import BadSubscription, UnknownTopic
from bigboard.board.symbols import normalise_candle_key
from bigboard.gateway.bearer import REFUSALS, Visitor, require
from bigboard.gateway.problem import Problem
from bigboard.wire import Format

if TYPE_CHECKING:
    from bigboard.gateway.hub import Hub

__all__ = ["state_routes"]

_MOST_CANDLES = 5_000


def _described(description: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """An answer for the OpenAPI document, whose bytes are encoded past FastAPI."""
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


_STATE = _described(
    "a state_update, as a subscribed client would get it",
    type={"const": "state_update"},
    epoch={"type": "string"},
    sequence={"type": "integer"},
    timestamp={"type": "string", "format": "date-time"},
    subscriptions={"type": "array", "items": {"type": "string"}},
    data={"type": "object"},
)
_CANDLES = _described(
    "the candles, oldest first",
    key={"type": "string"},
    candles={
        "type": "array",
        "items": {
            "type": "array",
            "description": "open_time, open, high, low, close, volume, trades, closed; null where it is not known",
            "items": {"type": ["number", "boolean", "null"]},
            "minItems": 8,
            "maxItems": 8,
        },
    },
)


_BAD_REQUEST: dict[str, Any] = {"model": Problem, "content": {"text/plain": {"schema": {"type": "string"}}}}
"""As text where not even the request line could be read, because it is too long for that."""
_ONE = rf"(\*|({'|'.join(TOPICS)})(:[A-Za-z0-9/._-]{{1,64}})?)"
_PATTERN: dict[str, Any] = {"pattern": f"^{_ONE}(,{_ONE})*$"}
"""For the OpenAPI document: what is surely taken. The route itself takes more, such as spaces, and explains its refusals."""


def state_routes(hub: Hub) -> APIRouter:
    """The routes that read the board and its candles."""
    router = APIRouter(prefix="/api/v1", tags=["board"], responses=REFUSALS)

    @router.get("/state", responses={200: _STATE, 400: _BAD_REQUEST}, response_class=Response)
    async def state(
        visitor: Visitor, subscriptions: Annotated[str, Query(max_length=16_384, json_schema_extra=_PATTERN)] = "*"
    ) -> Response:
        """The snapshot of these subscriptions (``topic``, ``topic:key`` or ``*``, by commas) as a ``state_update``."""
        names = _parse(subscriptions)
        require(visitor, names)
        frame = hub.frames.state(Format.JSON, Selection(visitor.restrict(names)), names, hub.clock.epoch_ms())
        return Response(frame.payload, media_type="application/json")

    @router.get("/candles", responses={200: _CANDLES}, response_class=Response)
    async def candles(
        visitor: Visitor,
        key: Annotated[str, Query(max_length=128, description="SYMBOL/INTERVAL, such as BTCUSDT/1m")],
        limit: Annotated[int, Query(ge=1, le=_MOST_CANDLES)] = 500,
        before: Annotated[int | None, Query(description="epoch milliseconds; only candles that opened earlier")] = None,
    ) -> Response:
        """Candles oldest first, the live one last: ``[open_time, open, high, low, close, volume, trades, closed]``."""
        key = normalise_candle_key(key)
        require(visitor, [Subscription("candles", key)])
        found = await hub.candles.query(key, limit=limit, before=before)
        body: dict[str, Any] = {"key": key, "candles": found}
        return Response(msgspec.json.encode(body), media_type="application/json")

    return router


def _parse(text: str) -> list[Subscription]:
    try:
        return list(dict.fromkeys(Subscription.parse(name.strip()) for name in text.split(","))) or [EVERYTHING]
    except (UnknownTopic, BadSubscription) as error:
        raise HTTPException(400, str(error)) from None
