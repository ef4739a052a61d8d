"""An open candle as a collector leaves it behind in Redis, for the one that goes on after it. Pure.

The hash ``candles:FEED`` has a field for each of the board's keys (``BTCUSDT/1d``), with the fields of the candle as JSON.
Candles of less than a minute are not kept: they are over before anybody could go on with them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from bigboard.collector.settings import interval_ms
from bigboard.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OpenCandle", "is_kept", "read_open_candles"]

_SHORTEST_MS: Final = 60_000
_MOST: Final = 1e15


class OpenCandle(msgspec.Struct, frozen=True):
    """A candle under way; times in epoch milliseconds, as on the board."""

    open_time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    trades: int
    closed: bool

    @property
    def sound(self) -> bool:
        """Whether it can be gone on with: open, and nothing in it contradicts the rest."""
        within = -_MOST <= self.low <= min(self.open, self.close) and max(self.open, self.close) <= self.high <= _MOST
        return not self.closed and within and self.trades > 0 and self.open_time >= 0 and 0 <= self.volume <= _MOST


def is_kept(key: str) -> bool:
    """Whether candles of this key of the board (``BTCUSDT/1m``) are long enough to be kept."""
    try:
        return interval_ms(key.rpartition("/")[2]) >= _SHORTEST_MS
    except SettingError:
        return False


def read_open_candles(fields: Mapping[bytes, bytes]) -> dict[str, OpenCandle]:
    """The sound ones of a hash; whatever else somebody has put there is left out."""
    decoder = msgspec.json.Decoder(OpenCandle)
    candles = {}
    for key, text in fields.items():
        try:
            candle = decoder.decode(text)
            name = key.decode()
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        if candle.sound:
            candles[name] = candle
    return candles
