"""The words of random histories: keys in several spellings, fields with few values, and updates that no board may take."""

from __future__ import annotations

import math
from typing import Any, Final

from bigboard.board import Update

__all__ = ["BAD_UPDATES", "BOOK_KEYS", "FIELDS", "KEYS", "OBJECT", "ROW_IDS", "TRADES"]

OBJECT: Final[tuple[Any, ...]] = ("an object",)
"""Stands for a nested object, which the history makes up."""

BOOK_KEYS = ("BTCUSDT", "ETH/USDT", "kraken:btc/usdt", "btcusdt", "SOLUSDT", "XRPUSDT")
KEYS: dict[str, tuple[str, ...]] = {
    "market_data": BOOK_KEYS,
    "candles": ("BTCUSDT/1m", "BTC/USDT/1m", "ETHUSDT/1M", "ETHUSDT/5m", "SOLUSDT/1m"),
    "positions": ("BTCUSDT", "main/BTCUSDT", "main/BTC/USDT:USDT", "ETH/USDT", "alt/ETHUSDT"),
    "account": ("main", "alt", "paper", "fourth"),
    "strategies": ("mm-1", "mm-2", "arb", "fourth"),
    "risk": ("main", "alt", "paper", "fourth"),
    "metrics": ("total", "BTC/USDT", "BTCUSDT", "ethusdt", "SOLUSDT"),
    "services": ("feed", "oms", "replay/BTCUSDT/book", "fourth"),
}
ROW_IDS = ("1", "2", "3", "4", "5")

_EXTRA: dict[str, tuple[Any, ...]] = {"note": (1, True, "x", 1.5, False), "tag": ("a",), "x1": (1,), "x2": (1,)}
FIELDS: dict[str, dict[str, tuple[Any, ...]]] = {
    "market_data": {
        "last_price": (1.5, 2, -3.25),
        "bid_size": (0, 1.0),
        "symbol": ("BTC/USDT",),
        "mode": ("live", "replay"),
        **_EXTRA,
    },
    "candles": {"open": (1.5, 2.5), "volume": (0, 1e300), "closed": (True, False), **_EXTRA},
    "positions": {"quantity": (0, 1.5), "side": ("LONG", "SHORT"), "account_id": (7, "7"), **_EXTRA},
    "account": {
        "equity": (1.5, -2),
        "currency": ("USDT",),
        "balances": OBJECT,
        "note": (1, True, "x"),
        "x1": (1,),
        "x2": (1,),
    },
    "strategies": {
        "symbols": ([], ["A"], ["A", "B"]),
        "status": ("RUNNING", "ERROR"),
        "last_signal": ("buy", 1, True),
        **_EXTRA,
    },
    "risk": {"breaches": ([], [1, "a"], [True, "a"], "one", 1, True), "exposure": (-1.5, 2), **_EXTRA},
    "metrics": {"spread": (0.5, -0.5), "messages_received": (1, 2), **_EXTRA},
    "services": {"status": ("up", "down"), "circuit": ("open", "closed"), "gaps": (0, 1), **_EXTRA},
    "orders": {
        "status": ("NEW", "FILLED", "CANCELED"),
        "price": (1.5, 2.5),
        "symbol": ("BTC/USDT:USDT",),
        "reduce_only": (True, False),
        **_EXTRA,
    },
    "alerts": {"status": ("firing", "resolved"), "value": (1, True, "x"), "rule": ("spread",), **_EXTRA},
}

TRADES: tuple[dict[str, Any], ...] = (
    {"trade_id": 1, "price": 1.5, "size": 2, "side": "buy"},
    {"trade_id": "2", "price": -1.5, "size": 0.5, "side": "sell", "timestamp": 1_700_000_000_000},
    {"trade_id": 3, "price": 2.5, "size": 1, "maker": True},
)

_NAN = math.nan
BAD_UPDATES: tuple[Update, ...] = (
    Update("market", "BTCUSDT", {"last_price": 1}),
    Update("market_data", "", {"last_price": 1}),
    Update("market_data", " x", {"last_price": 1}),
    Update("market_data", 5, {"last_price": 1}),  # type: ignore[arg-type]
    Update("market_data", "k" * 25, {"last_price": 1} | {"k" * 200: 1}),
    Update("market_data", "BTCUSDT", {"last_price": 7, "bid_size": -1}),
    Update("market_data", "BTCUSDT", {"last_price": 7, "mode": "paper"}),
    Update("market_data", "BTCUSDT", {"last_price": 7, "venue": None, "deleted": False}),
    Update("market_data", "BTCUSDT", {"last_price": 7, 3: 1}),
    Update("market_data", "BTCUSDT", {"note": "x", "tag": {"a": 1}}),
    Update("market_data", "BTCUSDT", [1]),
    Update("candles", "BTCUSDT/1m", {"open": 7, "closed": 1}),
    Update("positions", "BTCUSDT", {"quantity": 7, "entry_price": _NAN}),
    Update("account", "main", {"equity": 7, "balances": {"a": {"a": 7, "b": _NAN}}}),
    Update("account", "main", {"balances": 1}),
    Update("account", "main", {"balances": {"a": {"b": {"c": {"a": {"b": {"c": 1}}}}}}}),
    Update("account", "alt", {"balances": {"a": [1]}}),
    Update("strategies", "mm-1", {"pnl": 7, "symbols": ["A", 1]}),
    Update("risk", "main", {"exposure": 7, "breaches": [[1]]}),
    Update("services", "feed", {"gaps": 2**60}),
    Update("metrics", "total", {"spread": math.inf}),
    Update("orders", "1", {"price": 7, "order_id": "2"}),
    Update("orders", "1", {"price": 7, "order_id": None}),
    Update("orders", "1", {"price": 7, "status": "new"}),
    Update("alerts", "1", {"rule": "\ud800"}),
    Update("trades", "BTCUSDT", {"deleted": True}),
    Update("trades", "BTCUSDT", [{"price": 1.5}, {"price": None}]),
    Update("trades", "BTCUSDT", [{"price": 1.5}, {}]),
    Update("trades", "BTCUSDT", [{"price": 1.5}, 3]),
    Update("orderbook", "BTCUSDT", {"bids": [[1, 1]]}),
    Update("orderbook", "BTCUSDT", {"bids": [[1, 1]], "asks": [[1, -1]]}),
    Update("orderbook", "BTCUSDT", {"bids": [[1, 1]], "asks": [[_NAN, 1]]}),
    Update("orderbook", "BTCUSDT", {"bids": [[1, 1]], "asks": [{1.0: 2.0, 3.0: 4.0}]}),
    Update("orderbook", "BTCUSDT", {"bids": [[1, 1]], "asks": [[1, 1, 1]]}),
    Update("orderbook", "BTCUSDT", {"partial": True, "bids": [[1, 1]], "update_id": -1}),
    Update("orderbook", "BTCUSDT", {"partial": 1, "bids": [[1, 1]]}),
)
"""Each is refused whatever the board holds, and what is right in it must leave no trace."""
