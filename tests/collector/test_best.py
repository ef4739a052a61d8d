"""Best bid and ask out of partial books equal those of the whole book."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bigboard.collector.best import BestLevels
from collector.events import book

_LEVELS = st.lists(st.tuples(st.integers(1, 12).map(float), st.integers(0, 3).map(float)), max_size=6)


@given(_LEVELS, _LEVELS, st.lists(st.tuples(_LEVELS, _LEVELS, st.booleans()), max_size=20))
def test_equals_the_best_of_a_whole_book(
    bids: list[tuple[float, float]],
    asks: list[tuple[float, float]],
    changes: list[tuple[list[tuple[float, float]], list[tuple[float, float]], bool]],
) -> None:
    best = BestLevels(100)
    sides: tuple[dict[float, float], dict[float, float]] = ({}, {})
    for new_bids, new_asks, partial in [(bids, asks, False), *changes]:
        assert best.take(book(0, new_bids, new_asks, partial=partial))
        for side, levels in zip(sides, (new_bids, new_asks), strict=True):
            if not partial:
                side.clear()
            for price, size in levels:
                side[price] = size
                if not size:
                    del side[price]
        assert best.bid == max(sides[0].items(), default=None)
        assert best.ask == min(sides[1].items(), default=None)


def test_a_part_of_an_unknown_book_tells_nothing() -> None:
    best = BestLevels(10)
    assert not best.take(book(0, [(1.0, 1.0)], [], partial=True))
    assert best.bid is None


def test_the_worst_levels_go() -> None:
    best = BestLevels(4)
    best.take(book(0, [(float(price), 1.0) for price in range(1, 100)], []))
    best.take(book(0, [(99.0, 0.0)], [], partial=True))
    assert best.bid == (98.0, 1.0)
    best.take(book(0, [(98.0, 0.0), (97.0, 0.0), (96.0, 0.0)], [], partial=True))
    assert best.bid is None
