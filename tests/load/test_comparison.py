"""What differs is named by its path and both values; what is equal is not named at all."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.load.comparison import differences

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)


@given(_JSON, _JSON)
def test_something_is_told_exactly_if_they_differ(held: Any, server: Any) -> None:
    assert bool(differences(held, server)) is (held != server)


@pytest.mark.parametrize(
    ("held", "server", "told"),
    [
        (
            {"market_data": {"BTCUSDT": {"last_price": 1.0}}},
            {"market_data": {"BTCUSDT": {"last_price": 2.0}}},
            "/market_data/BTCUSDT/last_price: the client holds 1.0, the server 2.0",
        ),
        ({"a": {}}, {"a": {"b": 1}}, "/a/b: the client holds nothing, the server 1"),
        ({"a": {"b": {"c": 1}}}, {"a": {}}, "/a/b: the client holds 1 entries, the server nothing"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "/a/1: the client holds 2, the server 3"),
        ({"a": [1, 2]}, {"a": [1]}, "/a: the client holds 2 entries, the server 1 entries"),
    ],
)
def test_the_place_and_both_values(held: Any, server: Any, told: str) -> None:
    assert differences(held, server) == [told]


def test_only_the_first_few_are_told_and_long_values_are_cut() -> None:
    found = differences({str(key): "x" * 500 for key in range(100)}, {str(key): "y" * 500 for key in range(100)})
    assert len(found) == 5
    assert all(len(line) < 200 for line in found)
