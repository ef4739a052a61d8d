"""What the simulation trades: names, price scales, tick and lot sizes, and how lively each symbol is.

The listed ones look like the perpetual futures of their names in August 2024; more are made up from their name alone, so
that the same name always gives the same instrument.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Final

from bigboard.board.symbols import normalise_symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["LISTED", "MAX_SYMBOLS", "Instrument", "choose_instruments"]

MAX_SYMBOLS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Instrument:
    """One symbol of the simulation. Prices in quote currency; ticks and lots are powers of ten."""

    symbol: str
    start_price: float
    price_decimals: int
    size_decimals: int
    volatility: float
    """Of its own part of the return, per square root of a year: 0.4 is 40 %."""
    beta: float
    """Its share in the market's move: 1.2 moves 1.2 % when the market moves 1 %."""
    trades_per_second: float
    """In calm times; bursts go far beyond."""
    level_value: float
    """What typically rests on one price level near the top, in quote currency."""

    @property
    def tick_size(self) -> float:
        """The smallest step of the price."""
        return float(f"1e-{self.price_decimals}")


LISTED: Final = (
    Instrument("BTCUSDT", 61_800.0, 1, 3, 0.15, 1.0, 9.0, 60_000.0),
    Instrument("ETHUSDT", 2_680.0, 2, 3, 0.25, 1.15, 7.0, 40_000.0),
    Instrument("SOLUSDT", 155.0, 2, 0, 0.45, 1.4, 5.0, 25_000.0),
    Instrument("BNBUSDT", 521.0, 2, 2, 0.25, 0.8, 2.5, 15_000.0),
    Instrument("XRPUSDT", 0.6123, 4, 1, 0.45, 1.0, 3.0, 20_000.0),
    Instrument("DOGEUSDT", 0.1071, 5, 0, 0.5, 1.35, 2.5, 12_000.0),
    Instrument("ADAUSDT", 0.3457, 4, 0, 0.4, 1.2, 1.5, 15_000.0),
    Instrument("AVAXUSDT", 22.41, 3, 0, 0.5, 1.4, 1.5, 8_000.0),
    Instrument("LINKUSDT", 10.63, 3, 2, 0.45, 1.3, 1.5, 8_000.0),
    Instrument("LTCUSDT", 60.52, 2, 3, 0.35, 1.0, 1.2, 9_000.0),
    Instrument("SUIUSDT", 0.9812, 4, 1, 0.8, 1.5, 2.5, 9_000.0),
    Instrument("1000PEPEUSDT", 0.0083251, 7, 0, 0.8, 1.5, 3.0, 10_000.0),
)


def choose_instruments(symbols: int | Sequence[str]) -> list[Instrument]:
    """Instruments for a count (the listed ones, then ``SIM013USDT`` and so on) or for names in any spelling.

    A repeated name counts once. Raises ``ValueError`` if that is none, or more than ``MAX_SYMBOLS``.
    """
    if isinstance(symbols, int):
        listed = [instrument.symbol for instrument in LISTED[: max(0, symbols)]]
        names = listed + [f"SIM{number:03}USDT" for number in range(len(LISTED) + 1, min(symbols, MAX_SYMBOLS + 1) + 1)]
    else:
        names = [name for name in symbols if name]
    by_key = {normalise_symbol(name): name for name in reversed(names)}
    if not 1 <= len(by_key) <= MAX_SYMBOLS:
        raise ValueError(f"the simulation takes 1 to {MAX_SYMBOLS} symbols, not {symbols!r:.40}")
    known = {instrument.symbol: instrument for instrument in LISTED}
    return [
        replace(known[key], symbol=name) if key in known else _made_up(name, key)
        for key, name in reversed(by_key.items())
    ]


def _made_up(name: str, key: str) -> Instrument:
    rng = Random(key)  # noqa: S311 - a market to look at, no secret
    price = 10 ** rng.uniform(-2.3, 2.7)
    price_decimals = 4 - math.floor(math.log10(price))  # five significant digits, as exchanges choose them
    return Instrument(
        symbol=name,
        start_price=round(price, price_decimals),
        price_decimals=price_decimals,
        size_decimals=0 if price < 20 else 2,
        volatility=rng.uniform(0.3, 0.9),
        beta=rng.uniform(0.7, 1.6),
        trades_per_second=rng.uniform(0.4, 2.0),
        level_value=rng.uniform(2_000.0, 10_000.0),
    )
