"""The simulation as a feed: the contract, the rate, the same again under the same seed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bigboard.feed.simulated import SimulatedFeed
from bigboard.wire.market import Book, Status, Trade
from feed.conformance import FeedConformance, collect
from feed.fake_clock import FakeClock

if TYPE_CHECKING:
    from bigboard.clock import Clock
    from bigboard.feed.base import Feed


class TestContract(FeedConformance):
    def make(self, clock: Clock) -> Feed:
        return SimulatedFeed(clock=clock)

    def make_unpaced(self) -> Feed:
        """More than any machine keeps up with."""
        return SimulatedFeed(300, updates_per_second=1_000)


class TestContractOfManySymbols(FeedConformance):
    batches = 60

    def make(self, clock: Clock) -> Feed:
        return SimulatedFeed(200, clock=clock)

    def make_unpaced(self) -> Feed:
        return SimulatedFeed(["BTC/USDT"], updates_per_second=1_000)


class SlowClock(FakeClock):
    """Time passes on its own too: each look at the steady clock costs a while, as on a machine that is too slow."""

    def monotonic_s(self) -> float:
        self.elapsed_s += 0.01
        return self.elapsed_s


def test_it_says_what_it_is() -> None:
    feed = SimulatedFeed()
    assert (feed.name, feed.mode, feed.venue) == ("simulated", "simulated", None)
    assert len(feed.symbols) == 12


@pytest.mark.parametrize("rate", [1.0, 10.0, 250.0, 1_000.0])
async def test_every_symbol_moves_at_the_rate(rate: float) -> None:
    clock = FakeClock()
    feed = SimulatedFeed(3, updates_per_second=rate, clock=clock)
    books = 0
    async for batch in feed.events():
        if clock.elapsed_s > 5:
            break
        books += sum(isinstance(event, Book) and event.symbol == "BTCUSDT" for event in batch)
    assert books == pytest.approx(5 * rate, rel=0.05, abs=2)


@pytest.mark.parametrize("rate", [0.0, 0.5, 1_001.0, float("nan")])
def test_a_rate_that_it_does_not_take(rate: float) -> None:
    with pytest.raises(ValueError, match="1 to 1,000"):
        SimulatedFeed(updates_per_second=rate)


async def test_a_batch_holds_all_symbols_of_a_step() -> None:
    batches = await collect(SimulatedFeed(clock=FakeClock()), batches=4)
    symbols = [{event.symbol for event in batch if not isinstance(event, Status)} for batch in batches]
    assert [len(names) for names in symbols] == [0, 12, 12, 12]


async def test_equal_seeds_give_equal_events() -> None:
    one, same, other = [await collect(SimulatedFeed(seed=seed, clock=FakeClock()), batches=50) for seed in (7, 7, 8)]
    assert one == same
    assert one != other


async def test_a_seed_stands_for_one_market_whatever_the_clock_does() -> None:
    prices = []
    for clock in (FakeClock(), SlowClock()):
        batches = await collect(SimulatedFeed(3, seed=7, clock=clock), batches=200)
        trades = [event for batch in batches for event in batch if isinstance(event, Trade)]
        prices.append([(trade.symbol, trade.id, trade.price, trade.size, trade.side) for trade in trades])
    shorter = min(map(len, prices))
    assert shorter > 50
    assert prices[0][:shorter] == prices[1][:shorter]


async def test_the_status_tells_the_rate_that_is_asked_for() -> None:
    batches = await collect(SimulatedFeed(2, clock=FakeClock()), batches=40)
    details = [event.detail for batch in batches for event in batch if isinstance(event, Status)]
    assert len(details) >= 3
    assert set(details) == {"2 symbols, 10 updates/s each"}


async def test_the_status_tells_when_it_cannot_keep_up() -> None:
    batches = await collect(SimulatedFeed(2, updates_per_second=100, clock=SlowClock()), batches=200)
    details = [event.detail or "" for batch in batches for event in batch if isinstance(event, Status)]
    assert any("100 updates/s each asked for, " in detail and detail.endswith("kept up with") for detail in details)


async def test_at_a_real_clock_it_keeps_its_rate() -> None:
    feed = SimulatedFeed(2, updates_per_second=200)
    loop = asyncio.get_running_loop()
    begun, steps = loop.time(), 0
    async for batch in feed.events():
        steps += any(isinstance(event, Book) for event in batch)
        if loop.time() - begun > 0.5:
            break
    assert 20 <= steps <= 130, "about 100, and fewer only on a machine that is busy otherwise"


async def test_trades_happen() -> None:
    batches = await collect(SimulatedFeed(clock=FakeClock()), batches=100)
    assert sum(isinstance(event, Trade) for batch in batches for event in batch) > 50
