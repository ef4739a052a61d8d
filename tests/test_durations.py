"""Durations as people write them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.durations import parse_duration

_UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("30s", 30.0),
        ("1m", 60.0),
        ("2h", 7_200.0),
        ("1d", 86_400.0),
        ("0.5s", 0.5),
        (" 10 S ", 10.0),
        ("1.5M", 90.0),
        ("0s", 0.0),
        ("100us", 0.0001),
    ],
)
def test_what_people_write(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        "30",
        "30 seconds",
        "1m30s",
        "-5s",
        "+5s",
        "1e3s",
        ".5s",
        "5.s",
        "1,5s",
        "5 s s",
        "inf",
        "٣s",
        "5S!",
        "5\u017f",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="250ms"):
        parse_duration(text)


@given(st.integers(0, 10**6), st.sampled_from(sorted(_UNITS)))
def test_every_whole_number_of_every_unit(number: int, unit: str) -> None:
    assert parse_duration(f"{number}{unit}") == pytest.approx(number * _UNITS[unit])


@given(st.text(max_size=12))
def test_no_text_does_anything_else(text: str) -> None:
    with suppress(ValueError):
        assert parse_duration(text) >= 0
