"""One connection to an exchange: some symbols of one kind of stream, watched, and made anew when it fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from bigboard.feed.ccxt_book import BookFault
from bigboard.feed.ccxt_readers import Moment
from bigboard.feed.ccxt_venue import let_go
from bigboard.wire.market import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from bigboard.clock import Clock
    from bigboard.feed.backoff import Backoff
    from bigboard.feed.ccxt_readers import Reader
    from bigboard.feed.ccxt_streams import Stream
    from bigboard.feed.ccxt_venue import Venue
    from bigboard.feed.outbox import Outbox
    from bigboard.feed.silence import Silence
    from bigboard.feed.skips import Skips
    from bigboard.wire.market import ServiceStatus

__all__ = ["Line"]

_WATCH_EVERY_S: Final = 0.25
_POLL_EVERY_S: Final = 30.0
_WELL_AFTER_S: Final = 10.0
"""A connection that carried data for so long has proved itself: the next failure is a first one."""


class _Failed(Exception):  # noqa: N818 - it says what happened, in words for people
    """Why a connection is given up."""


class Line:
    """Runs until it is cancelled. ``service`` is its own row in the topic ``services``.

    Whatever goes wrong (a closed socket, silence, a refused subscription, a message that ccxt cannot read) ends one
    connection and begins the next, after a pause.
    """

    def __init__(
        self,
        venue: Venue,
        stream: Stream,
        reader: Reader,
        outbox: Outbox,
        *,
        service: str,
        wake: Callable[[], None],
        silence: Silence,
        backoff: Backoff,
        skips: Skips,
        clock: Clock,
    ) -> None:
        self.service = service
        self.status: ServiceStatus = "degraded"
        self.detail = "connecting"
        self.reconnects = 0
        """Connections after the first."""
        self._venue = venue
        self._stream = stream
        self._reader = reader
        self._outbox = outbox
        self._wake = wake
        self._silence = silence
        self._backoff = backoff
        self._skips = skips
        self._clock = clock
        self._began_s = 0.0
        self._closing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Connect, read, and connect again."""
        try:
            while True:
                exchange = await asyncio.to_thread(self._venue.connection)
                try:
                    problem, gap = await self._read(exchange)
                    self._reader.lost(exchange, problem, self._now(), gap=gap)
                finally:
                    self._let_go(exchange)
                if not self._silence.spoke:
                    self._stream = self._stream.swapped()  # perhaps it is the method that does not work
                pause_s = self._pause_s()
                self.reconnects += 1
                self._say("degraded", f"{problem}; connects again in {pause_s:.1f} s")
                await self._clock.sleep(pause_s)
        finally:
            await asyncio.gather(*self._closing, return_exceptions=True)

    async def _read(self, exchange: Any) -> tuple[str, bool]:
        """Read one connection until it fails; returns why, and whether a book had a gap."""
        broken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._guard(exchange, broken)
        self._reader.begin(exchange)
        self._silence.begin(self._clock.monotonic_s())
        self._began_s = self._clock.monotonic_s()
        tasks = [asyncio.ensure_future(work) for work in (self._watch(), broken, *self._calls(exchange))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            problem = self._judge(next(iter(done)))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return problem

    def _judge(self, ended: asyncio.Future[None]) -> tuple[str, bool]:
        error = None if ended.cancelled() else ended.exception()
        if error is None:  # ccxt cancels what waits for a connection that it closes
            return "connection closed", False
        if isinstance(error, _Failed | BookFault):
            return str(error), False
        return self._venue.describe(error), self._venue.is_gap(error)

    def _calls(self, exchange: Any) -> list[Coroutine[Any, Any, None]]:
        method, symbols = getattr(exchange, self._stream.method), list(self._reader.symbols)
        arguments = [symbols] if self._stream.many else symbols
        return [self._pump(exchange, method, argument) for argument in arguments]

    async def _pump(self, exchange: Any, method: Any, argument: Any) -> None:
        # The silence is the timeout of these awaits: a stream of a quiet market may rightly take its time.
        while True:
            result = await method(argument)
            now = self._now()
            for symbol in self._reader.take(exchange, result, now):
                self._silence.heard(symbol, now.steady_s)
            if self.status != "up" and self._silence.spoke:
                self._say("up", "receiving")
            if self._outbox:
                self._wake()
            if self._stream.polled:
                await self._clock.sleep(_POLL_EVERY_S)

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(_WATCH_EVERY_S)
            silence = self._silence.judge(self._clock.monotonic_s())
            if silence is not None:
                raise _Failed(silence)

    def _guard(self, exchange: Any, broken: asyncio.Future[None]) -> None:
        """Let no message end ccxt's receive loop: it would leave a connection that is open and says nothing.

        What a message of a book would have changed is unknown, so the book is lost with it.
        """
        handle = exchange.handle_message

        def guarded(client: Any, message: Any) -> None:
            try:
                handle(client, message)
            except Exception:  # noqa: BLE001 - ccxt's parsers raise whatever a strange message makes of them
                self._skips.add("message that ccxt cannot read")
                if self._stream.kind == "book" and not broken.done():
                    broken.set_exception(_Failed("a message that ccxt cannot read"))

        exchange.handle_message = guarded

    def _pause_s(self) -> float:
        if self._silence.spoke and self._clock.monotonic_s() - self._began_s >= _WELL_AFTER_S:
            self._backoff.reset()
        return self._backoff.next_s()

    def _let_go(self, exchange: Any) -> None:
        task = asyncio.create_task(let_go(exchange), name=f"close {self.service}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _say(self, status: ServiceStatus, detail: str) -> None:
        self.status, self.detail = status, detail
        self._outbox.status(
            Status(
                service=self.service,
                kind="stream",
                status=status,
                timestamp=self._clock.epoch_ms(),
                detail=detail,
                resyncs=self.reconnects,
            )
        )
        self._wake()

    def _now(self) -> Moment:
        return Moment(self._clock.epoch_ms(), self._clock.monotonic_s())
