"""Is everything alive: the rows of a feed and of its streams in the topic ``services``.

A connection that is up may carry nothing: an exchange that dropped one subscription says so nowhere. Each stream
(``FEED/SYMBOL/ticker``, ``…/book``, ``…/trades``) therefore has a watchdog of its own on the wall clock: without a message
for longer than its limit it is ``stale``, with the next message it is ``up`` again. What the feed itself says with a
``Status`` (down, degraded) holds until it says ``up`` or data comes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board.symbols import normalise_symbol
from bigboard.board.update import Update
from bigboard.collector.rates import SlidingRate

if TYPE_CHECKING:
    from bigboard.collector.settings import CollectorSettings
    from bigboard.wire.market import Status

__all__ = ["STREAMS", "Watch", "Watchdog"]

STREAMS = ("ticker", "book", "trades")
_COUNTERS = ("gaps", "resyncs", "skipped")
_MAX_OTHER = 1_000


class Watch:
    """What is known about one feed, stream or other service that a feed speaks of.

    Whoever gets a message of it does ``count += 1`` and ``last_seen = now``, and calls ``Watchdog.revive`` if ``alarmed``.
    (Two assignments and not a method: this is the path of each single message.)
    """

    __slots__ = (
        "_rate", "alarmed", "count", "detail", "key", "kind", "last_seen", "limit_ms", "rate", "row", "said", "since", "told"
    )  # fmt: skip

    def __init__(self, key: str, kind: str, limit_ms: int | None, now: int, rate_window_ms: int) -> None:
        self.key = key
        self.kind = kind
        self.limit_ms = limit_ms
        self.since = now
        self.last_seen = 0
        """Wall-clock time of the last message, 0 before the first."""
        self.count = 0
        self.alarmed = False
        """Whether anything but ``up`` was told or seen, so that the next message changes its status."""
        self.told: str | None = None
        """A status other than ``up`` that the feed said and that still holds."""
        self.detail: str | None = None
        self.said: dict[str, int] = {}
        self.rate = 0.0
        self._rate = SlidingRate(rate_window_ms, now)
        self.row: dict[str, Any] = {}
        """The row as it was last sent."""

    def silent_ms(self, now: int) -> int:
        """How long nothing came."""
        return max(0, now - max(self.last_seen, self.since))

    def seen(self, now: int) -> str:
        """``up`` or ``stale``, from the messages alone."""
        return "stale" if self.limit_ms is not None and self.silent_ms(now) > self.limit_ms else "up"

    def status(self, now: int) -> str:
        """What the feed said if it holds, else what was seen."""
        status = self.told or self.seen(now)
        self.alarmed = status != "up"
        return status

    def measure(self, now: int) -> None:
        """Read the message rate."""
        self.rate = self._rate.read(self.count, now)

    def fields(self, status: str, detail: str | None, now: int) -> dict[str, Any]:
        """The whole row; ``None`` for what is unknown."""
        return {
            "service": self.key,
            "kind": self.kind,
            "status": status,
            "last_seen": self.last_seen or None,
            "age_ms": _coarse(self.silent_ms(now)) if self.last_seen else None,
            "messages_per_second": self.rate,
            "gaps": None,
            "resyncs": None,
            "detail": detail,
            **self.said,
        }


class Watchdog:
    """All services of one feed."""

    def __init__(self, feed: str, started_at: int, settings: CollectorSettings) -> None:
        self._prefix = f"{feed}/"
        self._settings = settings
        self._limits = {
            "ticker": settings.ticker_stale_ms,
            "book": settings.book_stale_ms,
            "trades": settings.trades_stale_ms,
        }
        # The feed as a whole has a limit only for the time before its first stream.
        self.feed = Watch(feed, "feed", settings.ticker_stale_ms, started_at, settings.rate_window_ms)
        self._streams: dict[str, Watch] = {}
        self._others: dict[str, Watch] = {}
        self._urgent: dict[str, Watch] = {}

    def stream(self, symbol: str, stream: str, now: int) -> Watch:
        """The watch of a stream of a symbol (the board's key), made when it is first asked for."""
        key = f"{self._prefix}{symbol}/{stream}"
        watch = self._streams.get(key)
        if watch is None:
            watch = Watch(key, "stream", self._limits[stream], now, self._settings.rate_window_ms)
            self._streams[key] = watch
        return watch

    def tell(self, status: Status, now: int) -> None:
        """Take what the feed says about itself or a part of it."""
        watch = self._find(status, now)
        if watch is None:
            return
        watch.told = None if status.status == "up" else status.status
        watch.detail = status.detail or None
        for name in _COUNTERS:
            value = getattr(status, name)
            if value is not None and value >= 0:
                watch.said[name] = value
        watch.alarmed = True
        self._urge(watch)

    def revive(self, watch: Watch) -> None:
        """A message of a watch that was not up: what was told no longer holds."""
        if watch.told is not None:
            watch.told = watch.detail = None
        watch.alarmed = False
        self._urge(watch)

    def urgent(self, now: int) -> list[Update]:
        """Rows that cannot wait for the next report: a status was told, or data came again."""
        updates = [update for watch in self._urgent.values() for update in self._row(watch, now)]
        self._urgent.clear()
        return updates

    def report(self, now: int) -> list[Update]:
        """What changed in all rows, with rates and ages."""
        watches = [*self._streams.values(), *self._others.values(), self.feed]
        for watch in watches:
            watch.measure(now)
        self._urgent.clear()
        return [update for watch in watches for update in self._row(watch, now)]

    def refresh(self, symbol: str) -> list[Update]:
        """The rows of a symbol's streams, whole."""
        watches = (self._streams.get(f"{self._prefix}{symbol}/{stream}") for stream in STREAMS)
        return [_whole(watch) for watch in watches if watch is not None and watch.row]

    def refresh_feed(self) -> list[Update]:
        """The rows of the feed and of what it speaks of beside its streams, whole."""
        return [_whole(watch) for watch in (self.feed, *self._others.values()) if watch.row]

    def _urge(self, watch: Watch) -> None:
        # The feed's status follows from its streams'; it comes last, after theirs are known.
        self._urgent.pop(self.feed.key, None)
        self._urgent[watch.key] = watch
        self._urgent[self.feed.key] = self.feed

    def _row(self, watch: Watch, now: int) -> list[Update]:
        status, detail = self._judge_feed(now) if watch is self.feed else _judge(watch, now)
        row = watch.fields(status, detail, now)
        patch = {name: value for name, value in row.items() if watch.row.get(name) != value}
        watch.row = row
        return [Update("services", watch.key, patch)] if patch else []

    def _judge_feed(self, now: int) -> tuple[str, str | None]:
        feed = self.feed
        if feed.told is not None:
            return feed.told, feed.detail
        # Trades alone say little, a quiet market has none; but a feed may carry nothing else.
        streams = list(self._streams.values())
        watched = [watch for watch in streams if not watch.key.endswith("/trades")] or streams
        if not watched:
            return _judge(feed, now)
        bad = sum(1 for watch in watched if watch.status(now) != "up")
        if not bad:
            return "up", feed.detail
        return "stale" if bad == len(watched) else "degraded", f"{bad} of {len(watched)} streams not up"

    def _find(self, status: Status, now: int) -> Watch | None:
        if status.service == self.feed.key:
            return self.feed
        part = status.service.removeprefix(self._prefix)
        symbol, _, stream = part.rpartition("/")
        if part != status.service and symbol and stream in self._limits:
            key = normalise_symbol(symbol)
            if f"{self._prefix}{key}/{stream}" in self._streams or self._has_room():
                return self.stream(key, stream, now)
            return None
        if status.service not in self._others and len(self._others) < _MAX_OTHER:
            self._others[status.service] = Watch(status.service, status.kind, None, now, self._settings.rate_window_ms)
        return self._others.get(status.service)

    def _has_room(self) -> bool:
        return len(self._streams) < len(STREAMS) * self._settings.max_symbols


def _judge(watch: Watch, now: int) -> tuple[str, str | None]:
    status = watch.status(now)
    if status == "stale" and watch.told is None and watch.limit_ms is not None:
        return status, f"no message for more than {watch.limit_ms / 1000:g} s"
    return status, watch.detail


def _whole(watch: Watch) -> Update:
    return Update("services", watch.key, dict(watch.row))


def _coarse(age_ms: int) -> int:
    """An age in steps that grow with it, so that a stream that is alive says 0 and a dead one seldom something new."""
    step = 1_000 if age_ms < 60_000 else 10_000 if age_ms < 600_000 else 60_000
    return age_ms - age_ms % step
