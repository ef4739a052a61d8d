"""ccxt's unified structures as the fields of market events. Pure, and without ccxt.

A field that the exchange leaves out, or that is no possible price or size, is left out too: ``Ticker`` then keeps the one
before. A time that is left out is the time of arrival.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bigboard.feed.ccxt_book import BookTop

__all__ = ["best", "day", "funding", "is_off_market", "mark_price", "quotes", "trade"]


def quotes(ticker: Mapping[str, Any], now: int) -> dict[str, Any] | None:
    """Best bid and ask."""
    found: dict[str, Any] = {}
    for side in ("bid", "ask"):
        price = _price(ticker.get(side))
        if price is not None:
            found[side] = price
            found[f"{side}_volume"] = _size(ticker.get(f"{side}Volume"))
    return _timed(found, ticker.get("timestamp"), now)


def day(ticker: Mapping[str, Any], now: int) -> dict[str, Any] | None:
    """A 24 h ticker: the last price, the statistics of the day, and best bid and ask if it has them."""
    found = {
        **(quotes(ticker, now) or {}),
        **{name: _price(ticker.get(name)) for name in ("last", "open", "high", "low")},
        "base_volume": _size(ticker.get("baseVolume")),
        "quote_volume": _size(ticker.get("quoteVolume")),
    }
    return _timed(found, ticker.get("timestamp"), now)


def mark_price(ticker: Mapping[str, Any], now: int) -> dict[str, Any] | None:
    """Mark and index price."""
    found = {"mark_price": _price(ticker.get("markPrice")), "index_price": _price(ticker.get("indexPrice"))}
    return _timed(found, ticker.get("timestamp"), now)


def funding(rate: Mapping[str, Any], now: int) -> dict[str, Any] | None:
    """The funding rate and when it is due next, with mark and index price beside it.

    ``fundingTimestamp`` is the next funding of most exchanges, and the last one of some, which then tell the next one too.
    """
    value = _number(rate.get("fundingRate"))
    due = [_time(rate.get(name)) for name in ("fundingTimestamp", "nextFundingTimestamp")]
    found = {
        "funding_rate": value,
        "next_funding_time": next((time for time in due if time is not None and time > now), due[0]),
        "mark_price": _price(rate.get("markPrice")),
        "index_price": _price(rate.get("indexPrice")),
    }
    return _timed(found, rate.get("timestamp"), now) if value is not None else None


def best(top: BookTop, now: int) -> dict[str, Any]:
    """Best bid and ask of a book."""
    found: dict[str, Any] = {}
    for side, levels in (("bid", top.bids), ("ask", top.asks)):
        if levels:
            found[side], found[f"{side}_volume"] = next(iter(levels.items()))
    return _timed(found, top.timestamp, now) or {"timestamp": now, "received_at": now}


def trade(content: Mapping[str, Any], now: int) -> dict[str, Any] | None:
    """One trade, or ``None`` if it is no possible one. Without an id of its own it is known by what it says."""
    price, size, side = _price(content.get("price")), _size(content.get("amount")), content.get("side")
    if price is None or size is None or side not in {"buy", "sell"}:
        return None
    timestamp = _time(content.get("timestamp"))
    name = content.get("id") or f"{timestamp}-{price:g}-{size:g}-{side}"
    return _timed({"id": str(name), "price": price, "size": size, "side": side}, timestamp, now)


def is_off_market(content: Mapping[str, Any]) -> bool:
    """Whether a trade never met the order book (Binance: insurance fund, auto-deleveraging), and so moves no price."""
    info = content.get("info")
    return isinstance(info, dict) and info.get("e") == "trade" and info.get("X", "MARKET") != "MARKET"


def _timed(found: dict[str, Any], timestamp: Any, now: int) -> dict[str, Any] | None:
    """What is known of ``found``, with its times; ``None`` if nothing is known."""
    known = {name: value for name, value in found.items() if value is not None}
    if not known:
        return None
    time = _time(timestamp)
    return {**known, "timestamp": now if time is None else time, "received_at": now}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) else None


def _price(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and number > 0 else None


def _size(value: Any) -> float | None:
    number = _number(value)
    return number if number is not None and number >= 0 else None


def _time(value: Any) -> int | None:
    number = _number(value)
    return int(number) if number is not None and number >= 0 else None
