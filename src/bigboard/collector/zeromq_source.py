"""A feed that runs in another process, over a ZeroMQ SUB socket. Needs the extra ``zeromq``.

It keeps the contract of a feed (``feed/base.py``), so the collector reads it as it reads one in its own process. What the
socket cannot promise, the numbers mend or count: see ``feed_streams``.

The socket is read by its file descriptor and not through ``zmq.asyncio``, which makes a future for each message: that alone
would cost more than all the rest that is done with a ticker.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from bigboard.collector.feed_streams import FeedStreams
from bigboard.errors import FeedError, MissingExtra, WireError
from bigboard.wire.feed_messages import LONGEST_FRAME, decode_message

try:
    import zmq
except ImportError:
    raise MissingExtra("zeromq", "listening to a feed in another process") from None

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from bigboard.clock import Clock
    from bigboard.wire.market import MarketEvent, Mode

__all__ = ["ZeromqSource"]

_log = structlog.stdlib.get_logger("bigboard.collector")

_HIGH_WATER: Final = 50_000
"""Messages that the socket keeps while this process is busy: a second's worth at the most that is promised."""
_BATCH: Final = 1_024
"""Messages in one batch. Under load batches grow to it, and what is worked out once for a batch costs less for each."""
_LOOK_S: Final = 0.05
"""The descriptor tells changes alone, and may have told one already: nothing waits longer than this for the next look."""
_GATHER_S: Final = 0.002
_GAPS_S: Final = 1.0


class ZeromqSource:
    """The feed that publishes on ``endpoint``, such as ``tcp://127.0.0.1:5555``.

    ``name``, ``mode`` and ``venue`` are known once ``found`` has returned. A feed sends a message a second at least: after
    ``silence_s`` without one a ``Status`` says that it is down. Raises ``FeedError`` for an endpoint that is none.
    """

    def __init__(self, endpoint: str, clock: Clock, *, silence_s: float = 5.0, max_symbols: int = 5_000) -> None:
        self.endpoint = endpoint
        self.streams = FeedStreams(max_symbols=max_symbols)
        self.messages = 0
        self.bad_messages = 0
        """Frames that were no messages of a feed."""
        self._clock = clock
        self._silence_s = silence_s
        self._begun = False
        self._held: list[MarketEvent] = []
        self._readable = asyncio.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._connect(endpoint)

    @property
    def name(self) -> str:
        """See ``Feed``."""
        return self.streams.feed or ""

    @property
    def mode(self) -> Mode:
        """See ``Feed``; it changes only if another feed is started in the place of this one."""
        return self.streams.mode

    @property
    def venue(self) -> str | None:
        """See ``Feed``."""
        return self.streams.venue

    async def found(self, tell: Callable[[], None], *, every_s: float = 5.0) -> None:
        """Wait for the feed's first word, and call ``tell`` every so many seconds meanwhile."""
        due_s = self._clock.monotonic_s() + every_s
        while True:
            self._held += self._read()
            if self.name:
                return
            if self._clock.monotonic_s() >= due_s:
                due_s += every_s
                tell()
            await self._look()

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        """See ``Feed``; it never ends by itself."""
        if self._begun:
            raise RuntimeError("events() of a feed may be called once")
        self._begun = True
        heard_s = gaps_s = self._clock.monotonic_s()
        while True:
            before = self.messages
            events, self._held = [*self._held, *self._read()], []
            now_s = self._clock.monotonic_s()
            if self.messages > before:
                heard_s = now_s
            elif now_s - heard_s >= self._silence_s:
                heard_s = now_s
                events += self._silent()
            if now_s - gaps_s >= _GAPS_S:
                gaps_s = now_s
                events += self.streams.gaps(self._clock.epoch_ms())
            if events:
                yield events
            await self._pause(self.messages - before)

    def close(self) -> None:
        """Release the socket."""
        self._socket.close(linger=0)
        self._context.term()

    def _connect(self, endpoint: str) -> None:
        self._socket.setsockopt(zmq.RCVHWM, _HIGH_WATER)
        self._socket.setsockopt(zmq.MAXMSGSIZE, LONGEST_FRAME)
        self._socket.setsockopt(zmq.IPV6, int("[" in endpoint))
        # A feed that is not there yet is looked for ten times a second, then every two seconds.
        self._socket.setsockopt(zmq.RECONNECT_IVL, 100)
        self._socket.setsockopt(zmq.RECONNECT_IVL_MAX, 2_000)
        # A cable that was pulled tells nobody.
        self._socket.setsockopt(zmq.HEARTBEAT_IVL, 2_000)
        self._socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 6_000)
        self._socket.setsockopt(zmq.SUBSCRIBE, b"")
        try:
            self._socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise FeedError(endpoint, f"no endpoint to listen to ({error.strerror}): write tcp://HOST:PORT") from None

    def _read(self) -> list[MarketEvent]:
        """What came, as far as it is one batch."""
        events: list[MarketEvent] = []
        receive, take = self._socket.recv, self.streams.take
        with suppress(zmq.Again):
            for _ in range(_BATCH):
                frame = receive(zmq.DONTWAIT)
                self.messages += 1
                try:
                    events += take(decode_message(frame))
                except WireError as error:
                    self.bad_messages += 1
                    _log.warning("not a message of a feed", endpoint=self.endpoint, error=str(error)[:200])
        return events

    async def _look(self) -> None:
        """Wait until the socket has something to say, or until it is time to ask it anyway."""
        loop, descriptor = asyncio.get_running_loop(), self._socket.fileno()
        self._readable.clear()
        # For one wait at a time: as long as nobody reads, the descriptor would wake the loop again and again.
        loop.add_reader(descriptor, self._readable.set)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await self._readable.wait()
        finally:
            loop.remove_reader(descriptor)

    async def _pause(self, came: int) -> None:
        """Until the next read, after one that brought so many messages."""
        if came >= _BATCH:
            await self._clock.sleep(0)  # More waits; but the loop gets its turn.
        elif came:
            # A market never comes message by message. To wake up for each costs more than to do its work.
            await self._clock.sleep(_GATHER_S)
        else:
            await self._look()

    def _silent(self) -> list[MarketEvent]:
        detail = f"nothing from {self.endpoint} for {self._silence_s:g} s"
        return self.streams.silent(self._clock.epoch_ms(), detail)
