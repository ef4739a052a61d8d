"""The aggregator on a spine that many may write to: it leads while it holds the lease, and waits for it otherwise."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from bigboard.aggregator import Aggregator
from bigboard.aggregator.replay import without_known_trades
from bigboard.aggregator.service_watch import ServiceWatch
from bigboard.board import Board, Selection, Subscription, Update
from bigboard.epoch import new_epoch
from bigboard.errors import SpineUnavailable
from bigboard.runtime.background import end_all, until_one_ends
from bigboard.runtime.gateway_part import board_limits
from bigboard.runtime.redis_parts import say_row
from bigboard.spine.takeover import take_over

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.clock import Clock
    from bigboard.settings import Settings
    from bigboard.sources.base import Delivery, HoldingSource
    from bigboard.spine.redis_lease import Standing
    from bigboard.spine.redis_spine import RedisSpine

__all__ = ["AggregatorPart"]

_REPORT_S = 1.0
_RETRY_S = 0.5
_HOLD_S = 2.0
"""What a standby keeps beyond a lease: for the time to find it free, and to read the log."""
_TURN_S = 0.003
_SERVICES = Selection((Subscription("services"),))
_log = structlog.stdlib.get_logger("bigboard.aggregator")


class AggregatorPart:
    """Takes what a source says, and writes it to a spine in Redis.

    ``on_lead`` is called whenever it begins to lead. What the source says while another leads is kept for somewhat longer
    than a lease: if the other dies, it may have died with just that.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        spine: RedisSpine,
        source: HoldingSource,
        *,
        name: str = "aggregator",
        on_lead: Callable[[], None] = lambda: None,
    ) -> None:
        self.board = Board("", limits=board_limits(settings))
        self.name = name
        self.aggregator = self._new(settings, clock, spine, name)
        self.leads = False
        self.takeovers = 0
        """How often it began to lead."""
        self._settings = settings
        self._clock = clock
        self._spine = spine
        self._source = source
        # Its own row is written here once a second: it needs no watching.
        self._new_watch = partial(ServiceWatch, but={name}, forget_s=settings.service_ttl)
        self._watch = self._new_watch()
        self._on_lead = on_lead

    async def run(self) -> None:
        """Wait for the lease, lead until it is lost, and again, until cancelled."""
        self._hold()
        listening = asyncio.create_task(self._source.run(self._take), name="source")
        leading = asyncio.create_task(self._lead_whenever(), name="leading")
        await until_one_ends(listening, leading)

    async def _lead_whenever(self) -> None:
        while True:
            standing = await self._lease()
            try:
                await self._lead(standing)
            except SpineUnavailable as error:
                _log.warning("cannot lead", error=str(error)[:300])
                self._spine.lease.give_up()
                await self._clock.sleep(_RETRY_S)

    def _new(self, settings: Settings, clock: Clock, spine: RedisSpine, name: str) -> Aggregator:
        return Aggregator(self.board, spine, clock, commit_interval_s=settings.commit_interval, name=name)

    def _hold(self) -> None:
        self._source.hold(self._settings.lease + _HOLD_S)

    async def _lease(self) -> Standing:
        """Wait for the lease, and have whoever leads show that this one stands by."""
        announcing = asyncio.create_task(self._stand_by(), name="standby")
        try:
            return await self._spine.lease.wait()
        finally:
            await end_all(announcing)

    async def _stand_by(self) -> None:
        try:
            while True:
                await self._clock.sleep(_REPORT_S)
                row = {"status": "up", "detail": "stands by", "last_seen": self._clock.epoch_ms()}
                await self._say({"service": self.name, "kind": "aggregator", **row})
        except asyncio.CancelledError:
            if not self._spine.lease.held:
                await self._say({"deleted": True})
            raise

    async def _say(self, row: dict[str, Any]) -> None:
        """Have whoever leads write this process's row."""
        # While Redis is away nobody leads, and there is nothing to say to anybody.
        with contextlib.suppress(SpineUnavailable):
            await say_row(self._spine.connection, self._settings, self.name, row)

    def _look_around(self) -> None:
        """What the services of the board last said may be old: they have to say it again, and the last leader is gone."""
        rows = self.board.snapshot(_SERVICES).data["services"]
        self._watch.note([Update("services", name, row) for name, row in rows.items()], self._clock.monotonic_s())
        gone = {"status": "down", "detail": "leads no more"}
        self.aggregator.ingest(
            [
                Update("services", name, gone)
                for name, row in rows.items()
                if row.get("kind") == "aggregator" and name != self.name
            ]
        )

    async def _lead(self, standing: Standing) -> None:
        # The lease may run out while a long log is read: it has to be kept from the first moment.
        keeping = asyncio.create_task(self._spine.lease.keep(), name="lease")
        try:
            await take_over(self._spine, standing, self.board, lambda: new_epoch(self._clock.epoch_ms()))
            # What another writer left half done is not this one's: it starts from the board alone.
            self.aggregator = self._new(self._settings, self._clock, self._spine, self.name)
            self._watch = self._new_watch()
            await until_one_ends(keeping, asyncio.create_task(self._work(), name="aggregator"))
            _log.warning("the lease is lost", sequence=self.board.sequence)
        finally:
            self._hold()
            if self.leads:
                self.leads = False
                await self._resign()
            await end_all(keeping)

    async def _work(self) -> None:
        await self.aggregator.begin()
        self._look_around()
        await self._source.hand_over(self._replay)
        self.leads = True
        self.takeovers += 1
        self._on_lead()
        _log.info("leads", epoch=self.board.epoch, sequence=self.board.sequence)
        reporting = asyncio.create_task(self._report(), name="report")
        try:
            await self.aggregator.run()
        finally:
            await end_all(reporting)

    async def _resign(self) -> None:
        """Write what was taken in, if that is still this one's right, before the lease is given back."""
        if self._spine.lease.held:
            self.aggregator.ingest([Update("services", self.name, {"deleted": True})])
            await self.aggregator.commit()

    async def _replay(self, deliveries: list[Delivery]) -> None:
        """Take in what came before this one led. Nothing is committed on the way: nobody sees the board go back."""
        turn_s = self._clock.monotonic_s()
        for delivery in without_known_trades(deliveries, self.board):
            await self.aggregator.take([delivery._replace(barrier=False)])
            self._watch.note(delivery.updates, turn_s)
            if self._clock.monotonic_s() - turn_s > _TURN_S:
                await self._clock.sleep(0)
                turn_s = self._clock.monotonic_s()

    async def _take(self, deliveries: list[Delivery]) -> None:
        await self.aggregator.take(deliveries)
        now_s = self._clock.monotonic_s()
        for delivery in deliveries:
            self._watch.note(delivery.updates, now_s)

    async def _report(self) -> None:
        while True:
            await self._clock.sleep(_REPORT_S)
            own = self.aggregator.service()
            own.data.update(sequence=self.board.sequence, takeovers=self.takeovers)
            latency_ms = self._spine.connection.latency_ms
            if latency_ms is not None:
                own.data["latency_ms"] = round(latency_ms, 2)
            overdue = self._watch.overdue(self._clock.monotonic_s())
            self.aggregator.ingest([own, self._source.service(), *overdue])
