"""The simulated market: each trade checked against the book that it took from, and what the whole looks like."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from statistics import correlation, fmean, median
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bigboard.feed.instrument import choose_instruments
from bigboard.feed.simulation import Simulation
from bigboard.wire.market import Book, MarketEvent, Ticker, Trade
from feed.shown_book import ShownBook

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

START_MS = 1_760_000_000_000


def run(
    symbols: int | Sequence[str], *, seed: int, steps_ms: Sequence[int]
) -> Iterator[tuple[int, list[list[MarketEvent]]]]:
    """Per step the time and the events of each symbol."""
    simulation = Simulation(choose_instruments(symbols), seed=seed)
    now_ms = START_MS
    for step_ms in steps_ms:
        now_ms += step_ms
        simulation.begin(step_ms / 1_000)
        yield now_ms, [simulation.step(symbol, now_ms) for symbol in simulation.symbols]


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    steps_ms=st.lists(st.sampled_from([0, 1, 10, 100, 1_000, 60_000]), min_size=1, max_size=60),
)
def test_the_book_is_whole_and_trades_take_from_it(seed: int, steps_ms: list[int]) -> None:
    books: defaultdict[str, ShownBook] = defaultdict(ShownBook)
    ticks = {instrument.symbol: instrument.tick_size for instrument in choose_instruments(14)}
    for now_ms, step in run(14, seed=seed, steps_ms=steps_ms):
        for events in step:
            check_step(events, books[symbol_of(events)] if events else ShownBook(), ticks, now_ms)


def symbol_of(events: list[MarketEvent]) -> str:
    (symbol,) = {event.symbol for event in events if isinstance(event, Ticker | Trade | Book)}
    return symbol


def check_step(events: list[MarketEvent], book: ShownBook, ticks: dict[str, float], now_ms: int) -> None:
    left: dict[tuple[str, float], float] = {}
    for event in events:
        assert isinstance(event, Ticker | Trade | Book)
        assert event.timestamp == event.received_at == now_ms
        if isinstance(event, Trade):
            side = book.asks if event.side == "buy" else book.bids
            resting = left.setdefault((event.side, event.price), side[event.price])
            assert 0 < event.size <= resting + 1e-9
            left[event.side, event.price] = resting - event.size
        elif isinstance(event, Book):
            book.apply(event)
            for price, _ in (*event.bids, *event.asks):
                assert price / ticks[event.symbol] == pytest.approx(round(price / ticks[event.symbol]), abs=1e-3)
    assert len(book.bids) == len(book.asks) == 25
    assert max(book.bids) < min(book.asks)
    for (taker, price), size in left.items():
        now = (book.asks if taker == "buy" else book.bids).get(price, 0.0)
        assert now <= size + 1e-9, "what was traded is gone, and nothing new came to that price in the same step"


def test_the_ticker_shows_the_best_of_the_book_and_the_last_trade() -> None:
    book = ShownBook()
    last: float | None = None
    for _, (events,) in run(1, seed=5, steps_ms=[100] * 2_000):
        for event in events:
            if isinstance(event, Book):
                book.apply(event)
            elif isinstance(event, Trade):
                last = event.price
            elif isinstance(event, Ticker) and event.bid is not None:
                assert (event.bid, event.bid_volume) == book.best_bids()[0]
                assert (event.ask, event.ask_volume) == book.best_asks()[0]
                assert event.last is None or event.last == last
    assert last is not None


def test_equal_seeds_and_steps_give_equal_events() -> None:
    steps_ms = [100, 7, 0, 350] * 50
    assert list(run(5, seed=1, steps_ms=steps_ms)) == list(run(5, seed=1, steps_ms=steps_ms))
    assert list(run(5, seed=1, steps_ms=steps_ms)) != list(run(5, seed=2, steps_ms=steps_ms))


def test_a_symbol_does_not_depend_on_its_neighbours() -> None:
    alone = [step[0] for _, step in run(["ETHUSDT"], seed=4, steps_ms=[100] * 100)]
    among = [step[1] for _, step in run(3, seed=4, steps_ms=[100] * 100)]
    assert alone == among


def test_perpetual_fields_come_once_a_second() -> None:
    marks = [
        event
        for _, (events,) in run(1, seed=1, steps_ms=[100] * 100)
        for event in events
        if isinstance(event, Ticker) and event.mark_price is not None
    ]
    assert len(marks) == 10
    for mark in marks:
        assert mark.mark_price == pytest.approx(61_800, rel=0.01)
        assert mark.index_price == pytest.approx(61_800, rel=0.01)
        assert mark.funding_rate is not None
        assert -0.003 <= mark.funding_rate <= 0.003
        assert mark.next_funding_time is not None
        assert 0 < mark.next_funding_time - mark.timestamp <= 8 * 3600 * 1000
        assert mark.next_funding_time % (8 * 3600 * 1000) == 0
        assert mark.tick_size == 0.1


def test_a_long_sleep_of_the_machine_is_no_leap_of_the_price() -> None:
    prices = []
    for _, (events,) in run(1, seed=1, steps_ms=[100, 100, 12 * 3600 * 1000, 100]):
        prices += [event.bid for event in events if isinstance(event, Ticker) and event.bid is not None]
    assert max(prices) / min(prices) < 1.01


def test_it_looks_like_a_market() -> None:
    """Ten minutes of three symbols: they move together, spreads are tight, sizes heavy-tailed, trades in bursts."""
    closes: defaultdict[int, list[float]] = defaultdict(list)
    last: dict[int, float] = {}
    sizes: list[float] = []
    per_second: defaultdict[int, int] = defaultdict(int)
    spreads: list[float] = []
    for now_ms, step in run(3, seed=11, steps_ms=[100] * 6_000):
        for place, events in enumerate(step):
            for event in events:
                if place == 0 and isinstance(event, Trade):
                    sizes.append(event.size)
                    per_second[now_ms // 1000] += 1
                elif isinstance(event, Ticker) and event.bid is not None and event.ask is not None:
                    spreads.append((event.ask - event.bid) / event.bid * 1e4)
                    last[place] = event.bid
            if now_ms % 1_000 == 0:
                closes[place].append(last[place])
    moves = [[b / a - 1 for a, b in pairwise(line)] for line in closes.values()]
    assert correlation(moves[0], moves[1]) > 0.3
    assert correlation(moves[0], moves[2]) > 0.3
    assert fmean(spreads) < 2.0
    assert fmean(sizes) > 1.4 * median(sizes)
    counts = [per_second[second] for second in range(START_MS // 1000 + 1, START_MS // 1000 + 600)]
    mean = fmean(counts)
    assert fmean((count - mean) ** 2 for count in counts) > 1.5 * mean, "a Poisson process would have 1.0"
