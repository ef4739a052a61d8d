"""`bigboard feed`: one feed, published for collectors in other processes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from bigboard.feed.named import NamedFeed
from bigboard.feed.zeromq_publisher import ZeromqPublisher
from bigboard.runtime.background import run_until, stopped_by_signals
from bigboard.runtime.exposure import check_feed_stays_here

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed
    from bigboard.settings import Settings

__all__ = ["FeedRole"]

_log = structlog.stdlib.get_logger("bigboard.feed")

_PATIENCE_S = {"live": 5.0, "simulated": 5.0, "replay": 60.0}
"""How long a subscriber that reads nothing may hold up the others; what was recorded can wait."""
_LOOK_S = 0.05
_REPORT_S = 5.0
_DRAIN_S = 5.0


class FeedRole:
    """Publishes a feed on the endpoint of the settings. ``tell`` is given lines for people.

    Raises ``SettingError`` for an endpoint that others can reach, unless that is meant.
    """

    def __init__(self, settings: Settings, feed: Feed, clock: Clock, tell: Callable[[str], None]) -> None:
        check_feed_stays_here(settings)
        self.settings = settings
        self.feed = NamedFeed(feed, settings.name) if settings.name else feed
        self.publisher = ZeromqPublisher(
            self.feed,
            settings.feed,
            clock,
            high_water=settings.feed_high_water,
            repeat_s=settings.feed_repeat,
            patience_s=_PATIENCE_S[self.feed.mode],
            max_symbols=settings.max_symbols,
            max_levels=settings.max_levels,
        )
        self._clock = clock
        self._tell = tell
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end in order."""
        self._stop.set()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Run until ``stop``, SIGINT or SIGTERM, or the end of the feed with the setting ``exit``.

        ``on_ready`` is called once the signals are heeded.
        """
        try:
            with stopped_by_signals(self._stop):
                on_ready()
                parts = {"publisher": self.publisher.run(), "feed": self._pump(), "report": self._report()}
                await run_until(self._stop, parts)
            await self.publisher.drain(_DRAIN_S)
        finally:
            self.publisher.close()

    async def _pump(self) -> None:
        # What was recorded can wait for whoever is to see it, and for whoever reads slowly; what happens now cannot.
        recorded = self.feed.mode == "replay"
        if recorded:
            await self._listener()
        async for events in self.feed.events():
            self.publisher.publish(events)
            if recorded:
                await self.publisher.room()
        if self.settings.exit:
            self._stop.set()
        await asyncio.Event().wait()  # Whoever comes now still gets the last state.

    async def _listener(self) -> None:
        """Wait for the first subscriber."""
        told_s = self._clock.monotonic_s()
        while not self.publisher.subscribers:
            await self._clock.sleep(_LOOK_S)
            if self._clock.monotonic_s() - told_s >= _REPORT_S:
                told_s = self._clock.monotonic_s()
                self._tell(f"The replay waits for a collector on {self.publisher.endpoint}")

    async def _report(self) -> None:
        """Say what had to be dropped, if anything was since the last time."""
        before = self.publisher.outgoing.dropped
        while True:
            await self._clock.sleep(_REPORT_S)
            dropped = self.publisher.outgoing.dropped
            if dropped != before:
                news = {kind: dropped[kind] - before[kind] for kind in dropped if dropped[kind] > before[kind]}
                _log.warning("messages dropped, because they are not taken fast enough", **news)
                before = dropped
