"""From a feed's numbered messages to events: nothing is shown that may be wrong, and every loss is counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.collector.feed_streams import FeedStreams
from bigboard.feed.message_streams import MessageStreams, Origin
from bigboard.wire.feed_messages import FeedMessage, decode_message
from bigboard.wire.full_book import FullBook
from bigboard.wire.market import Book, MarketEvent, Status, Ticker, Trade

if TYPE_CHECKING:
    from collections.abc import Iterable

_SYMBOL = "BTC/USDT:USDT"
_UP = Status(service="x", kind="feed", status="up", timestamp=1)


class Wire:
    """Both ends of the numbering, and a line between them that loses what it is told to lose."""

    def __init__(self, run: int = 1) -> None:
        self.feed = self.start(run)
        self.collector = FeedStreams(max_symbols=10)
        self.lost: Counter[str] = Counter()
        self.time_s = 0.0

    def start(self, run: int) -> MessageStreams:
        origin = Origin("x", "live", "binanceusdm")
        return MessageStreams(origin, run, repeat_s=5.0, max_symbols=10, max_levels=100)

    def say(self, *events: MarketEvent, lose: bool = False) -> list[MarketEvent]:
        return self._carry((frame for _, frame in self.feed.say(events, self.time_s)), lose=lose)

    def repeat(self, *, lose: bool = False) -> list[MarketEvent]:
        self.time_s += 5.0
        return self._carry((frame for _, frame in self.feed.repeats(self.time_s)), lose=lose)

    def _carry(self, frames: Iterable[bytes], *, lose: bool) -> list[MarketEvent]:
        came: list[MarketEvent] = []
        for frame in frames:
            message = decode_message(frame)
            if lose:
                self.lost[type(message.event).__name__] += 1
            else:
                came += self.collector.take(message)
        return came


def _book(*bids: tuple[float, float], partial: bool = False, at: int = 1) -> Book:
    return Book(symbol="BTCUSDT", timestamp=at, received_at=at, bids=list(bids), asks=[(50.0, 1.0)], partial=partial)


def _ticker(at: int = 1, **fields: Any) -> Ticker:
    return Ticker(symbol="BTCUSDT", timestamp=at, received_at=at, **fields)


def _trade(number: int = 1) -> Trade:
    return Trade(symbol="BTCUSDT", timestamp=1, received_at=1, id=str(number), price=1.0, size=1.0, side="buy")


def test_what_a_feed_says_comes_out_with_the_unified_symbol() -> None:
    wire = Wire()
    (status,) = wire.say(_UP)
    assert status == _UP
    assert (wire.collector.feed, wire.collector.mode, wire.collector.venue) == ("x", "live", "binanceusdm")
    events = wire.say(_ticker(bid=1.0), _trade(), _book((1.0, 2.0)))
    assert [type(event) for event in events] == [Ticker, Trade, Book]
    assert {getattr(event, "symbol", None) for event in events} == {_SYMBOL}
    assert events[0] == Ticker(symbol=_SYMBOL, timestamp=1, received_at=1, bid=1.0)


def test_a_repetition_of_what_is_known_is_no_event() -> None:
    wire = Wire()
    wire.say(_UP, _ticker(bid=1.0), _book((1.0, 2.0)))
    assert wire.repeat() == []
    assert wire.say(_book((2.0, 1.0), partial=True)) != []
    assert wire.repeat() == []
    assert not +wire.collector.missed


def test_a_hole_in_a_book_takes_it_back_until_the_next_full_one() -> None:
    wire = Wire()
    wire.say(_UP, _book((1.0, 2.0)))
    wire.say(_book((2.0, 1.0), partial=True), lose=True)
    dropped, told = wire.say(_book((3.0, 1.0), partial=True, at=7))
    assert dropped == Book(symbol=_SYMBOL, timestamp=7, received_at=7, bids=[], asks=[])
    assert isinstance(told, Status)
    assert (told.service, told.status, told.gaps) == ("x/BTCUSDT/book", "degraded", 1)
    assert "missed 1" in str(told.detail)
    assert wire.say(_book((4.0, 1.0), partial=True, at=8)) == []
    (full,) = wire.repeat()
    assert isinstance(full, Book)
    assert full.bids == [(4.0, 1.0), (3.0, 1.0), (2.0, 1.0), (1.0, 2.0)]
    assert not full.partial
    assert wire.collector.missed["book"] == 1


def test_a_full_book_after_a_hole_is_taken_and_the_hole_is_told() -> None:
    wire = Wire()
    wire.say(_UP, _book((1.0, 2.0)))
    wire.say(_book((2.0, 1.0), partial=True), lose=True)
    (full,) = wire.say(_book((9.0, 1.0)))
    assert isinstance(full, Book)
    (told,) = wire.collector.gaps(99)
    assert told == Status(service="x/BTCUSDT/book", kind="stream", status="up", timestamp=99, gaps=1)
    assert wire.collector.gaps(100) == []


def test_a_missed_ticker_is_counted_and_mended_by_the_next_repetition() -> None:
    wire = Wire()
    wire.say(_UP, _ticker(bid=1.0))
    wire.say(_ticker(tick_size=0.5), lose=True)
    wire.say(_ticker(ask=3.0))
    (mended,) = wire.repeat()
    assert mended == Ticker(symbol=_SYMBOL, timestamp=1, received_at=1, bid=1.0, ask=3.0, tick_size=0.5)
    assert wire.repeat() == [_UP]
    assert wire.repeat() == []
    assert wire.collector.missed["ticker"] == 1


def test_missed_trades_are_counted_beside_what_the_feed_itself_says() -> None:
    wire = Wire()
    said = Status(service="x/BTCUSDT/trades", kind="stream", status="up", timestamp=1, gaps=5)
    wire.say(_UP, said, _trade(1))
    for number in range(2, 5):
        wire.say(_trade(number), lose=True)
    (trade,) = wire.say(_trade(5))
    assert isinstance(trade, Trade)
    assert trade.id == "5"
    assert wire.collector.missed["trades"] == 3
    (told,) = wire.collector.gaps(99)
    assert isinstance(told, Status)
    assert told.gaps == 6
    (again,) = wire.say(said)
    assert isinstance(again, Status)
    assert again.gaps == 6


def test_whoever_comes_late_misses_nothing_and_gets_all_of_it() -> None:
    wire = Wire()
    wire.say(_UP, _ticker(tick_size=0.1), _ticker(bid=2.0), _book((1.0, 2.0)), _trade(1), _trade(2), lose=True)
    assert wire.say(_ticker(ask=3.0), _book((2.0, 2.0), partial=True)) == []
    status, book, ticker = wire.repeat()
    assert status == _UP
    assert isinstance(book, Book)
    assert book.bids == [(2.0, 2.0), (1.0, 2.0)]
    assert isinstance(ticker, Ticker)
    assert (ticker.tick_size, ticker.bid, ticker.ask) == (0.1, 2.0, 3.0)
    assert [type(event) for event in wire.say(_trade(3), _book((1.0, 0.0), partial=True))] == [Trade, Book]
    assert not +wire.collector.missed


def test_a_feed_that_is_started_again_takes_its_books_back() -> None:
    wire = Wire()
    wire.say(_UP, _book((1.0, 2.0), at=5), _ticker(bid=1.0))
    wire.feed = wire.start(2)
    dropped, told, status = wire.say(_UP)
    assert dropped == Book(symbol=_SYMBOL, timestamp=5, received_at=1, bids=[], asks=[])
    assert isinstance(told, Status)
    assert "started again" in str(told.detail)
    assert status == _UP
    (full,) = wire.say(_book((2.0, 2.0)))
    assert isinstance(full, Book)
    assert not +wire.collector.missed


def test_a_silent_feed_is_down_and_its_next_word_counts_though_it_is_the_same() -> None:
    wire = Wire()
    assert wire.collector.silent(5, "nothing comes") == []
    wire.say(_UP)
    assert wire.repeat() == []
    (down,) = wire.collector.silent(5, "nothing comes")
    assert down == Status(service="x", kind="feed", status="down", timestamp=5, detail="nothing comes")
    assert wire.repeat() == [_UP]


def test_what_mends_a_loss_is_no_sign_of_life() -> None:
    """A feed has ended; what it repeats for whoever missed a part must not make it look alive."""
    wire = Wire()
    ended = Status(service="x", kind="feed", status="down", timestamp=2, detail="replay ended")
    wire.say(_UP, _ticker(bid=1.0))
    wire.say(_ticker(bid=2.0), lose=True)
    wire.say(_ticker(bid=3.0), ended)
    (mended,) = wire.repeat()
    assert isinstance(mended, Ticker)
    assert wire.repeat() == [ended]
    assert wire.repeat() == []


def test_symbols_are_bounded_on_both_sides() -> None:
    wire = Wire()
    wire.say(_UP)
    events = [Ticker(symbol=f"S{number}USDT", timestamp=1, received_at=1, bid=1.0) for number in range(15)]
    assert len(wire.say(*events)) == 10
    assert wire.feed.left_out == 5
    small = FeedStreams(max_symbols=1)
    frames = [frame for _, frame in Wire().feed.say([_UP, *events], 0.0)]
    came = [event for frame in frames for event in small.take(decode_message(frame))]
    assert len(came) == 4
    assert small.left_out == 7


def test_two_spellings_of_a_symbol_are_one_stream() -> None:
    wire = Wire()
    wire.say(_UP)
    one, two = (
        Ticker(symbol="BTCUSDT", timestamp=1, received_at=1, bid=1.0),
        Ticker(symbol=_SYMBOL, timestamp=1, received_at=1, bid=2.0),
    )
    assert len(wire.say(one, two, one)) == 3
    assert not +wire.collector.missed


_PRICES = st.integers(1, 8).map(float)
_LEVELS = st.lists(st.tuples(_PRICES, st.integers(0, 3).map(float)), max_size=4)
_FULL = _LEVELS.map(lambda levels: _book(*levels))
_PARTIAL = _LEVELS.map(lambda levels: _book(*levels, partial=True))
_OTHER = (
    st.integers(1, 9).map(_trade)
    | _PRICES.map(lambda bid: _ticker(bid=bid))
    | _PRICES.map(lambda m: _ticker(mark_price=m))
)
_REPEAT = st.none()
_EVENTS = st.sampled_from([_PARTIAL] * 6 + [_FULL, _REPEAT, _OTHER, _OTHER]).flatmap(lambda kind: kind)
_LOST = st.sampled_from([True, False, False])


@given(st.lists(st.tuples(_EVENTS, _LOST), min_size=10, max_size=40))
def test_whatever_is_lost_no_wrong_book_is_shown_and_every_loss_is_counted(
    steps: list[tuple[MarketEvent | None, bool]],
) -> None:
    wire = Wire()
    truth, shown = FullBook(100), FullBook(100)
    for book in (truth, shown):
        book.take([(1.0, 1.0)], [(50.0, 1.0)], partial=False)
    wire.say(_UP, _book((1.0, 1.0)))
    emptied = False
    for event, lose in steps:
        if isinstance(event, Book):
            truth.take(event.bids, event.asks, partial=event.partial)
        came = wire.repeat(lose=lose) if event is None else wire.say(event, lose=lose)
        for one in came:
            if isinstance(one, Book):
                shown.take(one.bids, one.asks, partial=one.partial)
                emptied = not one.partial and not one.bids and not one.asks
        if (isinstance(event, Book) or event is None) and not lose and not emptied:
            assert (shown.bids(), shown.asks()) == (truth.bids(), truth.asks())
    wire.repeat()
    wire.say(_ticker(bid=1.0), _trade(0), _book((1.0, 1.0)))
    missed = wire.collector.missed
    assert (missed["ticker"], missed["trades"], missed["book"], missed["status"]) == tuple(
        wire.lost[name] for name in ("Ticker", "Trade", "Book", "Status")
    )


@given(st.lists(st.integers(1, 6), min_size=1, max_size=30))
def test_numbers_from_a_stranger_harm_nothing(numbers: list[int]) -> None:
    """A publisher whose numbers jump, repeat and go back: no exception, and no changes of a book over a hole."""
    wire = Wire()
    frames = [decode_message(frame) for _, frame in wire.feed.say([_UP, *[_book((1.0, 1.0), partial=True)] * 6], 0.0)]
    wire.collector.take(frames[0])
    for number in numbers:
        assert wire.collector.take(FeedMessage(*frames[number])) == []


@pytest.mark.parametrize("mode", ["live", "replay"])
def test_a_repeated_book_is_never_older_than_the_market_in_a_replay(mode: Any) -> None:
    streams = MessageStreams(Origin("x", mode, None), 1, repeat_s=5.0, max_symbols=1, max_levels=9)
    list(streams.say([_book((1.0, 1.0), at=1_000), _ticker(at=60_000, bid=1.0)], 0.0))
    repeated = [decode_message(frame).event for _, frame in streams.repeats(9.0)]
    (book,) = [event for event in repeated if isinstance(event, Book)]
    assert book.timestamp == (60_000 if mode == "replay" else 1_000)
