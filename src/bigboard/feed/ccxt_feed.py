"""A feed of a live exchange, by ccxt: any exchange of which ccxt streams.

How it is built, from the wire up: ``ccxt_venue`` (the exchange, a ccxt object per connection), ``ccxt_line`` (a connection
that mends itself), ``ccxt_readers`` (ccxt's structures as events), ``outbox`` (what waits for the consumer), and this.
"""

from __future__ import annotations

import asyncio
from random import Random, SystemRandom
from typing import TYPE_CHECKING, Final

from bigboard.clock import Clock, SystemClock
from bigboard.errors import FeedError
from bigboard.feed import ccxt_fields
from bigboard.feed.backoff import Backoff
from bigboard.feed.ccxt_line import Line
from bigboard.feed.ccxt_readers import BookReader, Reader, TickerReader, TradesReader
from bigboard.feed.ccxt_streams import choose_streams
from bigboard.feed.ccxt_venue import Unreachable, Venue, connect_venue
from bigboard.feed.outbox import Outbox
from bigboard.feed.own_loop import in_own_loop
from bigboard.feed.quoting import Quoting
from bigboard.feed.silence import Silence
from bigboard.feed.skips import Skips
from bigboard.feed.turn import Turn
from bigboard.wire.market import Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence

    from bigboard.feed.ccxt_streams import Plan, Stream
    from bigboard.wire.market import MarketEvent, Mode, ServiceStatus

__all__ = ["CcxtFeed"]

_STATUS_EVERY_S: Final = 1.0
_SYMBOLS_PER_LINE: Final = 100
"""Binance takes 200 streams in one subscription, others fewer."""
_BOOK_LINES: Final = 16
"""Connections for books. A book that lost its place takes those beside it along, so few share one."""
_CONTRACTS = ("mark price", "funding")
_CONVERTERS: Final = {
    "quotes": ccxt_fields.quotes,
    "ticker": ccxt_fields.day,
    "mark price": ccxt_fields.mark_price,
    "funding": ccxt_fields.funding,
}


class CcxtFeed:
    """The symbols of one exchange, live.

    ``exchange`` is ccxt's id (``binanceusdm``), ``symbols`` unified (``BTC/USDT:USDT``) or the exchange's own spelling.
    A stream without data for longer than ``stale_after_s`` (trades, and what comes seldom: ``stale_after_trades_s``) is
    connected anew. ``url`` sends every request elsewhere, ``book_levels`` is how many levels a side a snapshot has.
    """

    mode: Mode = "live"

    def __init__(
        self,
        exchange: str,
        symbols: Sequence[str],
        *,
        depth: int = 25,
        stale_after_s: float = 10.0,
        stale_after_trades_s: float = 60.0,
        url: str | None = None,
        book_levels: int = 1_000,
        first_pause_s: float = 0.5,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        if not symbols:
            raise ValueError("a live feed needs at least one symbol")
        self.name = exchange
        self.lines: list[Line] = []
        """Its connections, once the exchange is known."""
        self._asked = tuple(dict.fromkeys(symbols))
        self._depth = depth
        self._stale_after_s = stale_after_s
        self._stale_after_trades_s = stale_after_trades_s
        self._url = url
        self._book_levels = max(book_levels, depth)
        self._first_pause_s = first_pause_s
        self._clock = clock if clock is not None else SystemClock()
        self._random = random if random is not None else SystemRandom()
        self._venue: Venue | None = None
        self._plan: Plan | None = None
        self._problem = ""
        self._begun = False
        self._outbox = Outbox()
        self._skips = Skips()
        self._news = asyncio.Event()

    @property
    def venue(self) -> str | None:
        """The exchange's id."""
        return self.name

    @property
    def symbols(self) -> tuple[str, ...]:
        """Unified, once the exchange is known."""
        return self._venue.symbols if self._venue is not None else ()

    async def open(self) -> bool:
        """Get to know the exchange: import ccxt, read the markets, find the symbols. ``events`` does it if nobody did.

        Returns whether the exchange answered. Raises ``FeedError`` for an exchange or a symbol that does not exist, and
        ``MissingExtra`` without ccxt.
        """
        if self._venue is not None:
            return True
        try:
            venue = await in_own_loop(lambda: connect_venue(self._make_venue, self._asked))
        except Unreachable as error:
            self._problem = str(error)
            return False
        self._venue = venue
        self._plan = choose_streams(venue.has, derivatives=bool(venue.derivatives))
        if not self._plan.streams:
            raise FeedError(self.name, "ccxt has no streams of this exchange; choose another, such as binanceusdm")
        return True

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        """See ``Feed``; it never ends by itself."""
        if self._begun:
            raise RuntimeError("events() of a feed may be called once")
        self._begun = True
        backoff = self._backoff()
        while not await self.open():
            pause_s = backoff.next_s()
            yield [self._status("down", f"cannot reach the exchange: {self._problem}; tries again in {pause_s:.1f} s")]
            await self._clock.sleep(pause_s)
        self.lines = [*self._make_lines()]
        yield [self._report()]
        tasks = [asyncio.create_task(work) for work in (self._tell(), *(line.run() for line in self.lines))]
        for task in tasks:
            task.add_done_callback(lambda _: self._news.set())
        try:
            async for batch in self._batches(tasks):
                yield batch
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _batches(self, tasks: Iterable[asyncio.Task[None]]) -> AsyncGenerator[list[MarketEvent], None]:
        turn = Turn()
        while True:
            if not self._outbox:
                await self._news.wait()
                turn.begin()
            self._news.clear()
            for task in tasks:
                if task.done():
                    task.result()  # they never end, so this raises what ended it
            if batch := self._outbox.take():
                yield batch
            if turn.is_over():
                await self._clock.sleep(0)
                turn.begin()

    async def _tell(self) -> None:
        while True:
            await self._clock.sleep(_STATUS_EVERY_S)
            self._outbox.status(self._report())
            self._news.set()

    def _make_venue(self) -> Venue:
        return Venue(self.name, url=self._url, book_levels=self._book_levels)

    def _backoff(self) -> Backoff:
        return Backoff(self._random, first_s=self._first_pause_s)

    def _make_lines(self) -> Iterable[Line]:
        venue, plan = self._known()
        quoting = Quoting()
        for stream in plan.streams:
            groups = self._groups(stream, venue)
            for number, group in enumerate(groups, start=1):
                part = stream.kind if len(groups) == 1 else f"{stream.kind} {number}"
                yield Line(
                    venue,
                    stream,
                    self._reader(stream, group, quoting),
                    self._outbox,
                    service=f"{self.name}/{part}",
                    wake=self._news.set,
                    silence=self._silence(stream, group),
                    backoff=self._backoff(),
                    skips=self._skips,
                    clock=self._clock,
                )

    def _groups(self, stream: Stream, venue: Venue) -> list[Sequence[str]]:
        """The symbols of each connection."""
        symbols: Sequence[str] = venue.symbols
        if stream.kind in _CONTRACTS:
            symbols = venue.derivatives
        size = -(-len(symbols) // _BOOK_LINES) if stream.kind == "book" else _SYMBOLS_PER_LINE
        return [symbols[first : first + size] for first in range(0, len(symbols), size)]

    def _silence(self, stream: Stream, symbols: Sequence[str]) -> Silence:
        quick = stream.kind in {"quotes", "book"}
        limit_s = self._stale_after_s if quick else self._stale_after_trades_s
        return Silence(symbols, limit_s=limit_s, each=stream.kind in {"quotes", "book", "mark price"})

    def _reader(self, stream: Stream, symbols: Sequence[str], quoting: Quoting) -> Reader:
        venue, _ = self._known()
        if stream.kind == "book":
            return BookReader(
                symbols,
                self._outbox,
                service=self.name,
                depth=self._depth,
                levels=self._book_levels,
                checked=venue.checks_books,
                quoting=quoting,
            )
        if stream.kind == "trades":
            return TradesReader(symbols, self._outbox, self._skips, service=self.name)
        ticks = {symbol: tick for symbol in symbols if (tick := venue.tick_size(symbol)) is not None}
        convert = _CONVERTERS[stream.kind]
        return TickerReader(
            stream.kind, symbols, self._outbox, convert, service=self.name, quoting=quoting, tick_sizes=ticks
        )

    def _known(self) -> tuple[Venue, Plan]:
        if self._venue is None or self._plan is None:
            raise RuntimeError("the exchange is not known yet: open() it first")
        return self._venue, self._plan

    def _report(self) -> Status:
        down = [line for line in self.lines if line.status != "up" and line.reconnects]
        if not down:
            return self._status("up", "live")
        status: ServiceStatus = "down" if len(down) == len(self.lines) else "degraded"
        return self._status(status, f"{len(down)} of {len(self.lines)} connections down: {down[0].detail}")

    def _status(self, status: ServiceStatus, word: str) -> Status:
        return Status(
            service=self.name,
            kind="feed",
            status=status,
            timestamp=self._clock.epoch_ms(),
            detail="; ".join([word, *self._remarks()]),
            skipped=self._skips.count + self._outbox.dropped_trades,
        )

    def _remarks(self) -> Iterable[str]:
        if self._plan is not None:
            yield f"{len(self.symbols)} symbols on {len(self.lines)} connections"
            yield from self._plan.missing
        if reconnects := sum(line.reconnects for line in self.lines):
            yield f"{reconnects} reconnects"
        if self._skips.count:
            yield str(self._skips)
        if self._outbox.dropped_trades:
            yield f"{self._outbox.dropped_trades} trades dropped, the reader is too slow"
