"""A feed's numbered messages back into events, with what was lost on the way counted. Pure: no I/O and no clock.

See ``wire/feed_messages.py`` for the numbers. What comes out is what the contract of a feed says (``feed/base.py``): after a
hole in a book an empty full one and a ``Status`` that counts the gap, then nothing of it until the next full one. Changes
are never merged over a hole. A missed ticker is mended by the next repeated one; a missed trade can only be counted.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from bigboard.board.symbols import normalise_symbol
from bigboard.wire.market import Book, Status, Ticker, Trade
from bigboard.wire.unified_symbol import without_settlement

if TYPE_CHECKING:
    from bigboard.wire.feed_messages import FeedMessage, Place
    from bigboard.wire.market import MarketEvent, Mode

__all__ = ["FeedStreams"]

_SERVICES_PER_SYMBOL: Final = 4
_STREAM_OF: Final = {Ticker: "ticker", Trade: "trades", Book: "book"}


class _Stream:
    """One stream of one symbol."""

    __slots__ = ("name", "sequence", "service", "shown", "timestamp", "whole")

    def __init__(self, name: str, service: str, sequence: int, *, whole: bool) -> None:
        self.name = name
        self.service = service
        self.sequence = sequence
        """Of the last message."""
        self.whole = whole
        """Whether all of it is known. Not so after a hole, and for whoever came late."""
        self.timestamp = 0
        """Of the last event."""
        self.shown = False
        """Of a book: whether there is one to be seen that may have to be taken back."""


class FeedStreams:
    """All streams of the feed that is listened to. ``take`` gives the events of a message.

    ``missed`` counts lost messages by type. At most ``max_symbols`` symbols are kept; messages of others are left out, in
    ``left_out``. What comes before the first ``status`` tells nothing about who speaks, and is left to the repetitions.
    """

    def __init__(self, *, max_symbols: int) -> None:
        self.feed: str | None = None
        """The feed's name, once it is known; ``mode`` and ``venue`` come with it."""
        self.mode: Mode = "live"
        self.venue: str | None = None
        self.names: dict[str, str] = {}
        """The board's key of each symbol, and how it is spelled in the keys of Redis: ``BTC/USDT``."""
        self.missed: Counter[str] = Counter({"ticker": 0, "trades": 0, "book": 0, "status": 0})
        self.left_out = 0
        self._max_symbols = max_symbols
        self._run: int | None = None
        self._from_the_start = False
        self._streams: dict[tuple[type, str], _Stream] = {}
        self._status_number = 0
        self._statuses: dict[str, Status] = {}
        self._gaps: Counter[str] = Counter()
        self._untold: set[str] = set()
        self._mended: set[str] = set()
        """Services of which something was passed on that is no sign of life: what was said of them is to be said again."""

    def take(self, message: FeedMessage) -> list[MarketEvent]:
        """The events that a message brings, in order: mostly one, none for a repetition of what is known."""
        event, place = message
        if isinstance(event, Status):
            return self._status(event, place)
        if place.run != self._run:
            return []  # The status that begins a run says whose it is.
        stream = self._streams.get((type(event), event.symbol)) or self._open(event, place)
        if stream is None:
            self.left_out += 1
            return []
        before, stream.sequence = stream.sequence, max(stream.sequence, place.sequence)
        lost = place.sequence - before - 1
        if lost < 0:
            return []
        stream.timestamp = event.timestamp
        if lost:
            self._lose(stream, lost)
        return self._pass(stream, event, place, before)

    def gaps(self, now: int) -> list[MarketEvent]:
        """What was not told yet of the holes in tickers and trades; asked for about once a second."""
        events: list[MarketEvent] = []
        for service in sorted(self._untold):
            said = self._statuses.get(service)
            if said is None:
                said = Status(service=service, kind="stream", status="up", timestamp=now)
            events.append(replace(said, gaps=self._total_gaps(service, said)))
        self._untold.clear()
        return events

    def silent(self, now: int, detail: str) -> list[MarketEvent]:
        """Nothing comes any more: the feed is down until it is heard again."""
        if self.feed is None:
            return []
        self._statuses.pop(self.feed, None)  # So that its next word passes, though it is the same as its last.
        return [Status(service=self.feed, kind="feed", status="down", timestamp=now, detail=detail)]

    def _status(self, event: Status, place: Place) -> list[MarketEvent]:
        events = self._begin(place, event.timestamp) if place.run != self._run else []
        self.missed["status"] += max(0, place.sequence - self._status_number - 1)
        self._status_number = max(self._status_number, place.sequence)
        service = self._service(event.service)
        if place.repeat and self._statuses.get(service) == event and service not in self._mended:
            return events
        self._mended.discard(service)
        if service in self._statuses or len(self._statuses) < _SERVICES_PER_SYMBOL * self._max_symbols:
            self._statuses[service] = event
        if self._gaps[service]:
            event = replace(event, gaps=self._total_gaps(service, event))
        return [*events, event]

    def _begin(self, place: Place, now: int) -> list[MarketEvent]:
        """A run that is new, because it was the first, or because the feed was started again."""
        events: list[MarketEvent] = []
        for (_, symbol), stream in self._streams.items():
            events += self._drop(symbol, stream, now, "the feed was started again")
        self._run = place.run
        self.feed, self.mode, self.venue = place.feed, place.mode or "live", place.venue
        self._streams.clear()
        self._statuses.clear()
        self._untold.clear()
        self._mended.clear()
        self._status_number = place.sequence - 1
        # Whoever came late has not missed what was said before.
        self._from_the_start = place.sequence == 1
        return events

    def _open(self, event: Ticker | Trade | Book, place: Place) -> _Stream | None:
        if len(self._streams) >= len(_STREAM_OF) * self._max_symbols:
            return None
        name = _STREAM_OF[type(event)]
        key = normalise_symbol(event.symbol)
        if key in self.names or len(self.names) < self._max_symbols:
            self.names[key] = without_settlement(event.symbol)
        service = f"{self.feed}/{key}/{name}"
        before = 0 if self._from_the_start else place.sequence - 1
        stream = _Stream(name, service, before, whole=self._from_the_start and not isinstance(event, Book))
        self._streams[type(event), event.symbol] = stream
        return stream

    def _lose(self, stream: _Stream, lost: int) -> None:
        self.missed[stream.name] += lost
        self._gaps[stream.service] += 1
        self._untold.add(stream.service)
        if stream.name == "ticker":
            stream.whole = False

    def _pass(self, stream: _Stream, event: Ticker | Trade | Book, place: Place, before: int) -> list[MarketEvent]:
        if isinstance(event, Book):
            return self._book(stream, event, place, before)
        if not place.repeat:
            return [event]
        known, stream.whole = stream.whole, True
        return [] if known else self._mend(stream, event)

    def _book(self, stream: _Stream, event: Book, place: Place, before: int) -> list[MarketEvent]:
        lost = place.sequence - before - 1
        if event.partial:
            if stream.whole and place.previous == before:
                return [event]
            what = f"missed {lost} from the feed; waits for the next full book"
            return self._drop(event.symbol, stream, event.received_at, what)
        if place.repeat and stream.whole and not lost:
            return []
        stream.whole, stream.shown = True, bool(event.bids or event.asks)
        return self._mend(stream, event) if place.repeat else [event]

    def _mend(self, stream: _Stream, event: Ticker | Trade | Book) -> list[MarketEvent]:
        self._mended.update((self.feed or "", stream.service))
        return [event]

    def _drop(self, symbol: str, stream: _Stream, now: int, detail: str) -> list[MarketEvent]:
        """Take back a book that is shown: it may be wrong from here on."""
        shown, stream.shown, stream.whole = stream.shown, False, False
        if not shown:
            return []
        self._untold.discard(stream.service)
        gaps = self._total_gaps(stream.service, self._statuses.get(stream.service))
        return [
            Book(symbol=symbol, timestamp=stream.timestamp, received_at=now, bids=[], asks=[]),
            Status(service=stream.service, kind="stream", status="degraded", timestamp=now, detail=detail, gaps=gaps),
        ]

    def _total_gaps(self, service: str, said: Status | None) -> int:
        """What the feed counted, and what was seen here."""
        return self._gaps[service] + (0 if said is None else said.gaps or 0)

    def _service(self, service: str) -> str:
        """The feed may spell the symbol of a stream differently from the messages."""
        symbol, _, name = service.removeprefix(f"{self.feed}/").rpartition("/")
        known = symbol and name in _STREAM_OF.values() and service.startswith(f"{self.feed}/")
        return f"{self.feed}/{normalise_symbol(symbol)}/{name}" if known else service
