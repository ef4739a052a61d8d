"""A whole book out of full ones and changes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bigboard.wire.full_book import FullBook

_LEVELS = st.lists(st.tuples(st.integers(1, 30).map(float), st.integers(0, 3).map(float)), max_size=12)
_STEPS = st.lists(st.tuples(_LEVELS, _LEVELS, st.booleans()), max_size=12)


@given(_STEPS)
def test_it_is_what_a_naive_book_is(
    steps: list[tuple[list[tuple[float, float]], list[tuple[float, float]], bool]],
) -> None:
    book = FullBook(1_000)
    naive: tuple[dict[float, float], dict[float, float]] | None = None
    for bids, asks, partial in steps:
        book.take(bids, asks, partial=partial)
        if not partial:
            naive = ({}, {})
        if naive is not None:
            for side, levels in zip(naive, (bids, asks), strict=True):
                side.update(levels)
    assert book.known is (naive is not None)
    kept = naive or ({}, {})
    assert book.bids() == sorted(((price, size) for price, size in kept[0].items() if size), reverse=True)
    assert book.asks() == sorted((price, size) for price, size in kept[1].items() if size)


def test_it_is_bounded_and_the_best_levels_stay() -> None:
    book = FullBook(8)
    book.take([], [], partial=False)
    for price in range(1, 1_000):
        book.take([(price, 1.0)], [(price, 1.0)], partial=True)
    assert len(book.bids()) <= 10
    assert book.bids()[0] == (999, 1.0)
    assert len(book.asks()) <= 10
    assert book.asks()[0] == (1, 1.0)
