"""A feed's events on a ZeroMQ PUB socket. Needs the extra ``zeromq``.

A publishing socket drops without a word what a subscriber does not take. So it is asked to refuse instead, and what it
refuses waits in queues of our own, which drop by rules and count (``outgoing``). But then one subscriber that is stopped
would hold up all others: after ``patience_s`` it is left behind. From then on the socket drops for it, and for it alone; it
sees by the numbers what it missed.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import structlog

from bigboard.errors import FeedError, MissingExtra
from bigboard.feed.message_streams import MessageStreams, Origin
from bigboard.feed.outgoing import Outgoing

try:
    import zmq
except ImportError:
    raise MissingExtra("zeromq", "publishing a feed") from None

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed
    from bigboard.feed.outgoing import MessageKind
    from bigboard.wire.market import MarketEvent

__all__ = ["ZeromqPublisher"]

_log = structlog.stdlib.get_logger("bigboard.feed")

_PEER_HIGH_WATER: Final = 10_000
"""Messages that the socket itself keeps for a subscriber; with what the kernel keeps some megabytes."""
_BURST: Final = 500
"""Frames sent in one turn of the event loop, a millisecond or two."""
_RETRY_S: Final = 0.005
_REPEATS_S: Final = 0.1
_TRY_AGAIN_S: Final = 1.0
_SUBSCRIBED: Final = b"\x01"
_LEFT: Final = b"\x00"


class ZeromqPublisher:
    """Publishes one feed on ``endpoint``, such as ``tcp://127.0.0.1:5555``; port ``*`` takes a free one.

    Raises ``FeedError`` if the endpoint cannot be had.
    """

    def __init__(
        self,
        feed: Feed,
        endpoint: str,
        clock: Clock,
        *,
        high_water: int = 10_000,
        repeat_s: float = 4.0,
        patience_s: float = 1.0,
        max_symbols: int = 5_000,
        max_levels: int = 1_000,
    ) -> None:
        origin = Origin(feed.name, feed.mode, feed.venue)
        self.streams = MessageStreams(
            origin, clock.epoch_ms(), repeat_s=repeat_s, max_symbols=max_symbols, max_levels=max_levels
        )
        self.outgoing = Outgoing(high_water)
        self.sent = 0
        """Frames that the socket took."""
        self.subscribers = 0
        self._clock = clock
        self._patience_s = patience_s
        self._stuck_since_s: float | None = None
        self._left_behind_at_s: float | None = None
        self._news = asyncio.Event()
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.XPUB)
        self._bind(endpoint)

    @property
    def endpoint(self) -> str:
        """Where it publishes, with the port in use."""
        return self._socket.getsockopt_string(zmq.LAST_ENDPOINT)

    @property
    def leaves_behind(self) -> bool:
        """Whether some subscriber takes so little that messages are dropped for it."""
        return self._left_behind_at_s is not None

    def publish(self, events: Sequence[MarketEvent]) -> None:
        """Number events and put them behind what waits; never blocks."""
        self._add(self.streams.say(events, self._clock.monotonic_s()))

    async def room(self) -> None:
        """Wait until the queues have room, for a source that can wait: a replay."""
        while self.outgoing.full:
            await self._clock.sleep(_RETRY_S)

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._hear()
            self._add(self.streams.repeats(self._clock.monotonic_s()))
            await self._send()
            self._news.clear()
            if not len(self.outgoing):
                with suppress(TimeoutError):
                    async with asyncio.timeout(_REPEATS_S):
                        await self._news.wait()

    async def drain(self, timeout_s: float) -> None:
        """Send what waits, as far as the time suffices."""
        ends_s = self._clock.monotonic_s() + timeout_s
        while len(self.outgoing) and self._clock.monotonic_s() < ends_s:
            await self._send()

    def close(self, *, linger_s: float = 1.0) -> None:
        """Close the socket. What it still holds for subscribers gets so much time, in which this blocks."""
        self._socket.close(linger=round(linger_s * 1000))
        self._context.term()

    def _add(self, messages: Iterable[tuple[MessageKind, bytes]]) -> None:
        for kind, frame in messages:
            self.outgoing.add(kind, frame)
        self._news.set()

    def _bind(self, endpoint: str) -> None:
        self._socket.setsockopt(zmq.SNDHWM, _PEER_HIGH_WATER)
        self._socket.setsockopt(zmq.XPUB_VERBOSER, 1)
        self._socket.setsockopt(zmq.XPUB_NODROP, 1)
        self._socket.setsockopt(zmq.MAXMSGSIZE, 1_024)  # Subscribers send nothing but what they subscribe to.
        self._socket.setsockopt(zmq.IPV6, int("[" in endpoint))
        try:
            self._socket.bind(endpoint)
        except zmq.ZMQError as error:
            self._socket.close(linger=0)
            self._context.term()
            raise FeedError(
                endpoint, f"cannot publish there ({error.strerror}): choose another one with --feed"
            ) from None

    async def _send(self) -> None:
        """Send what waits, until there is nothing more or a tenth of a second is over."""
        now_s = self._clock.monotonic_s()
        ends_s = now_s + _REPEATS_S
        while now_s < ends_s and len(self.outgoing):
            self._retry_the_slow(now_s)
            await self._clock.sleep(0.0 if self._send_burst() else self._wait_s(now_s))
            now_s = self._clock.monotonic_s()

    def _send_burst(self) -> bool:
        """Send some frames; whether the socket took all of them."""
        for _ in range(_BURST):
            frame = self.outgoing.first()
            if frame is None:
                break
            try:
                self._socket.send(frame, zmq.DONTWAIT)
            except zmq.Again:
                return False
            self.outgoing.remove_first()
            self.sent += 1
            self._stuck_since_s = None
        return True

    def _wait_s(self, now_s: float) -> float:
        """The socket has refused a frame: how long to wait for its subscriber, which is left behind in the end."""
        if self._stuck_since_s is None:
            self._stuck_since_s = now_s
        if now_s - self._stuck_since_s < self._patience_s:
            return _RETRY_S
        if self._left_behind_at_s is None:
            _log.warning("a subscriber reads too little and is left behind", after_s=self._patience_s)
        self._left_behind_at_s = now_s
        self._socket.setsockopt(zmq.XPUB_NODROP, 0)
        return 0.0

    def _retry_the_slow(self, now_s: float) -> None:
        """Once a second see whether the subscriber that was left behind reads again."""
        if self._left_behind_at_s is None or now_s - self._left_behind_at_s < _TRY_AGAIN_S:
            return
        self._socket.setsockopt(zmq.XPUB_NODROP, 1)
        if self._send_burst():
            self._left_behind_at_s = None
            _log.warning("the subscriber reads again")
        else:
            self._stuck_since_s = now_s - self._patience_s  # It has had its time.
            self._wait_s(now_s)

    def _hear(self) -> None:
        """Read who subscribes and who leaves; whoever is new gets all of it at once."""
        with suppress(zmq.Again):
            while True:
                message = self._socket.recv(zmq.DONTWAIT)
                if message[:1] == _SUBSCRIBED:
                    self.subscribers += 1
                    self.streams.repeat_soon()
                elif message[:1] == _LEFT:
                    self.subscribers -= 1
