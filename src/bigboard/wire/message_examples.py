"""One message of each kind, as a conversation would have it: for documents that show what goes over the wire."""

from __future__ import annotations

from bigboard.wire.codes import ErrorCode
from bigboard.wire.messages import (
    Authenticate,
    Authenticated,
    ClientMessage,
    DiffUpdate,
    Error,
    Heartbeat,
    Ping,
    Pong,
    Resume,
    ServerMessage,
    StateUpdate,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
    rfc3339,
)

__all__ = ["EXAMPLES"]

_EPOCH = "01J9Q5W0T3M8"
_HELD = ["market_data", "orderbook:BTCUSDT"]
_AT_MS = 1_759_729_260_000
_MOMENT = rfc3339(_AT_MS)

EXAMPLES: tuple[ClientMessage | ServerMessage, ...] = (
    Subscribe(subscriptions=_HELD, interval_ms=100, id=1),
    Subscribe(subscriptions=_HELD, resume=Resume(_EPOCH, 812)),
    Unsubscribe(subscriptions=["orderbook:BTCUSDT"], id=2),
    Authenticate(token="bb_2dc2f74b3c_…", id=3),  # noqa: S106 - of nobody
    Ping(id="still there?"),
    Subscribed(subscriptions=_HELD, epoch=_EPOCH, sequence=812, interval_ms=100, tape_length=100, resumed=False, id=1),
    StateUpdate(
        epoch=_EPOCH,
        sequence=812,
        timestamp=_MOMENT,
        subscriptions=_HELD,
        data={
            "market_data": {"BTCUSDT": {"last_price": 61_800.1, "bid_price": 61_800.0, "mode": "live"}},
            "orderbook": {"BTCUSDT": {"bids": [[61_800.0, 1.5]], "asks": [[61_800.1, 0.25]], "update_id": 77}},
        },
    ),
    DiffUpdate(
        epoch=_EPOCH,
        since=812,
        sequence=840,
        timestamp=rfc3339(_AT_MS + 250),
        changes={
            "market_data": {"BTCUSDT": {"last_price": 61_800.2, "funding_rate": None}},
            "orderbook": {"BTCUSDT": {"asks": [[61_800.1, 0], [61_800.2, 2.0]], "update_id": 81}},
        },
    ),
    Unsubscribed(subscriptions=["market_data"], id=2),
    Authenticated(
        subject="desk-1", permissions=["market_data", "account:main"], expires="2026-02-01T00:00:00.000Z", id=3
    ),
    Heartbeat(epoch=_EPOCH, sequence=840, timestamp=_MOMENT),
    Pong(timestamp=_MOMENT, id="still there?"),
    Error(code=ErrorCode.UNKNOWN_TOPIC, message="no topic 'market'; topics are market_data, candles, …", id=1),
)
