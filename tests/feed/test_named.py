"""A feed under another name: the same feed otherwise, by the same contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.feed.named import NamedFeed
from bigboard.feed.simulated import SimulatedFeed
from bigboard.wire.market import Status
from feed.conformance import FeedConformance, collect
from feed.fake_clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed
    from bigboard.wire.market import MarketEvent, Mode


class TestContract(FeedConformance):
    def make(self, clock: Clock) -> Feed:
        return NamedFeed(SimulatedFeed(clock=clock), "desk-1")

    def make_unpaced(self) -> Feed:
        return NamedFeed(SimulatedFeed(300, updates_per_second=1_000), "desk-1")


class _Telling:
    """A feed that speaks of itself, of a stream, and of something else."""

    name = "binance"
    mode: Mode = "live"
    venue: str | None = "binance"

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        services = ("binance", "binance/BTCUSDT/book", "binancecoin", "other/binance")
        yield [Status(service=service, kind="feed", status="up", timestamp=1) for service in services]


async def test_its_rows_are_called_after_it_and_those_of_others_are_not() -> None:
    (batch,) = await collect(NamedFeed(_Telling(), "spot"))
    assert [event.service for event in batch if isinstance(event, Status)] == [
        "spot", "spot/BTCUSDT/book", "binancecoin", "other/binance",
    ]  # fmt: skip


async def test_everything_else_of_the_feed_stays() -> None:
    named = await collect(NamedFeed(SimulatedFeed(3, seed=7, clock=FakeClock()), "x"), batches=50)
    plain = await collect(SimulatedFeed(3, seed=7, clock=FakeClock()), batches=50)
    without = [[event for event in batch if not isinstance(event, Status)] for batch in named]
    assert without == [[event for event in batch if not isinstance(event, Status)] for batch in plain]
    feed = NamedFeed(_Telling(), "spot")
    assert (feed.name, feed.mode, feed.venue) == ("spot", "live", "binance")
