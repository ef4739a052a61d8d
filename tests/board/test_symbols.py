"""One key for each instrument, however a source spells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import symbols
from bigboard.board.symbols import candle_key, normalise_candle_key, normalise_position_key, normalise_symbol

if TYPE_CHECKING:
    from collections.abc import Callable


def table() -> list[tuple[str, str]]:
    """The examples of the module's own docstring."""
    lines = (symbols.__doc__ or "").splitlines()
    cells = [line.split("``") for line in lines if line.startswith("``")]
    return [(parts[1], parts[3]) for parts in cells]


def test_the_docstring_has_its_table() -> None:
    assert len(table()) >= 5


@pytest.mark.parametrize(("given", "key"), table())
def test_the_table_of_the_docstring(given: str, key: str) -> None:
    assert normalise_symbol(given) == key


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("BTC/USDT:USDT-241227-50000-C", "BTCUSDT-241227-50000-C"),
        ("BTC/USD-241227", "BTCUSD-241227"),
        ("ETH/BTC", "ETHBTC"),
        ("kraken:BTC/USDT:USDT", "kraken:BTCUSDT"),
        ("kraken:btcusdt", "kraken:BTCUSDT"),
        ("Kraken:BTCUSDT", "Kraken:BTCUSDT"),
        ("BTC-PERP", "BTC-PERP"),
        ("A/B/C", "ABC"),
        ("x/y:z-1/2", "XY-12"),
        ("/USDT", "USDT"),
        ("BTC/", "BTC"),
        ("/", ""),
        ("", ""),
    ],
)
def test_symbols(given: str, key: str) -> None:
    assert normalise_symbol(given) == key


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("BTC/USDT/1m", "BTCUSDT/1m"),
        ("btcusdt/1M", "BTCUSDT/1M"),
        ("kraken:BTC/USDT:USDT/1h", "kraken:BTCUSDT/1h"),
        ("BTC/USDT:USDT-241227/1d", "BTCUSDT-241227/1d"),
        ("btcusdt", "BTCUSDT"),
    ],
)
def test_candles_keep_the_case_of_the_interval(given: str, key: str) -> None:
    assert normalise_candle_key(given) == key


def test_the_key_of_a_candle() -> None:
    assert candle_key("BTC/USDT:USDT", "1m") == normalise_candle_key("BTC/USDT:USDT/1m") == "BTCUSDT/1m"


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("BTC/USDT", "BTCUSDT"),
        ("btc/usdt", "BTCUSDT"),
        ("BTC/USDT:USDT-241227", "BTCUSDT-241227"),
        ("BTC/USD-241227", "BTCUSD-241227"),
        ("kraken:BTC/USDT", "kraken:BTCUSDT"),
        ("main/BTCUSDT", "main/BTCUSDT"),
        ("main/btc/usdt:usdt", "main/BTCUSDT"),
        ("main/BTCUSDT-241227", "main/BTCUSDT-241227"),
        ("main/kraken:BTC/USDT", "main/kraken:BTCUSDT"),
        ("main/OP/USD", "main/OPUSD"),
        ("main/OPUSD", "main/OPUSD"),
        ("main/AAPL", "main/AAPL"),
        ("main/", "MAIN"),
        ("/", ""),
    ],
)
def test_positions_of_an_account_and_of_a_symbol(given: str, key: str) -> None:
    assert normalise_position_key(given) == key


_text = st.text(alphabet="aBß:/-12 ", max_size=12) | st.lists(
    st.sampled_from(["BTC", "usd", "USDT", "main", "op", "/", ":", "-", "1m"]), max_size=7
).map("".join)


@pytest.mark.parametrize("spell", [normalise_symbol, normalise_candle_key, normalise_position_key])
@given(text=_text)
def test_a_key_is_read_as_itself(spell: Callable[[str], str], text: str) -> None:
    key = spell(text)
    assert spell(key) == key
