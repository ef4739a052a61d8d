"""The contract of a feed, as tests: every feed's own test file subclasses ``FeedConformance`` and says how to make one."""

from __future__ import annotations

import asyncio
import gc
import time
from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec
import pytest

from bigboard.wire.market import Book, MarketEvent, Status, Ticker, Trade
from feed.fake_clock import FakeClock
from feed.shown_book import ShownBook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed

__all__ = ["FeedConformance", "collect"]

HELD_S = 0.010
"""How long a feed may hold the event loop, in processor time: what other programs do to the machine does not count."""


async def collect(feed: Feed, *, batches: int = 10_000_000) -> list[Sequence[MarketEvent]]:
    """The first batches of a feed, or all of them."""
    collected: list[Sequence[MarketEvent]] = []
    async for batch in feed.events():
        collected.append(batch)
        if len(collected) >= batches:
            break
    return collected


class FeedConformance:
    """Subclasses give ``make`` (a feed with books of ``depth`` levels) and, if it ends, ``ends``."""

    ends = False
    depth = 25
    batches = 400

    def make(self, clock: Clock) -> Feed:
        raise NotImplementedError

    def make_unpaced(self) -> Feed:
        """A feed that could run without a pause, on the real clock."""
        raise NotImplementedError

    @pytest.fixture
    async def batches_of_feed(self) -> list[Sequence[MarketEvent]]:
        return await collect(self.make(FakeClock()), batches=self.batches)

    async def test_no_batch_is_empty(self, batches_of_feed: list[Sequence[MarketEvent]]) -> None:
        assert batches_of_feed
        assert all(batches_of_feed)

    async def test_every_kind_of_event_appears(self, batches_of_feed: list[Sequence[MarketEvent]]) -> None:
        kinds = {type(event) for batch in batches_of_feed for event in batch}
        assert kinds == {Ticker, Trade, Book, Status}

    async def test_books_start_full_and_are_never_crossed(self, batches_of_feed: list[Sequence[MarketEvent]]) -> None:
        books: defaultdict[str, ShownBook] = defaultdict(ShownBook)
        for batch in batches_of_feed:
            for event in batch:
                if isinstance(event, Book):
                    books[event.symbol].apply(event)
                    books[event.symbol].check(self.depth)
        assert all(len(book.bids) == len(book.asks) == self.depth for book in books.values())

    async def test_trades_come_in_order(self, batches_of_feed: list[Sequence[MarketEvent]]) -> None:
        last: dict[str, tuple[int, int]] = {}
        for batch in batches_of_feed:
            for event in batch:
                if isinstance(event, Trade):
                    this = (int(event.id), event.timestamp)
                    before = last.get(event.symbol, (-1, -1))
                    assert this[0] > before[0]
                    assert this[1] >= before[1]
                    last[event.symbol] = this
        assert last

    async def test_numbers_are_sound(self, batches_of_feed: list[Sequence[MarketEvent]]) -> None:
        for batch in batches_of_feed:
            for event in batch:
                if isinstance(event, Trade):
                    assert event.price > 0
                    assert event.size > 0
                elif isinstance(event, Ticker) and event.bid is not None and event.ask is not None:
                    assert 0 < event.bid < event.ask

    async def test_events_survive_the_wire(self, batches_of_feed: list[Sequence[MarketEvent]]) -> None:
        decoder = msgspec.msgpack.Decoder(list[MarketEvent])
        for batch in batches_of_feed:
            assert decoder.decode(msgspec.msgpack.encode(batch)) == list(batch)

    async def test_the_feed_has_a_row_of_its_own(self, batches_of_feed: list[Sequence[MarketEvent]]) -> None:
        name = self.make(FakeClock()).name
        statuses = [event for batch in batches_of_feed for event in batch if isinstance(event, Status)]
        assert statuses[0].service == name
        assert statuses[0].status == "up"
        assert all(status.service.partition("/")[0] == name for status in statuses)
        assert {status.kind for status in statuses if status.service == name} == {"feed"}

    async def test_it_says_so_at_its_end(self, batches_of_feed: list[Sequence[MarketEvent]]) -> None:
        last = batches_of_feed[-1][-1]
        ended = isinstance(last, Status) and last.status == "down" and "ended" in (last.detail or "")
        assert ended is self.ends

    async def test_mode_and_venue_are_said(self) -> None:
        feed = self.make(FakeClock())
        assert feed.mode in {"live", "replay", "simulated"}
        assert feed.venue is None or feed.venue

    async def test_events_may_be_asked_for_once(self) -> None:
        feed = self.make(FakeClock())
        await collect(feed, batches=1)
        with pytest.raises(RuntimeError, match="once"):
            await collect(feed, batches=1)

    async def test_it_lets_others_run(self) -> None:
        """A consumer that never waits, and a feed that need not: the loop still turns."""
        held: list[float] = []

        async def watch() -> None:
            while True:
                begun = time.thread_time()
                await asyncio.sleep(0)
                held.append(time.thread_time() - begun)

        watcher = asyncio.create_task(watch())
        gc.collect()
        gc.disable()  # a full collection over all that other tests have left is not the feed's
        try:
            async for _ in self.make_unpaced().events():
                if sum(held) > 0.5:
                    break
        finally:
            gc.enable()
            watcher.cancel()
        assert len(held) > 10
        # One that holds the loop does so again and again; a turn or two may be long for a reason of the machine's.
        assert sorted(held)[-3] < HELD_S

    async def test_a_cancelled_consumer_releases_everything(self) -> None:
        started = asyncio.Event()

        async def consume() -> None:
            async for _ in self.make_unpaced().events():
                started.set()

        task = asyncio.create_task(consume())
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0)
        gc.collect()  # an open file that is collected warns, and a warning fails the test
