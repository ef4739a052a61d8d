"""What waits for a slow consumer stays small, and what it gets in the end is the newest, with no trade unaccounted for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bigboard.feed.ccxt_book import BookTop
from bigboard.feed.outbox import Outbox
from bigboard.wire.market import Book, Status, Ticker, Trade
from feed.shown_book import ShownBook

if TYPE_CHECKING:
    from bigboard.wire.market import MarketEvent


def _trade(number: int) -> Trade:
    return Trade(symbol="X", timestamp=number, received_at=number, id=str(number), price=1.0, size=1.0, side="buy")


def _top(bids: dict[float, float], asks: dict[float, float], update_id: int = 1) -> BookTop:
    return BookTop(bids, asks, 5, update_id)


def _all(outbox: Outbox) -> list[MarketEvent]:
    events = []
    while outbox:
        events += outbox.take()
    return events


def test_trades_beyond_the_bound_give_way_oldest_first_and_are_counted() -> None:
    outbox = Outbox(max_trades=1_000)
    for number in range(1_700):
        outbox.trade(_trade(number))
    events = _all(outbox)
    assert [event.id for event in events if isinstance(event, Trade)] == [str(number) for number in range(700, 1_700)]
    assert outbox.dropped_trades == 700


def test_a_batch_has_a_bounded_number_of_trades() -> None:
    outbox = Outbox()
    for number in range(1_201):
        outbox.trade(_trade(number))
    assert [len(outbox.take()) for _ in range(4)] == [500, 500, 201, 0]
    assert not outbox


def test_of_a_ticker_the_newest_value_of_each_field_counts() -> None:
    outbox = Outbox()
    outbox.ticker("quotes", "X", {"timestamp": 1, "received_at": 1, "bid": 1.0, "ask": 3.0})
    outbox.ticker("quotes", "X", {"timestamp": 2, "received_at": 2, "bid": 2.0})
    outbox.ticker("ticker", "X", {"timestamp": 1, "received_at": 1, "last": 9.0})
    assert outbox.take() == [
        Ticker(symbol="X", timestamp=2, received_at=2, bid=2.0, ask=3.0),
        Ticker(symbol="X", timestamp=1, received_at=1, last=9.0),
    ], "an older last price does not get the time of a newer quote"


def test_a_status_comes_last_and_once() -> None:
    outbox = Outbox()
    for detail in ("one", "two"):
        outbox.status(Status(service="f", kind="feed", status="up", timestamp=1, detail=detail))
        outbox.trade(_trade(1))
    events = outbox.take()
    assert [type(event) for event in events] == [Trade, Trade, Status]
    assert isinstance(events[-1], Status)
    assert events[-1].detail == "two"


def test_a_book_that_was_never_shown_is_not_taken_off() -> None:
    outbox = Outbox()
    outbox.no_book("X", 1)
    assert not outbox
    outbox.book("X", _top({1.0: 1.0}, {2.0: 1.0}), 1)
    outbox.no_book("X", 2)
    assert outbox.take() == []


def test_a_book_that_was_lost_and_found_between_two_looks_is_told_whole() -> None:
    outbox = Outbox()
    outbox.book("X", _top({1.0: 1.0}, {2.0: 1.0}), 1)
    outbox.take()
    outbox.no_book("X", 2)
    outbox.book("X", _top({1.0: 1.0}, {2.0: 1.0}, 2), 3)
    (event,) = outbox.take()
    assert isinstance(event, Book)
    assert (event.partial, event.bids, event.asks) == (False, [(1.0, 1.0)], [(2.0, 1.0)])


_SIDE = st.dictionaries(st.sampled_from([1.0, 2.0, 3.0, 4.0]), st.sampled_from([1.0, 2.0]), max_size=4)


@given(st.lists(st.one_of(st.none(), st.just("take"), st.tuples(_SIDE, _SIDE)), max_size=30))
def test_whoever_looks_now_and_then_holds_the_newest_book(steps: list[object]) -> None:
    outbox, shown = Outbox(), ShownBook()
    truth: tuple[dict[float, float], dict[float, float]] = {}, {}

    def look() -> None:
        for event in outbox.take():
            assert isinstance(event, Book)
            shown.apply(event)
        assert (shown.bids, shown.asks) == truth

    for step in steps:
        if step is None:
            truth = {}, {}
            outbox.no_book("X", 1)
        elif isinstance(step, tuple):
            truth = step
            outbox.book("X", _top(*step), 1)
        else:
            look()
    look()
