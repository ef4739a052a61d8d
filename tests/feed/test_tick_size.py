"""The tick size that prices tell."""

from __future__ import annotations

import pytest

from bigboard.feed.tick_size import TickSize


@pytest.mark.parametrize(
    ("prices", "tick_size"),
    [
        (["61800.20"], 0.1),
        (["61800.00"], 1.0),
        (["61800"], 1.0),
        (["0.00001370", "0.00001400"], 1e-7),
        (["1.5", "1.25", "1.0"], 0.01),
    ],
)
def test_it_is_the_most_decimals_without_padding(prices: list[str], tick_size: float) -> None:
    tick = TickSize()
    tick.refine(*prices)
    assert tick.value == tick_size


def test_only_a_finer_one_is_news() -> None:
    tick = TickSize()
    assert tick.value is None
    assert tick.refine("1.5") == 0.1
    assert tick.refine("2.7", "3") is None
    assert tick.refine("2.71") == 0.01


def test_absurd_decimals_are_ignored() -> None:
    tick = TickSize()
    assert tick.refine("0." + "1" * 40) is None
