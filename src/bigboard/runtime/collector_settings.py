"""What the settings say about a collector, for those who run one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.collector import MarketCollector
from bigboard.collector.settings import CollectorSettings

if TYPE_CHECKING:
    from bigboard.feed.base import Feed
    from bigboard.settings import Settings

__all__ = ["build_collector", "collector_settings"]


def build_collector(settings: Settings, feed: Feed, now_ms: int) -> MarketCollector:
    """The collector of a feed, begun now."""
    return MarketCollector(
        feed=feed.name,
        mode=feed.mode,
        venue=feed.venue,
        started_at=now_ms,
        settings=collector_settings(settings),
    )


def collector_settings(settings: Settings) -> CollectorSettings:
    """The collector's own settings, durations in milliseconds."""
    return CollectorSettings(
        candle_intervals=settings.candle_intervals,
        ticker_stale_ms=round(settings.stale_after * 1000),
        book_stale_ms=round(settings.stale_after * 1000),
        trades_stale_ms=round(settings.stale_after_trades * 1000),
        max_symbols=settings.max_symbols,
        max_book_levels=settings.max_levels,
    )
