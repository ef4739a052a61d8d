"""Settings that cannot work are refused with a name and a way out."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.collector import CollectorSettings
from bigboard.collector.settings import interval_ms
from bigboard.errors import SettingError


@pytest.mark.parametrize(
    ("interval", "length"), [("1s", 1_000), ("15m", 900_000), ("4h", 14_400_000), ("1d", 86_400_000)]
)
def test_lengths_of_intervals(interval: str, length: int) -> None:
    assert interval_ms(interval) == length


@pytest.mark.parametrize("interval", ["", "m", "0m", "1M", "1.5m", "-1m", "1 m", "99999m", "1m\n"])
def test_what_is_no_interval(interval: str) -> None:
    with pytest.raises(SettingError, match="candle interval"):
        interval_ms(interval)


@pytest.mark.parametrize(
    "settings",
    [
        {"max_symbols": 0},
        {"report_interval_ms": -1},
        {"candle_grace_ms": -1},
        {"candle_intervals": ("1m", "1x")},
        {"candle_intervals": ("1m", "1m")},
    ],
)
def test_values_that_cannot_work(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingError) as caught:
        CollectorSettings(**settings)
    assert caught.value.setting == next(iter(settings))


def test_no_candles_and_no_grace_are_allowed() -> None:
    assert CollectorSettings(candle_intervals=(), candle_grace_ms=0).candle_grace_ms == 0
