"""The exchange's rule for keeping a book in step: each clause by example, the whole by random histories."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.feed.orderbook import BookChange, BookDiff, BookSnapshot, OrderBook

if TYPE_CHECKING:
    from bigboard.wire.market import Level


def futures(first_id: int, last_id: int, previous_id: int, *bids: Level, asks: tuple[Level, ...] = ()) -> BookDiff:
    return BookDiff(first_id, last_id, previous_id, bids, asks)


def spot(first_id: int, last_id: int, *bids: Level) -> BookDiff:
    return BookDiff(first_id, last_id, None, bids, ())


def snapshot(last_id: int, *bids: Level, asks: tuple[Level, ...] = ((11.0, 1.0),)) -> BookSnapshot:
    return BookSnapshot(last_id, bids or ((9.0, 1.0),), asks)


class TestFutures:
    def test_a_snapshot_inside_a_buffered_diff_brings_the_book_into_step(self) -> None:
        book = OrderBook()
        assert book.on_diff(futures(1, 5, 0, (1.0, 1.0))) is None
        assert book.on_diff(futures(7, 10, 5, (9.5, 2.0))) is None
        assert (book.state, book.gaps) == ("waiting", 0)
        change = book.on_snapshot(snapshot(8))
        assert change == BookChange([(9.5, 2.0), (9.0, 1.0)], [(11.0, 1.0)], partial=False, update_id=10)
        assert book.state == "in_step"

    @pytest.mark.parametrize("last_id", [7, 8, 10])
    def test_the_first_diff_may_begin_or_end_at_the_snapshot(self, last_id: int) -> None:
        book = OrderBook()
        book.on_diff(futures(7, 10, 5))
        assert book.on_snapshot(snapshot(last_id)) is not None

    def test_a_snapshot_from_before_the_first_diff_is_of_no_use(self) -> None:
        book = OrderBook()
        book.on_diff(futures(7, 10, 5))
        assert book.on_snapshot(snapshot(6)) is None
        assert (book.state, book.unusable_snapshots) == ("waiting", 1)
        assert book.on_snapshot(snapshot(9)) is not None

    def test_a_snapshot_ahead_of_the_stream_waits_for_it(self) -> None:
        book = OrderBook()
        book.on_diff(futures(1, 5, 0, (9.9, 7.0)))
        assert book.on_snapshot(snapshot(12)) is None
        assert book.state == "aligning"
        assert book.on_diff(futures(6, 11, 5, (9.8, 7.0))) is None
        change = book.on_diff(futures(12, 14, 11, (9.5, 2.0)))
        assert change is not None
        assert change.bids == [(9.5, 2.0), (9.0, 1.0)], "what is older than the snapshot is in it already"

    def test_a_diff_that_does_not_continue_drops_the_book(self) -> None:
        book = in_step()
        assert book.on_diff(futures(20, 22, 19)) == BookChange([], [], partial=False, update_id=None)
        assert (book.state, book.gaps, book.resyncs) == ("waiting", 1, 0)
        assert book.on_diff(futures(23, 25, 22)) is None
        change = book.on_snapshot(snapshot(24))
        assert change is not None
        assert not change.partial
        assert (book.state, book.gaps, book.resyncs) == ("in_step", 1, 1)

    def test_ids_may_leap_as_long_as_the_previous_one_is_named(self) -> None:
        book = in_step()
        assert book.on_diff(futures(900, 950, 10, (9.6, 1.0))) is not None
        assert book.gaps == 0

    def test_a_snapshot_taken_after_a_gap_survives_it(self) -> None:
        book = OrderBook()
        book.on_diff(futures(1, 5, 0))
        book.on_snapshot(snapshot(30))
        assert book.on_diff(futures(28, 31, 27)) is not None
        assert (book.state, book.gaps) == ("in_step", 1)


class TestSpot:
    def test_a_diff_that_ends_at_the_snapshot_is_old(self) -> None:
        book = OrderBook()
        book.on_diff(spot(6, 10, (9.7, 1.0)))
        assert book.on_snapshot(snapshot(10)) is None
        change = book.on_diff(spot(11, 12, (9.5, 2.0)))
        assert change is not None
        assert change.bids == [(9.5, 2.0), (9.0, 1.0)]

    def test_ids_must_join_without_a_hole(self) -> None:
        book = OrderBook()
        book.on_diff(spot(6, 10))
        book.on_snapshot(snapshot(8))
        assert book.on_diff(spot(11, 11, (9.5, 1.0))) is not None
        assert book.on_diff(spot(13, 14)) == BookChange([], [], partial=False, update_id=None)
        assert book.gaps == 1


def test_only_levels_of_the_top_that_changed_are_told() -> None:
    book = OrderBook(depth=2)
    book.on_diff(futures(1, 5, 0))
    book.on_snapshot(BookSnapshot(3, [(9.0, 1.0), (8.0, 1.0), (7.0, 1.0)], [(11.0, 1.0)]))
    assert book.on_diff(futures(6, 6, 5, (7.0, 5.0), (3.0, 1.0))) is None, "below the top"
    entered = book.on_diff(futures(7, 7, 6, (9.5, 4.0)))
    assert entered == BookChange([(8.0, 0.0), (9.5, 4.0)], [], partial=True, update_id=7)
    left = book.on_diff(futures(8, 8, 7, (9.5, 0.0), asks=((12.0, 3.0),)))
    assert left == BookChange([(8.0, 1.0), (9.5, 0.0)], [(12.0, 3.0)], partial=True, update_id=8)


def test_the_buffer_is_bounded_and_counts_what_it_drops() -> None:
    book = OrderBook(max_buffered=3)
    for number in range(10):
        book.on_diff(futures(number + 1, number + 1, number))
    assert book.dropped_diffs == 7
    assert book.on_snapshot(snapshot(9)) is not None


def test_far_levels_are_dropped_and_counted() -> None:
    book = OrderBook(max_levels=2)
    book.on_diff(futures(1, 5, 0))
    book.on_snapshot(BookSnapshot(3, [(9.0, 1.0), (8.0, 1.0), (7.0, 1.0)], []))
    assert book.dropped_levels == 1


def test_a_reset_is_no_gap() -> None:
    book = in_step()
    assert book.reset() == BookChange([], [], partial=False, update_id=None)
    assert book.reset() is None
    assert book.on_diff(futures(100, 101, 50)) is None
    assert book.on_snapshot(snapshot(100)) is not None
    assert (book.gaps, book.resyncs) == (0, 0)


def test_a_snapshot_while_in_step_changes_nothing() -> None:
    book = in_step()
    assert book.on_snapshot(snapshot(1, (1.0, 1.0))) is None
    assert book.state == "in_step"


def in_step() -> OrderBook:
    book = OrderBook()
    book.on_diff(futures(6, 10, 5))
    assert book.on_snapshot(snapshot(8)) is not None
    return book


@dataclass
class Exchange:
    """A book that is always right, and the diffs and snapshots that it would send."""

    rng: Random
    is_spot: bool
    last_id: int = 0
    bids: dict[float, float] = field(default_factory=dict)
    asks: dict[float, float] = field(default_factory=dict)

    def move(self) -> tuple[BookDiff, BookSnapshot]:
        """The next diff, and a snapshot that was taken in the middle of it."""
        previous_id = self.last_id
        first_id = previous_id + (1 if self.is_spot else self.rng.randint(1, 3))
        self.last_id = first_id + self.rng.randint(1, 4)
        changes = [self._side(base) for base in (0, 100)]
        held = [self.bids, self.asks]
        half = [dict(levels) for levels in held]
        for levels, middle, change in zip(held, half, changes, strict=True):
            middle.update(change[: len(change) // 2])
            levels.update(change)
        taken_at = self.rng.randint(first_id, self.last_id - 1)  # not at the end: only half of it is in
        diff = BookDiff(first_id, self.last_id, None if self.is_spot else previous_id, changes[0], changes[1])
        return diff, BookSnapshot(taken_at, present(half[0]), present(half[1]))

    def _side(self, base: int) -> list[Level]:
        count = self.rng.randint(0, 6)
        prices = self.rng.sample(range(base + 1, base + 31), count)
        return [(price / 10, self.rng.choice([0.0, 1.0, 2.0])) for price in prices]


def present(levels: dict[float, float]) -> list[Level]:
    return [(price, size) for price, size in levels.items() if size]


@given(
    seed=st.integers(0, 2**32),
    is_spot=st.booleans(),
    steps=st.lists(st.sampled_from(["diff", "diff", "diff", "lost", "snapshot", "late snapshot"]), max_size=60),
    depth=st.integers(1, 8),
)
def test_what_is_shown_is_the_top_of_the_true_book_or_nothing(
    seed: int, is_spot: bool, steps: list[str], depth: int
) -> None:
    exchange, book = Exchange(Random(seed), is_spot), OrderBook(depth=depth)
    bids: dict[float, float] = {}
    asks: dict[float, float] = {}
    snapshots: list[BookSnapshot] = []
    for step in steps:
        if step in {"diff", "lost"}:
            diff, taken = exchange.move()
            snapshots = [*snapshots[-3:], taken]
            change = book.on_diff(diff) if step == "diff" else None
        else:
            change = book.on_snapshot(snapshots[0 if "late" in step else -1]) if snapshots else None
        if change is not None:
            if not change.partial:
                bids, asks = {}, {}
            bids = dict(present(bids | dict(change.bids)))
            asks = dict(present(asks | dict(change.asks)))
        if step == "lost":
            continue  # nobody can know of it before the next diff
        if book.state == "in_step" and step == "diff":
            assert sorted(bids.items(), reverse=True) == sorted(present(exchange.bids), reverse=True)[:depth]
            assert sorted(asks.items()) == sorted(present(exchange.asks))[:depth]
        elif book.state != "in_step":
            assert not bids
            assert not asks


@given(seed=st.integers(0, 2**32), is_spot=st.booleans(), before=st.integers(1, 10))
def test_a_snapshot_within_an_unbroken_stream_always_brings_the_book_into_step(
    seed: int, is_spot: bool, before: int
) -> None:
    exchange, book = Exchange(Random(seed), is_spot), OrderBook()
    taken = [_deliver(exchange, book) for _ in range(before)]
    book.on_snapshot(taken[Random(seed).randrange(before)])
    assert book.state == "in_step"
    assert book.gaps == 0


def _deliver(exchange: Exchange, book: OrderBook) -> BookSnapshot:
    diff, taken = exchange.move()
    book.on_diff(diff)
    return taken
