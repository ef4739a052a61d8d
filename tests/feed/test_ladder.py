"""One side of a book, against a plain dictionary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.feed.ladder import LadderSide, Side, changed_levels

PRICES = st.integers(1, 40).map(lambda tick: tick / 10)
LEVELS = st.lists(st.tuples(PRICES, st.sampled_from([0.0, 1.0, 2.5])), max_size=12)


def best_first(levels: dict[float, float], side: Side) -> list[tuple[float, float]]:
    return sorted(levels.items(), reverse=side == "bid")


@pytest.mark.parametrize("side", ["bid", "ask"])
@given(start=LEVELS, changes=st.lists(LEVELS, max_size=8), max_levels=st.integers(1, 30))
def test_it_holds_the_best_levels_of_a_plain_dictionary(
    side: Side, start: list[tuple[float, float]], changes: list[list[tuple[float, float]]], max_levels: int
) -> None:
    ladder = LadderSide(side, max_levels=max_levels)
    ladder.load(start)
    plain = dict(best_first({price: size for price, size in dict(start).items() if size}, side)[:max_levels])
    for levels in changes:
        ladder.apply(levels)
        plain = {price: size for price, size in (plain | dict(levels)).items() if size}
        plain = dict(best_first(plain, side)[:max_levels])
        assert list(ladder.top(5).items()) == best_first(plain, side)[:5]
        assert len(ladder) == len(plain)


def test_levels_beyond_the_bound_are_dropped_from_the_far_end_and_counted() -> None:
    bids = LadderSide("bid", max_levels=3)
    bids.load([(5.0, 1.0), (4.0, 1.0), (3.0, 1.0), (2.0, 1.0)])
    assert bids.dropped == 1
    bids.apply([(6.0, 1.0)])
    assert list(bids.top(9)) == [6.0, 5.0, 4.0]
    assert bids.dropped == 2


def test_clear_leaves_nothing() -> None:
    asks = LadderSide("ask", max_levels=3)
    asks.load([(5.0, 1.0)])
    asks.clear()
    assert asks.top(3) == {}
    assert len(asks) == 0


@given(
    old=st.dictionaries(PRICES, st.sampled_from([1.0, 2.0])), new=st.dictionaries(PRICES, st.sampled_from([1.0, 2.0]))
)
def test_changed_levels_turn_the_old_into_the_new(old: dict[float, float], new: dict[float, float]) -> None:
    changes = changed_levels(old, new)
    merged = {price: size for price, size in (old | dict(changes)).items() if size}
    assert merged == new
    assert len(changes) == len({price for price, _ in changes})
    assert all(old.get(price, 0.0) != size for price, size in changes)
