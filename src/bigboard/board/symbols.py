"""One spelling for each symbol: the keys of the board.

Sources spell the same instrument in many ways. On the board it has one key, so that prices, orders and positions meet:

==========================  ====================
given                       key
==========================  ====================
``BTC/USDT``                ``BTCUSDT``
``BTC/USDT:USDT``           ``BTCUSDT``
``btcusdt``                 ``BTCUSDT``
``kraken:BTC/USDT``         ``kraken:BTCUSDT``
``BTC/USDT:USDT-241227``    ``BTCUSDT-241227``
==========================  ====================

The settlement suffix is dropped, as ARCHITECTURE asks; what follows it (an expiry, a strike) is kept, because two
expiries are two instruments. A venue label stands before the first colon and is kept as it is.
"""

from __future__ import annotations

from functools import lru_cache

__all__ = ["candle_key", "normalise_candle_key", "normalise_position_key", "normalise_symbol"]

_LONGEST_QUOTE = 5


@lru_cache(maxsize=16_384)
def normalise_symbol(symbol: str) -> str:
    """The board's key for a symbol in a source's own spelling; a key is returned as it is."""
    base, slash, rest = symbol.partition("/")
    label, colon, name = base.rpartition(":")
    if not slash:
        return f"{label}{colon}{name.upper()}"
    quote, _, settlement = rest.partition(":")
    _, dash, contract = settlement.partition("-")
    return f"{label}{colon}{(name + quote + dash + contract).upper()}"


@lru_cache(maxsize=16_384)
def normalise_candle_key(key: str) -> str:
    """The key of a candle, ``SYMBOL/INTERVAL``, with its symbol normalised; the interval keeps its case (1m, 1M)."""
    symbol, slash, interval = key.rpartition("/")
    return f"{normalise_symbol(symbol)}/{interval}" if slash else normalise_symbol(key)


@lru_cache(maxsize=16_384)
def normalise_position_key(key: str) -> str:
    """The key of a position: a symbol, or ``ACCOUNT/SYMBOL``.

    ``main/BTCUSDT`` and ``BTC/USDT`` look alike. What follows the slash tells them apart: a quote currency is short
    (``USDT``, ``FDUSD``), a whole symbol is longer or has a slash of its own.
    """
    head, slash, rest = key.partition("/")
    if slash and ("/" in rest or len(rest.partition(":")[0].partition("-")[0]) > _LONGEST_QUOTE):
        return f"{head}/{normalise_symbol(rest)}"
    return normalise_symbol(key)


def candle_key(symbol: str, interval: str) -> str:
    """The key under which the candle of a symbol and an interval stands on the board."""
    return f"{normalise_symbol(symbol)}/{interval}"
