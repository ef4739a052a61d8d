"""What a collector left behind of its candles: only what makes sense is gone on with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bigboard.collector.open_candle import is_kept, read_open_candles

_CANDLE: dict[str, Any] = {
    "open_time": 60_000, "open": 5, "high": 9.5, "low": 4, "close": 6, "volume": 1.5, "trades": 3, "closed": False,
}  # fmt: skip


def _hash(**fields: Any) -> dict[bytes, bytes]:
    return {b"BTCUSDT/1m": json.dumps({**_CANDLE, **fields}).encode()}


def test_an_open_candle_is_read_as_it_was_written() -> None:
    (candle,) = read_open_candles(_hash()).values()
    assert {name: getattr(candle, name) for name in _CANDLE} == _CANDLE


@pytest.mark.parametrize(
    "fields",
    [
        {"closed": True}, {"open_time": -1}, {"open_time": "now"}, {"low": 5.5}, {"high": 5.5}, {"volume": -1},
        {"trades": 0}, {"high": 1e300}, {"close": None},
    ],
)  # fmt: skip
def test_what_makes_no_candle_under_way_is_left_out(fields: dict[str, Any]) -> None:
    assert read_open_candles(_hash(**fields)) == {}


def test_what_somebody_else_has_put_there_is_left_out() -> None:
    assert read_open_candles({b"\xff/1m": json.dumps(_CANDLE).encode(), b"x": b"hello", b"y": b"[]"}) == {}


@pytest.mark.parametrize(
    ("key", "kept"),
    [("BTCUSDT/1s", False), ("X/30s", False), ("kraken:X/1m", True), ("X/1d", True), ("X/other", False)],
)
def test_candles_of_a_minute_and_more_are_kept(key: str, *, kept: bool) -> None:
    assert is_kept(key) is kept
