"""`bigboard up --redis`: every role in one process, joined by a real Redis as if each had a process of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from bigboard.board.symbols import normalise_symbol
from bigboard.collector.outbox import Outbox
from bigboard.runtime.aggregator_part import AggregatorPart
from bigboard.runtime.background import end_all
from bigboard.runtime.collector_row import CollectorRow
from bigboard.runtime.collector_settings import build_collector
from bigboard.runtime.gateway_role import GatewayRole
from bigboard.runtime.redis_parts import (
    build_channels,
    build_publisher,
    build_spine,
    go_on_with_candles,
    process_name,
    redis_url,
)
from bigboard.wire.unified_symbol import unified_symbol, without_settlement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed
    from bigboard.settings import Settings
    from bigboard.wire.market import MarketEvent

__all__ = ["RedisUp"]

_COLLECTOR: Final = "collector"
_FLUSH_S: Final = 0.1
_LOOK_S: Final = 0.05
_TELL_S: Final = 5.0
_PATIENCE: Final = 3.0
"""Leases after which another aggregator must be the one that leads."""


class RedisUp:
    """Feed, collector, aggregator and gateway, without ZeroMQ between the first two.

    Other services may publish to the same board, and other gateways may serve it. ``tell`` is given lines for people.
    """

    def __init__(self, settings: Settings, feed: Feed, clock: Clock, tell: Callable[[str], None]) -> None:
        url = redis_url(settings, "this")
        self.settings = settings
        self.feed = feed
        self.gateway = GatewayRole(settings, clock, tell)
        self.spine = build_spine(settings, url, clock)
        self._channels = build_channels(settings, url, clock)
        self.aggregator = AggregatorPart(
            settings,
            clock,
            self.spine,
            self._channels,
            name=_name(settings, "aggregator", process_name(settings, "aggregator")),
        )
        self.outbox = Outbox(interval_s=settings.redis_write_interval, max_levels=settings.max_levels)
        self._names: dict[str, str] = {}
        self._publisher = build_publisher(settings, self.outbox, self._names, clock, tell)
        self._collector = build_collector(settings, feed, clock.epoch_ms())
        self._events = 0
        self._row = CollectorRow(
            _name(settings, _COLLECTOR, _COLLECTOR), clock, self._publisher, messages=lambda: self._events
        )
        self._clock = clock
        self._tell = tell

    @property
    def port(self) -> int:
        """The dashboard port in use."""
        return self.gateway.part.port

    @property
    def hub_port(self) -> int:
        """The hub port in use."""
        return self.gateway.part.hub_port

    def stop(self) -> None:
        """Ask ``run`` to end in order."""
        self.gateway.stop()

    async def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Run until ``stop``, SIGINT or SIGTERM, or the end of the feed with the setting ``exit``."""
        parts = {
            "aggregator": self.aggregator.run(),
            "publisher": self._publisher.run(),
            "feed": self._pump(),
            "flush": self._flush(),
            "report": self._row.run(),
        }
        tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
        serving = asyncio.create_task(self.gateway.run(on_ready), name="gateway")
        try:
            done, _ = await asyncio.wait([serving, *tasks], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.gateway.stop()
            await asyncio.gather(serving, return_exceptions=True)
            await end_all(*tasks)
            await self.spine.close()

    async def _pump(self) -> None:
        if self.feed.mode == "replay":
            await self._heard()
        await go_on_with_candles(self.settings, self._collector, self.feed.name, self._publisher, self._tell)
        async for events in self.feed.events():
            self._events += len(events)
            self._learn(events)
            self.outbox.add(self._collector.process(events, self._clock.epoch_ms()))
        self.outbox.add(self._collector.flush(self._clock.epoch_ms(), at_end=True))
        if self.settings.exit:
            await self._all_arrived()
            self.stop()
        await asyncio.Event().wait()  # The last state stays on the board until somebody stops it.

    async def _heard(self) -> None:
        """Wait until what is published comes on a board: a replay that began before would lose its first candles."""
        begun_s = told_s = self._clock.monotonic_s()
        # One that stands by listens as well, and keeps some seconds alone.
        while not (self._publisher.connected and self._channels.connected and self.aggregator.leads):
            await self._clock.sleep(_LOOK_S)
            now_s = self._clock.monotonic_s()
            if self.spine.connection.away or self.aggregator.leads:
                begun_s = now_s
            elif now_s - begun_s > _PATIENCE * self.settings.lease and self._publisher.connected:
                self._tell(f"Another aggregator leads the board {self.settings.board}: the replay goes there")
                return
            if now_s - told_s >= _TELL_S:
                told_s = now_s
                self._tell(f"The replay waits for the board {self.settings.board} on {self._publisher.where}")

    def _learn(self, events: Sequence[MarketEvent]) -> None:
        """The symbols as the feed spells them, for the keys in Redis."""
        for event in events:
            symbol = getattr(event, "symbol", None)
            if symbol and symbol not in self._names and len(self._names) < 2 * self.settings.max_symbols:
                spelled = without_settlement(unified_symbol(symbol, settled=False))
                self._names[symbol] = self._names[normalise_symbol(symbol)] = spelled

    async def _flush(self) -> None:
        while True:
            await self._clock.sleep(_FLUSH_S)
            self.outbox.add(self._collector.flush(self._clock.epoch_ms()))

    async def _all_arrived(self) -> None:
        """Wait until what was published has gone through Redis to the gateway, as far as can be told from here."""
        quiet = 0
        seen = -1
        while quiet < 4:
            await self._clock.sleep(max(_LOOK_S, self.settings.redis_write_interval))
            updates = self.aggregator.aggregator.updates
            quiet = quiet + 1 if updates - seen <= 1 else 0
            seen = updates


def _name(settings: Settings, role: str, otherwise: str) -> str:
    """What a role is called in ``services``: the name of the settings is that of the gateway here."""
    return f"{settings.name}-{role}" if settings.name else otherwise
