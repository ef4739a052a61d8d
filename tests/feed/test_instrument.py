"""What the simulation trades."""

from __future__ import annotations

import pytest

from bigboard.feed.instrument import LISTED, choose_instruments


def test_a_count_takes_the_listed_ones_first_and_makes_up_the_rest() -> None:
    names = [instrument.symbol for instrument in choose_instruments(14)]
    assert names[:12] == [instrument.symbol for instrument in LISTED]
    assert names[12:] == ["SIM013USDT", "SIM014USDT"]


def test_names_keep_their_spelling_and_their_scale() -> None:
    first, second = choose_instruments(["BTC/USDT:USDT", "eth/usdt"])
    assert (first.symbol, first.start_price) == ("BTC/USDT:USDT", LISTED[0].start_price)
    assert (second.symbol, second.start_price) == ("eth/usdt", LISTED[1].start_price)


def test_one_key_is_one_instrument() -> None:
    assert [i.symbol for i in choose_instruments(["BTC/USDT", "BTCUSDT", "ETHUSDT"])] == ["BTC/USDT", "ETHUSDT"]


def test_an_unknown_name_is_always_the_same_instrument() -> None:
    assert choose_instruments(["FOOUSDT"]) == choose_instruments(["FOOUSDT", "BARUSDT"])[:1]
    assert choose_instruments(["FOOUSDT"]) != choose_instruments(["BARUSDT"])


def test_ticks_and_lots_fit_the_price() -> None:
    for instrument in choose_instruments(500):
        assert 1e-7 < instrument.tick_size / instrument.start_price < 5e-4
        lot_value = instrument.start_price * 10**-instrument.size_decimals
        assert lot_value < instrument.level_value / 10
    prices = [instrument.start_price for instrument in LISTED]
    assert min(prices) < 0.01
    assert max(prices) > 60_000


@pytest.mark.parametrize("symbols", [0, -1, 10_001, [], [""]])
def test_none_or_too_many(symbols: int | list[str]) -> None:
    with pytest.raises(ValueError, match="1 to 10000 symbols"):
        choose_instruments(symbols)
