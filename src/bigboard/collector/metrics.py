"""The rows of the topic ``metrics``: one per symbol, and ``total``."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from bigboard.board.update import Update
from bigboard.collector.rates import SlidingRate, median_latency_ms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigboard.collector.symbol import SymbolState

__all__ = ["Metrics"]

_TOTAL_LATENCY_SAMPLES = 512


class Metrics:
    """Counts, rates and latency of a collector.

    ``feed_latency_ms`` is the median over the last 64 messages of the symbol, for ``total`` over the last 512 messages of
    all. A symbol's rate is the sum of its streams' rates, so the watchdog measures first.
    """

    def __init__(self, started_at: int, rate_window_ms: int) -> None:
        self._started_at = started_at
        self._rate = SlidingRate(rate_window_ms, started_at)
        self.messages = 0
        self.latencies: deque[float] = deque(maxlen=_TOTAL_LATENCY_SAMPLES)

    def report(self, symbols: Iterable[SymbolState], counters: dict[str, int], now: int) -> list[Update]:
        """All rows; ``counters`` are put beside the fields of ``total``."""
        uptime = max(0, now - self._started_at) // 1_000
        updates = [Update("metrics", state.key, _symbol_row(state, uptime)) for state in symbols]
        total: dict[str, Any] = {
            "messages_received": self.messages,
            "messages_per_second": self._rate.read(self.messages, now),
            "uptime_seconds": uptime,
            "feed_latency_ms": median_latency_ms(self.latencies),
            **counters,
        }
        updates.append(Update("metrics", "total", total))
        return updates


def _symbol_row(state: SymbolState, uptime: int) -> dict[str, Any]:
    fields = state.row.fields
    return {
        "spread": fields.get("spread"),
        "spread_bps": fields.get("spread_bps"),
        "messages_received": sum(stream.count for stream in state.streams.values()),
        "messages_per_second": round(sum(stream.rate for stream in state.streams.values()), 2),
        "uptime_seconds": uptime,
        "feed_latency_ms": median_latency_ms(state.latencies),
    }
