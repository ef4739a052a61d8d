"""The unified spelling of symbols: it is the right one, and never another key of the board."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.board.symbols import normalise_symbol
from bigboard.wire.unified_symbol import unified_symbol, without_settlement

_NAMES = st.text(alphabet="ABUSDTCE1:/-_k.", max_size=16)


@pytest.mark.parametrize(
    ("given_", "settled", "unified"),
    [
        ("BTCUSDT", True, "BTC/USDT:USDT"),
        ("BTCUSDT", False, "BTC/USDT"),
        ("1000PEPEUSDT", True, "1000PEPE/USDT:USDT"),
        ("ethbtc", False, "ETH/BTC"),
        ("BTCFDUSD", False, "BTC/FDUSD"),
        ("kraken:XBTUSD", False, "kraken:XBT/USD"),
        ("BTC/USDT:USDT", False, "BTC/USDT:USDT"),
        ("BTCUSDT_241227", True, "BTCUSDT_241227"),
        ("USDT", True, "USDT"),
        ("FOO", True, "FOO"),
        ("", True, ""),
    ],
)
def test_unified(given_: str, settled: bool, unified: str) -> None:
    assert unified_symbol(given_, settled=settled) == unified


@pytest.mark.parametrize(
    ("unified", "without"),
    [
        ("BTC/USDT:USDT", "BTC/USDT"),
        ("BTC/USDT", "BTC/USDT"),
        ("BTC/USDT:USDT-241227", "BTC/USDT-241227"),
        ("kraken:BTC/USDT:USDT", "kraken:BTC/USDT"),
        ("BTCUSDT", "BTCUSDT"),
    ],
)
def test_without_settlement(unified: str, without: str) -> None:
    assert without_settlement(unified) == without


@given(_NAMES, st.booleans())
def test_a_symbol_keeps_its_key(symbol: str, settled: bool) -> None:
    unified = unified_symbol(symbol, settled=settled)
    assert normalise_symbol(unified) == normalise_symbol(symbol)
    assert normalise_symbol(without_settlement(unified)) == normalise_symbol(symbol)
