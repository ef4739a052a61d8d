"""`bigboard up`: every role in one process."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from bigboard.aggregator import Aggregator
from bigboard.board import Board, Selection, Subscription
from bigboard.clock import SystemClock
from bigboard.epoch import new_epoch
from bigboard.runtime.background import end_all, stopped_by_signals
from bigboard.runtime.collector_settings import build_collector
from bigboard.runtime.gateway_part import GatewayPart, board_limits
from bigboard.spine import MemorySpine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed
    from bigboard.settings import Settings

__all__ = ["Embedded"]

_log = structlog.stdlib.get_logger("bigboard.runtime")

_FLUSH_S = 0.1
_REPORT_S = 1.0
_SERVICES = Selection((Subscription("services"),))


class Embedded:
    """Every role in one process on embedded parts: what ``bigboard up`` runs."""

    def __init__(self, settings: Settings, feed: Feed, clock: Clock | None = None) -> None:
        self.settings = settings
        self.feed = feed
        self.clock = clock or SystemClock()
        epoch = new_epoch(self.clock.epoch_ms())
        self.spine = MemorySpine(max_diffs=settings.spine_length)
        self.aggregator = Aggregator(
            Board(epoch, limits=board_limits(settings)),
            self.spine,
            self.clock,
            commit_interval_s=settings.commit_interval,
        )
        self.collector = build_collector(settings, feed, self.clock.epoch_ms())
        self.gateway = GatewayPart(settings, self.clock, self.spine, self._parts, epoch=epoch)
        self.hub = self.gateway.hub
        self._stop = asyncio.Event()
        self.feed_ended = asyncio.Event()
        """Set when the feed came to its end and all of it is on the board."""

    @property
    def port(self) -> int:
        """The dashboard port in use."""
        return self.gateway.port

    @property
    def hub_port(self) -> int:
        """The hub port in use."""
        return self.gateway.hub_port

    def stop(self) -> None:
        """Ask ``run`` to end in order."""
        self._stop.set()

    async def run(self, on_ready: Callable[[], None] | None = None) -> None:
        """Run until ``stop``, SIGINT or SIGTERM, or the end of the feed with the setting ``exit``."""
        work = {
            "aggregator": self.aggregator.run(),
            "feed": self._pump(),
            "flush": self._flush(),
            **self.gateway.work(),
        }
        with stopped_by_signals(self._stop), self.gateway.tamed():
            background = [asyncio.create_task(part, name=name) for name, part in work.items()]
            background += self.gateway.open()
            stop = asyncio.create_task(self._stop.wait(), name="stop")
            try:
                await self.gateway.opened()
                if on_ready is not None:
                    on_ready()
                await _first_to_end(stop, background)
            finally:
                stop.cancel()
                await self._shut_down(background)

    async def _pump(self) -> None:
        async for events in self.feed.events():
            await self.aggregator.publish(self.collector.process(events, self.clock.epoch_ms()))
        await self.aggregator.publish(self.collector.flush(self.clock.epoch_ms(), at_end=True))
        await self.aggregator.commit()
        self.feed_ended.set()
        if self.settings.exit:
            self._stop.set()
        await asyncio.Event().wait()  # The last state stays on the board until somebody stops it.

    async def _flush(self) -> None:
        reported_at = self.clock.monotonic_s()
        while True:
            await self.clock.sleep(_FLUSH_S)
            await self.aggregator.publish(self.collector.flush(self.clock.epoch_ms()))
            if self.clock.monotonic_s() - reported_at >= _REPORT_S:
                reported_at = self.clock.monotonic_s()
                own = self.aggregator.service()
                own.data["sequence"] = self.aggregator.board.sequence
                self.aggregator.ingest([own, self.gateway.service("gateway")])

    def _parts(self) -> Mapping[str, Mapping[str, Any]]:
        board = self.hub.board
        services = board.snapshot(_SERVICES).data["services"]
        feed = services.get(self.feed.name, {})
        return {
            "feed": {
                "name": self.feed.name,
                "mode": self.feed.mode,
                "status": feed.get("status", "down"),
                "detail": feed.get("detail", ""),
            },
            "aggregator": {
                "status": self.aggregator.status,
                "epoch": self.aggregator.board.epoch,
                "sequence": self.aggregator.board.sequence,
                "updates": self.aggregator.updates,
                "rejected": self.aggregator.rejections.total,
                "rejections": {
                    f"{topic}/{reason}": count for (topic, reason), count in self.aggregator.rejections.counts.items()
                },
            },
            "gateway": self.gateway.figures(),
        }

    async def _shut_down(self, background: list[asyncio.Task[None]]) -> None:
        await self.gateway.close()
        await self.spine.close()
        await end_all(*background)


async def _first_to_end(stop: asyncio.Task[Any], background: list[asyncio.Task[None]]) -> None:
    """Wait for the stop, or for a part that fails: then its error is raised."""
    done, _ = await asyncio.wait([stop, *background], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        if task is not stop:
            task.result()
            _log.error("a part ended by itself", part=task.get_name())
