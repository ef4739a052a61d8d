"""The spelling of a symbol that ccxt made common: ``BTC/USDT:USDT``, a base, a quote and what it settles in.

Between processes symbols are spelled like that, because it is what a program that knows ccxt expects; on the board they have
the shorter keys of ``board/symbols.py``. Whatever is done here, a symbol keeps its key.
"""

from __future__ import annotations

from functools import lru_cache

__all__ = ["unified_symbol", "without_settlement"]

_QUOTES = (
    *("FDUSD", "PYUSD", "RLUSD", "USDT", "USDC", "BUSD", "USDE", "USD1", "USD", "DAI"),
    *("EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "TRY", "BRL", "KRW", "IDR", "UAH", "ZAR", "MXN", "PLN", "ARS"),
    *("BTC", "ETH", "BNB", "SOL", "TRX"),
)
"""What a pair is quoted in; of two that fit the longer one comes first. TUSD is left out, because more bases end in T."""


@lru_cache(maxsize=16_384)
def unified_symbol(symbol: str, *, settled: bool) -> str:
    """``BTCUSDT`` as ``BTC/USDT:USDT`` if it is ``settled`` (a future or a swap), else as ``BTC/USDT``.

    A symbol that has a slash already, and one whose quote currency nobody knows, is returned as it is.
    """
    label, colon, name = symbol.rpartition(":")
    if "/" in symbol or not name.isalnum():
        return symbol
    quote = next((quote for quote in _QUOTES if name.upper().endswith(quote) and len(name) > len(quote)), None)
    if quote is None:
        return symbol
    pair = f"{label}{colon}{name[: -len(quote)].upper()}/{quote}"
    return f"{pair}:{quote}" if settled else pair


@lru_cache(maxsize=16_384)
def without_settlement(symbol: str) -> str:
    """``BTC/USDT:USDT`` as ``BTC/USDT``. An expiry or a strike stays: two expiries are two instruments."""
    base, slash, rest = symbol.partition("/")
    quote, _, settlement = rest.partition(":")
    _, dash, contract = settlement.partition("-")
    if ":" in contract:
        return symbol  # Nobody's spelling; without its first colon the next one would look like the settlement.
    return f"{base}{slash}{quote}{dash}{contract}"
