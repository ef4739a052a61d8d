"""What is published in the fan-out benchmarks: the same for every system, and a function of the number of the commit alone.

A *narrow* market is one symbol whose seven fields all change in each commit: a diff of 300 bytes. A *wide* one has many
symbols with the fields of a real board, of which some change in each commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board import Update

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["NARROW", "Wide", "narrow_fields", "template"]

NARROW = "BTCUSDT"
_TIMESTAMP = "2026-01-01T00:00:00.000Z"


def narrow_fields(number: int) -> dict[str, float]:
    """The fields that commit ``number`` changes in a narrow market; always of the same length as text."""
    step = number % 1_000
    return {
        "last_price": 60_000.25 + step,
        "bid_price": 60_000.15 + step,
        "ask_price": 60_000.35 + step,
        "volume_24h": 51_000.75 + step,
        "high_24h": 61_000.45 + step,
        "low_24h": 58_000.55 + step,
        "index_price": 60_000.65 + step,
    }


def template() -> str:
    """The message of a narrow market for systems that only carry it, with ``@SINCE@`` and ``@SEQUENCE@`` to be filled in."""
    fields = ",".join(f'"{name}":{value!r}' for name, value in narrow_fields(0).items())
    return (
        '{"type":"diff_update","epoch":"bench","since":@SINCE@,"sequence":@SEQUENCE@,'
        f'"timestamp":"{_TIMESTAMP}","changes":{{"market_data":{{"{NARROW}":{{{fields}}}}}}}}}'
    )


class Wide:
    """So many symbols, ``changed`` of which change five fields in each commit, one after the other."""

    def __init__(self, symbols: int, changed: int) -> None:
        self._symbols = symbols
        self._changed = changed

    def rows(self) -> Sequence[Update]:
        """The board before the first commit."""
        return [
            Update("market_data", f"S{number}USDT", {**_row(number), **_moving(number, 0)})
            for number in range(self._symbols)
        ]

    def updates(self, commit: int) -> Sequence[Update]:
        """What a commit changes. A stride that shares no factor with the count visits all symbols in a scattered order."""
        numbers = ((commit * self._changed + place) * 7_919 % self._symbols for place in range(self._changed))
        return [Update("market_data", f"S{number}USDT", _moving(number, commit)) for number in numbers]


def _moving(number: int, commit: int) -> dict[str, Any]:
    price = 100.25 + number + commit % 997
    return {
        "last_price": price,
        "bid_price": price - 0.5,
        "ask_price": price + 0.5,
        "volume_24h": 5_000.5 + commit,
        "timestamp": 1_760_000_000_000 + commit,
    }


def _row(number: int) -> dict[str, Any]:
    return {
        "symbol": f"S{number}USDT",
        "venue": "simulated",
        "last_size": 0.125,
        "bid_size": 1.25,
        "ask_size": 2.5,
        "spread": 1.0,
        "spread_bps": 83.25,
        "open_24h": 101.5 + number,
        "high_24h": 1_250.5 + number,
        "low_24h": 95.25 + number,
        "quote_volume_24h": 6_000_000.5 + number,
        "change_24h": 1.75,
        "change_24h_pct": 1.25,
        "mode": "simulated",
        "received_at": 1_760_000_000_004,
    }
