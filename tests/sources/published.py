"""Updates as services publish them, of every topic, and both encodings of a message."""

from __future__ import annotations

from typing import Any

import msgspec

from bigboard.board import Update

__all__ = ["ENCODERS", "EVERY_TOPIC", "batch_of"]

ENCODERS = {"json": msgspec.json.encode, "msgpack": msgspec.msgpack.encode}

EVERY_TOPIC = [
    Update("market_data", "BTC/USDT:USDT", {"last_price": 5.0, "bid_price": 4.5, "timestamp": 7}),
    Update("candles", "BTC/USDT/1m", {"open_time": 60_000, "open": 1.0, "closed": False}),
    Update("orderbook", "btcusdt", {"bids": [[4.5, 1.0]], "asks": [[5.5, 2.0]], "update_id": 3}),
    Update("trades", "BTC/USDT", [{"trade_id": "1", "price": 5.0}, {"trade_id": 2, "side": "buy"}]),
    Update("orders", "42", {"symbol": "BTC/USDT", "status": "NEW", "quantity": 1.5}),
    Update("positions", "main/BTC/USDT", {"side": "LONG", "quantity": 1.5}),
    Update("account", "main", {"equity": 10.0, "balances": {"USDT": {"total": 10.0}}}),
    Update("strategies", "mm-1", {"status": "RUNNING", "symbols": ["BTC/USDT"]}),
    Update("risk", "main", {"drawdown": 0.5, "breaches": ["drawdown"]}),
    Update("metrics", "total", {"messages_received": 9}),
    Update("services", "engine", {"service": "engine", "status": "up"}),
    Update("alerts", "a1", {"rule": "price", "status": "firing"}),
]
"""One or more changes of each topic, in spellings that services use."""


def batch_of(*updates: Update, **more: Any) -> dict[str, Any]:
    """The message of a batch."""
    return {"updates": [{"topic": topic, "key": key, "data": data} for topic, key, data in updates], **more}
