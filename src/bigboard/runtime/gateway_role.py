"""`bigboard gateway`: the board's log in Redis in, browsers, terminals and programs out; any number side by side."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from bigboard.board import Selection, Subscription
from bigboard.errors import SpineUnavailable
from bigboard.runtime.background import end_all, stopped_by_signals
from bigboard.runtime.gateway_part import GatewayPart
from bigboard.runtime.redis_parts import build_spine, process_name, redis_url, say_row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bigboard.clock import Clock
    from bigboard.settings import Settings

__all__ = ["GatewayRole"]

_REPORT_S = 1.0
_TELL_S = 5.0
_QUIET_S = 5.0
"""An aggregator that leads writes its own row every second; without a commit for so long there is none."""
_SERVICES = Selection((Subscription("services"),))
_ROLES = frozenset({"feed", "collector", "aggregator", "redis"})
"""Kinds of services that a board lives from; there are streams and gateways besides."""


class GatewayRole:
    """Serves the board of the settings from its spine in Redis. ``tell`` is given lines for people.

    While Redis is away the last state stays: ``/health`` calls it degraded, ``/health?ready`` answers 503, and what is on
    screen grows old there.
    """

    def __init__(self, settings: Settings, clock: Clock, tell: Callable[[str], None]) -> None:
        url = redis_url(settings, "a gateway")
        self.settings = settings
        self.spine = build_spine(settings, url, clock)
        self.part = GatewayPart(
            settings,
            clock,
            self.spine,
            self._parts,
            in_step=lambda: not (self.spine.connection.away or self.spine.behind),
        )
        self.name = process_name(settings, "gateway", self.part.hub_port)
        self.latency_ms: float | None = None
        """The last round trip to Redis; ``None`` while it is away."""
        self._clock = clock
        self._tell = tell
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end in order."""
        self._stop.set()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Run until ``stop``, SIGINT or SIGTERM; ``on_ready`` is called once connections are taken."""
        work = {**self.part.work(), "report": self._report(), "waiting": self._watch()}
        with stopped_by_signals(self._stop), self.part.tamed():
            tasks = [asyncio.create_task(part, name=name) for name, part in work.items()]
            ports = self.part.open()
            stop = asyncio.create_task(self._stop.wait(), name="stop")
            try:
                await self.part.opened()
                on_ready()
                done, _ = await asyncio.wait([stop, *tasks, *ports], return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            finally:
                await self.part.close()
                with suppress(SpineUnavailable):
                    # It ends in order: nobody has to be told that it is down.
                    await say_row(self.spine.connection, self.settings, self.name, {"deleted": True})
                await self.spine.close()
                await end_all(stop, *tasks, *ports)

    async def _report(self) -> None:
        """Publish the gateway's own row once a second, as any service does, and see how far away Redis is."""
        while True:
            row = self.part.service(self.name).data
            if self.latency_ms is not None:
                row["latency_ms"] = round(self.latency_ms, 2)
            begun_s = self._clock.monotonic_s()
            try:
                await say_row(self.spine.connection, self.settings, self.name, row)
                self.latency_ms = (self._clock.monotonic_s() - begun_s) * 1_000
            except SpineUnavailable:
                self.latency_ms = None
            await self._clock.sleep(_REPORT_S)

    async def _watch(self) -> None:
        """Say what is waited for, every few seconds."""
        while True:
            await self._clock.sleep(_TELL_S)
            connection = self.spine.connection
            if connection.away:
                self._tell(connection.trouble)
            elif not self.part.hub.board.sequence:
                self._tell(f"no aggregator has written the board {self.settings.board} yet")

    def _parts(self) -> Mapping[str, Mapping[str, Any]]:
        connection = self.spine.connection
        board = self.part.hub.board
        away = connection.away
        redis: dict[str, Any] = {
            "status": "down" if away else "up",
            "detail": connection.error or "",
            "latency_ms": None if self.latency_ms is None else round(self.latency_ms, 3),
        }
        services = board.snapshot(_SERVICES).data["services"]
        others = {
            f"{row.get('kind', 'service')} {name}": {
                "status": "stale" if away else row.get("status", "up"),
                "detail": row.get("detail", ""),
            }
            for name, row in services.items()
            if row.get("kind") in _ROLES
        }
        return {"gateway": self.part.figures(), "redis": redis, "spine": self._spine(away=away), **others}

    def _spine(self, *, away: bool) -> dict[str, Any]:
        board, stepped_s = self.part.hub.board, self.part.stepped_s
        status, detail = "up", ""
        if stepped_s is None:
            status, detail = "down", "no aggregator has written yet"
        # By the steady clock of this machine: that of the aggregator's may be a little ahead or behind.
        elif (quiet_s := self._clock.monotonic_s() - stepped_s) > _QUIET_S:
            status = "stale"
            detail = f"no commit for {quiet_s:.0f} s: is an aggregator running, and does Redis take what it writes?"
        return {
            "status": "stale" if away and stepped_s is not None else status,
            "detail": detail,
            "epoch": board.epoch,
            "sequence": board.sequence,
            "age_ms": self._clock.epoch_ms() - board.timestamp if board.timestamp else None,
        }
