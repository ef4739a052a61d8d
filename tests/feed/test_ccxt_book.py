"""When a book of ccxt may be shown: the two holes of Binance's, crossed sides, and every kind of loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bigboard.feed.ccxt_book import BookFault, BookTop, CcxtBook

if TYPE_CHECKING:
    from collections.abc import Sequence


def book(
    nonce: int | None, bids: Sequence[tuple[float, ...]] | None = None, asks: Sequence[tuple[float, ...]] | None = None
) -> dict[str, Any]:
    return {
        "nonce": nonce,
        "timestamp": None if nonce is None else 1_000 + nonce,
        "bids": [(10.0, 1.0), (9.0, 2.0), (8.0, 3.0)] if bids is None else bids,
        "asks": [(11.0, 1.0), (12.0, 2.0), (13.0, 3.0)] if asks is None else asks,
    }


def checked(depth: int = 2, levels: int = 1_000) -> CcxtBook:
    return CcxtBook(depth=depth, levels=levels, checked=True)


def test_a_checked_book_counts_from_the_change_after_the_snapshot() -> None:
    state = checked()
    assert state.take(book(1), 0) is None
    assert not state.in_step
    assert state.take(book(2), 0) == BookTop({10.0: 1.0, 9.0: 2.0}, {11.0: 1.0, 12.0: 2.0}, 1_002, 2)
    assert state.in_step


def test_another_book_is_shown_at_once() -> None:
    state = CcxtBook(depth=2, levels=1_000, checked=False)
    assert state.take(book(None), 0) == BookTop({10.0: 1.0, 9.0: 2.0}, {11.0: 1.0, 12.0: 2.0}, None, None)


def test_a_checked_book_that_ccxt_is_building_anew_is_not_looked_at() -> None:
    state = checked()
    state.take(book(1), 0)
    assert state.take(book(None), 0) is None
    assert not state.in_step


@pytest.mark.parametrize("side", ["bids", "asks"])
def test_the_top_must_not_reach_beyond_what_the_snapshot_told(side: str) -> None:
    worse = {"bids": [(9.0, 2.0), (7.0, 1.0)], "asks": [(12.0, 2.0), (14.0, 1.0)]}[side]
    state = checked(levels=3)
    state.on_snapshot(book(1))
    state.take(book(1), 0)
    assert state.take(book(2), 0) is not None
    with pytest.raises(BookFault, match="beyond the levels of the snapshot"):
        state.take(book(3, **{side: worse}), 0)


def test_a_book_with_fewer_levels_than_asked_for_is_known_to_its_end() -> None:
    state = checked(levels=4)
    state.on_snapshot(book(1))
    state.take(book(1), 0)
    assert state.take(book(2, bids=[(9.0, 2.0), (1.0, 1.0)]), 0) is not None


def test_levels_that_ccxt_cut_off_later_are_unknown_too() -> None:
    state = checked(levels=4)
    state.on_snapshot(book(1))  # three levels: all there are
    state.take(book(1), 0)
    assert state.take(book(2, bids=[(10.0, 1.0), (9.5, 1.0), (9.0, 1.0), (8.5, 1.0)]), 0) is not None
    with pytest.raises(BookFault):
        state.take(book(3, bids=[(9.0, 1.0), (8.0, 3.0)]), 0)


def test_crossed_sides_are_not_shown_and_not_borne_for_long() -> None:
    state = CcxtBook(depth=2, levels=1_000, checked=False)
    assert state.take(book(1), 0) is not None
    crossed = [(11.0, 1.0), (9.0, 2.0)]
    assert state.take(book(2, bids=crossed), 5.0) is None
    assert state.take(book(3), 5.5) is not None
    assert state.take(book(4, bids=crossed), 9.0) is None
    assert state.take(book(5, bids=crossed), 9.9) is None
    with pytest.raises(BookFault, match="cross"):
        state.take(book(6, bids=crossed), 10.1)


def test_losses_are_counted_by_their_kind() -> None:
    state = checked()
    assert not state.lose(gap=True)
    assert (state.gaps, state.resyncs) == (0, 0), "it was not shown yet"
    for number, gap in enumerate((True, False, True)):
        state.take(book(1), 0)
        state.take(book(2), 0)
        assert state.resyncs == number
        assert state.lose(gap=gap)
        assert not state.in_step
    assert (state.gaps, state.resyncs) == (2, 2)


def test_after_a_loss_the_next_book_has_to_prove_itself_again() -> None:
    state = checked(levels=3)
    state.on_snapshot(book(1))
    state.take(book(1), 0)
    state.take(book(2), 0)
    state.lose(gap=False)
    assert state.has_news(book(2))
    assert state.take(book(7, bids=[(5.0, 1.0)]), 0) is None
    assert state.take(book(8, bids=[(5.0, 1.0)]), 0) is not None, "the old snapshot's reach is forgotten"


def test_orders_of_one_price_are_one_level() -> None:
    state = CcxtBook(depth=2, levels=1_000, checked=False)
    orders = [(10.0, 1.0, 7), (10.0, 2.0, 8), (9.0, 1.0, 9), (9.0, 0.5, 10), (8.0, 1.0, 11)]
    top = state.take(book(1, bids=orders), 0)
    assert top is not None
    assert top.bids == {10.0: 3.0, 9.0: 1.5}


def test_news_are_told_by_number_and_time() -> None:
    state = CcxtBook(depth=2, levels=1_000, checked=False)
    state.take(book(1), 0)
    assert not state.has_news(book(1))
    assert state.has_news(book(2))
    assert state.has_news({**book(1), "timestamp": 5})
