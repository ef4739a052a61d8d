"""What can be set about a collector, each with its default and the bound that it gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from bigboard.errors import SettingError

__all__ = ["CollectorSettings", "interval_ms"]

_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_INTERVAL = re.compile(r"([1-9][0-9]{0,3})([smhd])")


def interval_ms(interval: str) -> int:
    """The length of a candle interval such as ``1s``, ``15m``, ``4h``, ``1d``; raises ``SettingError`` for another text."""
    match = _INTERVAL.fullmatch(interval)
    if match is None:
        raise SettingError(
            "candle_intervals", "", f"{interval!r} is no candle interval: write a number and s, m, h or d, such as 15m"
        )
    return int(match[1]) * _UNITS_MS[match[2]]


@dataclass(frozen=True, slots=True)
class CollectorSettings:
    """Settings of one ``MarketCollector``. A value that cannot work raises ``SettingError``."""

    candle_intervals: tuple[str, ...] = ("1s", "1m", "5m", "15m", "1h", "4h", "1d")
    """Candles to build; each is aligned to the epoch, so ``1d`` starts at 00:00 UTC."""
    candle_grace_ms: int = 2_000
    """How long after its end a candle waits for trades that are on their way."""
    ticker_stale_ms: int = 10_000
    """A ticker stream without a message for longer is stale."""
    book_stale_ms: int = 10_000
    """An order-book stream without a message for longer is stale."""
    trades_stale_ms: int = 60_000
    """A trade stream without a trade for longer is stale; trades are rare in a quiet market."""
    report_interval_ms: int = 1_000
    """The least time between two reports of ``metrics`` and ``services``."""
    rate_window_ms: int = 5_000
    """The span over which messages per second are measured."""
    refresh_interval_ms: int = 30_000
    """Every row is sent whole once in this time, because a message to the aggregator can be lost on its way."""
    max_symbols: int = 5_000
    """Symbols kept; messages of further ones are counted as rejected and skipped."""
    max_book_levels: int = 1_000
    """Levels kept per side to find the best bid and ask of a symbol without a ticker; the worst go."""
    max_held_closings: int = 10_000
    """Closed candles held for the next flush; once there are more, they go out at once."""
    max_ahead_ms: int = 86_400_000
    """An event from further in the future has a wrong unit (microseconds) or a broken clock: rejected, because one such
    time would close every candle. A day is far more than any real clock is off."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, int) and value < 1 and field.name != "candle_grace_ms":
                raise SettingError(field.name, "", f"{field.name} must be at least 1, not {value}")
        if self.candle_grace_ms < 0:
            raise SettingError("candle_grace_ms", "", "candle_grace_ms must not be negative")
        for interval in self.candle_intervals:
            interval_ms(interval)
        if len(set(self.candle_intervals)) != len(self.candle_intervals):
            raise SettingError("candle_intervals", "", "candle_intervals names an interval twice")
