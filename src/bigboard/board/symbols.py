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
expiries are two instruments. A venue label stands before the colon and is kept as it is. A key is always read as itself.
"""

from __future__ import annotations

from functools import lru_cache

__all__ = ["candle_key", "normalise_candle_key", "normalise_position_key", "normalise_symbol"]

_QUOTES = frozenset(
    (
        *("USDT", "USDC", "USD", "FDUSD", "BUSD", "TUSD", "USDE", "USD1", "DAI", "PYUSD", "RLUSD"),
        *("EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "TRY", "BRL", "KRW", "IDR", "UAH", "ZAR", "MXN", "PLN", "ARS"),
        *("BTC", "XBT", "ETH", "BNB", "SOL", "TRX"),
    )
)
"""What a pair is quoted in. Only the keys of positions need to know."""


@lru_cache(maxsize=16_384)
def normalise_symbol(symbol: str) -> str:
    """The board's key for a symbol in a source's own spelling; a key is returned as it is."""
    base, slash, rest = symbol.partition("/")
    label, colon, name = base.rpartition(":")
    if not slash:
        return f"{label}{colon}{name.upper()}"
    quote, _, settlement = rest.partition(":")
    _, dash, contract = settlement.partition("-")
    # A key must be read as itself, so no slash may be left, wherever it came from.
    return f"{label}{colon}{(name + quote + dash + contract).replace('/', '').upper()}"


@lru_cache(maxsize=16_384)
def normalise_candle_key(key: str) -> str:
    """The key of a candle, ``SYMBOL/INTERVAL``, with its symbol normalised; the interval keeps its case (1m, 1M)."""
    symbol, slash, interval = key.rpartition("/")
    return f"{normalise_symbol(symbol)}/{interval}" if slash else normalise_symbol(key)


@lru_cache(maxsize=16_384)
def normalise_position_key(key: str) -> str:
    """The key of a position: a symbol, or ``ACCOUNT/SYMBOL``.

    ``main/BTCUSDT`` and ``BTC/USDT`` look alike. What follows the slash tells them apart: a quote currency, or a whole
    symbol, which may be as short as ``OPUSD`` and may have a slash of its own.
    """
    account, _, rest = key.partition("/")
    symbol = normalise_symbol(rest)
    # A settlement or an expiry may follow the quote currency: BTC/USDT:USDT, BTC/USD-241227.
    quote = symbol.partition(":")[0].partition("-")[0].upper()
    return f"{account}/{symbol}" if quote and quote not in _QUOTES else normalise_symbol(key)


def candle_key(symbol: str, interval: str) -> str:
    """The key under which the candle of a symbol and an interval stands on the board."""
    return f"{normalise_symbol(symbol)}/{interval}"
