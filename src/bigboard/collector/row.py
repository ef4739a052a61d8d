"""The row of one symbol in the topic ``market_data``: the last value of each field, and what of it is new."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.collector.spread import PriceScale, round_significant

if TYPE_CHECKING:
    from bigboard.collector.rolling import RollingDay
    from bigboard.wire.market import Level, Mode, Ticker

__all__ = ["MOST", "MarketRow"]

MOST = 1e100
"""No price or size comes near. ``-MOST <= x <= MOST`` refuses infinity and NaN too, and what passes can be added and
multiplied without an overflow."""

_MAX_INTEGER = 2**53 - 1

_BID_ASK = ("bid_price", "bid_size", "ask_price", "ask_size")


class MarketRow:
    """Last price, best bid and ask, 24 h statistics and the rest of one symbol.

    ``set`` is the only door of what a feed tells: it refuses what the board would refuse, so one bad number never takes a
    whole update with it, and it notes what changed. ``take`` hands the changes out, once. Until then the spread may be that
    of before: it is worked out once for all quotes that came together.
    """

    __slots__ = ("_last_at", "_moved", "_patch", "_scale", "fields", "refused")

    def __init__(self, symbol: str, venue: str | None, mode: Mode) -> None:
        self.fields: dict[str, Any] = {"symbol": symbol, "mode": mode}
        if venue is not None:
            self.fields["venue"] = venue
        self._patch: dict[str, Any] = dict(self.fields)
        self._scale = PriceScale()
        self._last_at = -1
        self._moved = False
        self.refused = 0
        """Values that were no valid price, size or time."""

    def take(self) -> dict[str, Any]:
        """The fields that changed since the last call; ``None`` for one that is gone."""
        if self._moved:
            self._moved = False
            self._set_spread()
        patch, self._patch = self._patch, {}
        return patch

    def set(self, name: str, value: float | None, least: float = -MOST, most: float = MOST) -> bool:
        """Set or with ``None`` remove a field; true if that changed anything."""
        fields = self.fields
        if value is None:
            if fields.pop(name, None) is None:
                return False
        else:
            if fields.get(name) == value:
                return False
            if not least <= value <= most:
                self.refused += 1
                return False
            fields[name] = value
        self._patch[name] = value
        return True

    def derive(self, name: str, value: float | None) -> None:
        """Set what was worked out of other fields; a result beyond all bounds is unknown, and not what it was before."""
        self.set(name, value if value is not None and -MOST <= value <= MOST else None)

    def stamp(self, timestamp: int, received_at: int) -> None:
        """Note when this row was last heard of; streams of one symbol may overtake each other, its time does not go back."""
        fields, patch = self.fields, self._patch
        if timestamp >= fields.get("timestamp", 0):
            fields["timestamp"] = patch["timestamp"] = timestamp
        fields["received_at"] = patch["received_at"] = received_at

    def quote(self, ticker: Ticker) -> None:
        """Take best bid and ask out of a ticker; what it does not say stays."""
        if (bid := ticker.bid) is not None and self.set("bid_price", bid):
            self._moved = True
        if (size := ticker.bid_volume) is not None:
            self.set("bid_size", size, 0.0)
        if (ask := ticker.ask) is not None and self.set("ask_price", ask):
            self._moved = True
        if (size := ticker.ask_volume) is not None:
            self.set("ask_size", size, 0.0)

    def best(self, bid: Level | None, ask: Level | None) -> bool:
        """Take best bid and ask out of a book; a side that is empty is removed. True if anything changed."""
        values = (*(bid or (None, None)), *(ask or (None, None)))
        changes = sum(self.set(name, value) for name, value in zip(_BID_ASK, values, strict=True))
        if changes:
            self._moved = True
        return changes > 0

    def extras(self, ticker: Ticker) -> bool:
        """Take what a derivative's ticker says beside the prices; true if differences are rounded otherwise from now on."""
        ticks = ticker.tick_size is not None and ticker.tick_size > 0 and self.set("tick_size", ticker.tick_size)
        if ticks:
            self._scale.set_tick(self.fields["tick_size"])
            self._moved = True
        if ticker.next_funding_time is not None:
            self.set("next_funding_time", ticker.next_funding_time, 0, _MAX_INTEGER)
        for name, value in (
            ("mark_price", ticker.mark_price),
            ("index_price", ticker.index_price),
            ("funding_rate", ticker.funding_rate),
        ):
            if value is not None:
                self.set(name, value)
        return ticks

    def last(self, price: float, size: float | None, timestamp: int) -> None:
        """Take the price of the last trade. A ticker that is older than the last trade does not set the price back."""
        if timestamp >= self._last_at:
            self._last_at = timestamp
            self.set("last_price", price)
            if size is not None:
                self.set("last_size", size, 0.0)

    def start_over(self) -> None:
        """Take the next event's times and last price, though they are older."""
        self._last_at = -1
        self.fields.pop("timestamp", None)

    def day(self, window: RollingDay, *, with_volume: bool) -> None:
        """Take the 24 h statistics; once the window is empty they are gone."""
        if window.empty:
            self.drop_day()
            return
        opened, last = window.open, self.fields.get("last_price")
        self.set("open_24h", opened)
        self.set("high_24h", window.high)
        self.set("low_24h", window.low)
        if with_volume:
            self.derive("volume_24h", round_significant(window.volume))
            self.derive("quote_volume_24h", round_significant(window.quote_volume))
        if last is not None:
            self._change(last, opened)

    def told_day(self, ticker: Ticker) -> None:
        """Take the 24 h statistics that the exchange tells; what it does not say stays."""
        for name, value in (("open", ticker.open), ("high", ticker.high), ("low", ticker.low)):
            if value is not None:
                self.set(f"{name}_24h", value)
        for name, value in (("volume", ticker.base_volume), ("quote_volume", ticker.quote_volume)):
            if value is not None:
                self.set(f"{name}_24h", value, 0.0)

    def widen_day(self, price: float) -> None:
        """Bring the exchange's highest and lowest price, which it tells about once a second, up to a price since."""
        if price > self.fields.get("high_24h", price):
            self.set("high_24h", price)
        if price < self.fields.get("low_24h", price):
            self.set("low_24h", price)

    def change_since_told(self) -> None:
        """Work the change out of the exchange's own opening price."""
        last, opened = self.fields.get("last_price"), self.fields.get("open_24h")
        if last is not None and opened is not None:
            self._change(last, opened)

    def _change(self, last: float, opened: float) -> None:
        change = self._scale.difference(last, opened)
        self.derive("change_24h", change)
        self.derive("change_24h_pct", round(100.0 * change / opened, 4) if opened > 0 else None)

    def drop_day(self) -> None:
        """Forget the 24 h statistics."""
        for name in ("open", "high", "low", "volume", "quote_volume", "change"):
            self.set(f"{name}_24h", None)
        self.set("change_24h_pct", None)

    def _set_spread(self) -> None:
        bid, ask = self.fields.get("bid_price"), self.fields.get("ask_price")
        if bid is None or ask is None:
            self.set("spread", None)
            self.set("spread_bps", None)
            return
        spread = self._scale.difference(ask, bid)
        self.derive("spread", spread)
        self.derive("spread_bps", self._scale.spread_bps(bid, ask, spread))
