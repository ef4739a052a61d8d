"""`bigboard aggregator`: what services publish on Redis in, the board's log out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bigboard.errors import SettingError
from bigboard.garbage import Garbage
from bigboard.runtime.aggregator_part import AggregatorPart
from bigboard.runtime.background import run_until, stopped_by_signals
from bigboard.runtime.redis_parts import build_channels, build_spine, process_name, redis_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.clock import Clock
    from bigboard.settings import Settings

__all__ = ["AggregatorRole"]

_TELL_S = 5.0
_PATIENCE = 3.0
"""Leases that one which is no standby waits for its own predecessor, which may have died a moment ago."""


class AggregatorRole:
    """Leads the board of the settings, or waits to. ``tell`` is given lines for people.

    Raises ``SettingError`` where no Redis is said, and from ``run`` where another aggregator leads and this one was not told
    to stand by.
    """

    def __init__(self, settings: Settings, clock: Clock, tell: Callable[[str], None]) -> None:
        url = redis_url(settings, "an aggregator")
        self.settings = settings
        self.spine = build_spine(settings, url, clock)
        self.name = process_name(settings, "aggregator")
        self.part = AggregatorPart(
            settings, clock, self.spine, build_channels(settings, url, clock), name=self.name, on_lead=self._led
        )
        self._clock = clock
        self._tell = tell
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Ask ``run`` to end in order."""
        self._stop.set()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Run until ``stop``, SIGINT or SIGTERM; ``on_ready`` is called once these are heeded."""
        garbage = Garbage(self._clock)
        try:
            with stopped_by_signals(self._stop), garbage.tamed():
                on_ready()
                parts = {"aggregator": self.part.run(), "waiting": self._watch(), "garbage": garbage.run()}
                await run_until(self._stop, parts)
        finally:
            await self.spine.close()

    def _led(self) -> None:
        board = self.part.board
        self._tell(f"Leads the board {self.settings.board} from {board.epoch}@{board.sequence} on")

    async def _watch(self) -> None:
        """Say what is waited for; give up where another leads and nobody asked for a standby."""
        waited_s = 0.0
        while True:
            await self._clock.sleep(_TELL_S if self.settings.standby else self.settings.lease)
            connection = self.spine.connection
            if self.part.leads:
                waited_s = 0.0
            elif connection.away:
                self._tell(connection.trouble)
                waited_s = 0.0
            elif self.settings.standby:
                self._tell(f"Stands by: another aggregator leads the board {self.settings.board}")
            else:
                waited_s += self.settings.lease
                if waited_s > _PATIENCE * self.settings.lease and not self.part.takeovers:
                    raise SettingError(
                        "standby",
                        "",
                        f"standby: another aggregator leads the board {self.settings.board}; start this one with"
                        " --standby to have it take over when that one is gone, or choose another --board",
                    )
