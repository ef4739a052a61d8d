"""`bigboard collector`: a feed from another process in, Redis out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bigboard.collector.outbox import Outbox
from bigboard.collector.zeromq_source import ZeromqSource
from bigboard.garbage import Garbage
from bigboard.redis_link import RedisAddress
from bigboard.runtime.background import run_until, stopped_by_signals
from bigboard.runtime.collector_row import CollectorRow
from bigboard.runtime.collector_settings import build_collector
from bigboard.runtime.redis_parts import build_publisher, go_on_with_candles, redis_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.clock import Clock
    from bigboard.collector import MarketCollector
    from bigboard.settings import Settings

__all__ = ["CollectorRole"]

_NAME: Final = "collector"
_FLUSH_S: Final = 0.1


class CollectorRole:
    """Listens on the settings' feed and writes to their Redis, whichever of the two is there first.

    ``tell`` is given lines for people, every few seconds while something is waited for. Raises ``SettingError`` where no
    Redis is said.
    """

    def __init__(self, settings: Settings, clock: Clock, tell: Callable[[str], None]) -> None:
        self.settings = settings
        # Before there is a socket that somebody would have to close.
        RedisAddress.parse(redis_url(settings, "a collector"))
        self.source = ZeromqSource(
            settings.feed, clock, silence_s=settings.feed_silence, max_symbols=settings.max_symbols
        )
        self.outbox = Outbox(interval_s=settings.redis_write_interval, max_levels=settings.max_levels)
        self.collector: MarketCollector | None = None
        """There is none before the feed has said what it is."""
        self._clock = clock
        self._tell = tell
        self._stop = asyncio.Event()
        self.publisher = build_publisher(settings, self.outbox, self.source.streams.names, clock, tell)
        self._row = CollectorRow(
            settings.name or _NAME,
            clock,
            self.publisher,
            messages=lambda: self.source.messages,
            waits=lambda: None if self.collector is not None else f"no feed on {self.source.endpoint}",
            missed=self._missed,
        )

    def stop(self) -> None:
        """Ask ``run`` to end in order."""
        self._stop.set()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Run until ``stop``, SIGINT or SIGTERM; ``on_ready`` is called once these are heeded."""
        garbage = Garbage(self._clock)
        try:
            with stopped_by_signals(self._stop), garbage.tamed():
                on_ready()
                parts = {
                    "garbage": garbage.run(),
                    "redis": self.publisher.run(),
                    "feed": self._pump(),
                    "flush": self._flush(),
                    "report": self._row.run(),
                }
                await run_until(self._stop, parts)
        finally:
            self.source.close()

    async def _pump(self) -> None:
        await self.source.found(lambda: self._tell(f"no feed on {self.source.endpoint} yet"))
        self._tell(f"Listens to the feed {self.source.name} on {self.source.endpoint}")
        origin, collector = self._origin(), await self._begin()
        async for events in self.source.events():
            if self._origin() != origin:
                # Another feed was started in the place of this one: what was measured of the first is not the second's.
                origin, collector = self._origin(), await self._begin()
            self.outbox.add(collector.process(events, self._clock.epoch_ms()))

    def _origin(self) -> tuple[str, str, str | None]:
        return self.source.name, self.source.mode, self.source.venue

    async def _begin(self) -> MarketCollector:
        collector = build_collector(self.settings, self.source, self._clock.epoch_ms())
        await go_on_with_candles(self.settings, collector, self.source.name, self.publisher, self._tell)
        self.collector = collector
        return collector

    async def _flush(self) -> None:
        while True:
            await self._clock.sleep(_FLUSH_S)
            if self.collector is not None:
                self.outbox.add(self.collector.flush(self._clock.epoch_ms()))

    def _missed(self) -> dict[str, int]:
        missed = self.source.streams.missed
        return {
            "missed_tickers": missed["ticker"],
            "missed_trades": missed["trades"],
            "missed_books": missed["book"],
            "bad_messages": self.source.bad_messages,
        }
