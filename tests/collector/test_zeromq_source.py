"""A feed in one place, its collector in another, and a real socket between them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import zmq

from bigboard.clock import SystemClock
from bigboard.collector.zeromq_source import ZeromqSource
from bigboard.errors import FeedError
from bigboard.feed import SimulatedFeed
from bigboard.feed.zeromq_publisher import ZeromqPublisher
from bigboard.wire.market import Book, MarketEvent, Status, Ticker, Trade
from feed.conformance import FeedConformance
from feed.fake_clock import FakeClock
from servers import DEADLINE_S, until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed
    from bigboard.wire.market import Mode


class Told:
    """A feed whose events a test says."""

    name = "told"
    mode: Mode = "live"
    venue: str | None = "binanceusdm"

    async def events(self) -> AsyncIterator[Sequence[MarketEvent]]:
        return
        yield


class Listener:
    """A source that is read to the end of the test; ``events`` is what came."""

    def __init__(self, source: ZeromqSource) -> None:
        self.source = source
        self.events: list[MarketEvent] = []
        self.waits = 0
        self.task = asyncio.create_task(self._read())

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if type(event) is kind]

    async def _read(self) -> None:
        await self.source.found(self._wait, every_s=0.05)
        async for batch in self.source.events():
            self.events += batch

    def _wait(self) -> None:
        self.waits += 1


@asynccontextmanager
async def publishing(endpoint: str = "tcp://127.0.0.1:*", **options: Any) -> AsyncIterator[ZeromqPublisher]:
    publisher = ZeromqPublisher(Told(), endpoint, SystemClock(), **options)
    task = asyncio.create_task(publisher.run())
    try:
        yield publisher
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        publisher.close(linger_s=0.0)


@asynccontextmanager
async def listening(endpoint: str, **options: Any) -> AsyncIterator[Listener]:
    listener = Listener(ZeromqSource(endpoint, SystemClock(), **options))
    try:
        yield listener
        assert not listener.task.done(), listener.task
    finally:
        listener.task.cancel()
        await asyncio.gather(listener.task, return_exceptions=True)
        listener.source.close()


_UP = Status(service="told", kind="feed", status="up", timestamp=1)


def _ticker(number: int) -> Ticker:
    return Ticker(symbol="BTCUSDT", timestamp=number, received_at=number, bid=float(number))


def _trade(number: int) -> Trade:
    return Trade(symbol="BTCUSDT", timestamp=1, received_at=1, id=str(number), price=1.0, size=1.0, side="buy")


def _book(number: int, *, partial: bool = True) -> Book:
    return Book(symbol="BTCUSDT", timestamp=1, received_at=1, bids=[(float(number), 1.0)], asks=[], partial=partial)


async def test_all_of_it_arrives_in_order() -> None:
    async with publishing() as publisher, listening(publisher.endpoint) as listener:
        await until(lambda: publisher.subscribers, "a subscriber")
        publisher.publish([_UP])
        for number in range(1, 5_001):
            publisher.publish([_ticker(number), _trade(number)])
        await until(lambda: len(listener.of(Trade)) == 5_000, "5,000 trades")
        assert [event.id for event in listener.of(Trade)] == [str(number) for number in range(1, 5_001)]
        assert [event.bid for event in listener.of(Ticker)] == list(range(1, 5_001))
        assert {event.symbol for event in listener.of(Ticker)} == {"BTC/USDT:USDT"}
        assert not +listener.source.streams.missed
        assert (listener.source.name, listener.source.mode, listener.source.venue) == ("told", "live", "binanceusdm")


async def test_a_collector_that_starts_first_waits_and_says_so() -> None:
    async with publishing() as publisher:
        endpoint = publisher.endpoint
    async with listening(endpoint) as listener:
        await until(lambda: listener.waits >= 2, "two words about the wait")
        async with publishing(endpoint) as publisher:
            publisher.publish([_UP, _ticker(7)])
            await until(lambda: listener.of(Ticker), "the ticker")
            assert listener.of(Ticker)[0].bid == 7.0


async def test_whoever_comes_late_gets_books_and_tickers_at_once() -> None:
    async with publishing(repeat_s=3_600.0) as publisher:
        publisher.publish([_UP, _ticker(1), _book(1, partial=False), _book(2)])
        await until(lambda: not len(publisher.outgoing), "all sent to nobody")
        async with listening(publisher.endpoint) as listener:
            await until(lambda: listener.of(Book) and listener.of(Ticker), "book and ticker")
            (book,) = listener.of(Book)
            assert book.bids == [(2.0, 1.0), (1.0, 1.0)]


async def test_a_feed_that_is_started_again_is_followed() -> None:
    async with publishing() as free:
        endpoint = free.endpoint
    async with listening(endpoint) as listener:
        async with publishing(endpoint) as first:
            first.publish([_UP, _book(1, partial=False)])
            await until(lambda: listener.of(Book), "the first book")
        async with publishing(endpoint) as second:
            second.publish([_UP, _book(5, partial=False)])
            await until(lambda: len(listener.of(Book)) >= 3, "the books of the second run")
        assert [book.bids for book in listener.of(Book)] == [[(1.0, 1.0)], [], [(5.0, 1.0)]]


async def test_a_feed_that_falls_silent_is_down_until_it_is_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with publishing() as publisher, listening(publisher.endpoint, silence_s=0.3) as listener:
        publisher.publish([_UP])
        await until(lambda: listener.of(Status), "the status")
        monkeypatch.setattr(publisher.streams, "repeats", lambda _: iter(()))
        await until(lambda: listener.of(Status)[-1].status == "down", "the end")
        assert "nothing from tcp://" in listener.of(Status)[-1].detail
        monkeypatch.undo()
        await until(lambda: listener.of(Status)[-1].status == "up", "its return")


async def test_garbage_on_the_wire_is_counted_and_harms_nothing() -> None:
    async with publishing() as publisher, listening(publisher.endpoint) as listener:
        await until(lambda: publisher.subscribers, "a subscriber")
        publisher.publish([_UP, _ticker(1)])
        for frame in (b"", b"\xc1", b"{}", b"\xff" * 10_000, b"\x91" * 2_000):
            publisher.outgoing.add("status", frame)
        publisher.publish([_ticker(2)])
        await until(lambda: len(listener.of(Ticker)) == 2, "both tickers")
        assert listener.source.bad_messages == 5


async def test_a_subscriber_that_reads_nothing_is_left_behind_and_counts_what_it_missed() -> None:
    """One reads, one does not: after its patience the publisher goes on without the second, which then knows its losses."""
    # The one that reads has a second for what is done in milliseconds, on a busy machine too.
    async with publishing(patience_s=1.0, high_water=2_000) as publisher:
        stuck = ZeromqSource(publisher.endpoint, SystemClock())
        stuck._socket.setsockopt(zmq.RCVHWM, 1)
        try:
            async with listening(publisher.endpoint) as reader:
                await until(lambda: publisher.subscribers == 2, "two subscribers")
                publisher.publish([_UP, _book(1, partial=False)])
                number = 0
                while not publisher.leaves_behind:
                    for _ in range(50):
                        number += 1
                        publisher.publish([_trade(number), _book(number)])
                    await publisher.room()
                mark = number + 1
                publisher.publish([_trade(mark)])
                await until(
                    lambda: reader.of(Trade) and reader.of(Trade)[-1].id == str(mark), "the reader's last trade"
                )
                assert reader.source.streams.missed["trades"] == publisher.outgoing.dropped["trade"] == 0
                assert reader.source.streams.missed["book"] == publisher.outgoing.dropped["book"]
            late = Listener(stuck)
            await until(lambda: late.of(Trade) and not publisher.leaves_behind, "the stuck one reads again")
            # On a busy machine it may be left behind again meanwhile, so it is told more until it hears some of it.
            number = mark
            async with asyncio.timeout(DEADLINE_S):
                while int(late.of(Trade)[-1].id) <= mark:
                    number += 1
                    publisher.publish([_trade(number), _book(number)])
                    await asyncio.sleep(0.1)
            ids = [int(trade.id) for trade in late.of(Trade)]
            assert stuck.streams.missed["trades"] == ids[-1] - len(ids) > 0
            late.task.cancel()
            await asyncio.gather(late.task, return_exceptions=True)
        finally:
            stuck.close()


async def test_the_oldest_tickers_go_when_nobody_takes_them_and_trades_do_not() -> None:
    async with publishing(patience_s=3_600.0, high_water=100) as publisher:
        stuck = ZeromqSource(publisher.endpoint, SystemClock())
        stuck._socket.setsockopt(zmq.RCVHWM, 1)
        try:
            await until(lambda: publisher.subscribers, "a subscriber")
            publisher.publish([_UP])
            number = 0
            while publisher.outgoing.dropped["ticker"] < 50:
                number += 1
                publisher.publish([_ticker(number)])
                if number % 20 == 0:
                    publisher.publish([_trade(number)])
                    await asyncio.sleep(0)
            late = Listener(stuck)
            await until(lambda: not len(publisher.outgoing), "all sent")
            await until(lambda: late.of(Ticker) and late.of(Ticker)[-1].bid == number, "the last ticker")
            assert publisher.outgoing.dropped["trade"] == 0
            assert stuck.streams.missed["trades"] == 0
            assert stuck.streams.missed["ticker"] == publisher.outgoing.dropped["ticker"]
            late.task.cancel()
            await asyncio.gather(late.task, return_exceptions=True)
        finally:
            stuck.close()


def test_an_endpoint_that_is_none_is_refused_with_the_way_out() -> None:
    with pytest.raises(FeedError, match="tcp://HOST:PORT"):
        ZeromqSource("127.0.0.1:5555", SystemClock())
    with pytest.raises(FeedError, match="--feed"):
        ZeromqPublisher(Told(), "tcp://127.0.0.1", SystemClock())


async def test_a_port_that_is_taken_is_refused_with_the_way_out() -> None:
    async with publishing() as publisher:
        with pytest.raises(FeedError, match="in use"):
            ZeromqPublisher(Told(), publisher.endpoint, SystemClock())


class Remote:
    """A simulated feed, its publisher and a source, as one feed: for the suite of the contract."""

    def __init__(self, clock: Clock) -> None:
        self._feed = SimulatedFeed(["BTC/USDT:USDT", "ETH/USDT:USDT"], updates_per_second=500, seed=1, clock=clock)
        self._begun = False
        self.name, self.mode, self.venue = self._feed.name, self._feed.mode, self._feed.venue

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        if self._begun:
            raise RuntimeError("events() of a feed may be called once")
        self._begun = True
        publisher = ZeromqPublisher(self._feed, "tcp://127.0.0.1:*", SystemClock())
        source = ZeromqSource(publisher.endpoint, SystemClock())
        work = [asyncio.create_task(publisher.run()), asyncio.create_task(self._pump(publisher))]
        try:
            await source.found(lambda: None)
            async with aclosing(source.events()) as batches:
                async for batch in batches:
                    yield batch
        finally:
            for task in work:
                task.cancel()
            source.close()
            publisher.close(linger_s=0.0)

    async def _pump(self, publisher: ZeromqPublisher) -> None:
        await until(lambda: publisher.subscribers, "a subscriber")
        async for events in self._feed.events():
            publisher.publish(events)
            await publisher.room()


class TestZeromqSource(FeedConformance):
    batches = 200

    def make(self, clock: Clock) -> Feed:
        return Remote(clock)

    def make_unpaced(self) -> Feed:
        return Remote(FakeClock())
