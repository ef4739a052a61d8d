"""A collector's own row in ``services``, the same in a process of its own and within ``up --redis``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bigboard.board import Update, UpdateBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bigboard.clock import Clock
    from bigboard.collector.outbox import Outbox
    from bigboard.collector.redis_publisher import RedisPublisher

__all__ = ["CollectorRow"]

_REPORT_S: Final = 1.0


class CollectorRow:
    """Puts the row of the collector ``name`` into its outbox, once a second.

    ``messages`` tells how many messages came so far, ``waits`` what the collector waits for beside Redis, and ``missed``
    further fields: what was lost on the way to it.
    """

    def __init__(
        self,
        name: str,
        clock: Clock,
        publisher: RedisPublisher,
        *,
        messages: Callable[[], int],
        waits: Callable[[], str | None] = lambda: None,
        missed: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self.name = name
        self._clock = clock
        self._publisher = publisher
        self._outbox: Outbox = publisher.outbox
        self._messages = messages
        self._waits = waits
        self._missed = missed

    async def run(self) -> None:
        """Report until cancelled."""
        reported_s, before = self._clock.monotonic_s(), self._messages()
        while True:
            await self._clock.sleep(_REPORT_S)
            now_s, messages = self._clock.monotonic_s(), self._messages()
            rate = round((messages - before) / (now_s - reported_s), 1)
            reported_s, before = now_s, messages
            self._outbox.add([UpdateBatch([Update("services", self.name, self._fields(rate))])])

    def _fields(self, rate: float) -> dict[str, Any]:
        publisher, waits = self._publisher, self._waits()
        return {
            "service": self.name,
            "kind": "collector",
            "status": publisher.status if waits is None else "degraded",
            "detail": publisher.detail or waits,
            "last_seen": self._clock.epoch_ms(),
            "messages_per_second": rate,
            **self._missed(),
            "lost_trades": self._outbox.lost_trades,
            "lost_candles": self._outbox.lost_closings,
            "refused_writes": publisher.refused,
        }
