"""The board's channels in Redis (PROTOCOL section 9), by pattern: whatever is published there. Needs the extra ``redis``.

Redis forgets what it has published. Whoever is away misses it, and one who is too slow is cut off: after each connection
the tickers are read again, which brings prices up to date, and the services mend the rest by publishing on.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Final

import structlog

from bigboard.board import Update
from bigboard.errors import MissingExtra
from bigboard.redis_link import REDIS_AWAY, close_redis, within
from bigboard.rejections import Rejections
from bigboard.sources.base import Delivery
from bigboard.sources.held import Held
from bigboard.sources.messages import MessageReader
from bigboard.sources.patterns import channel_patterns
from bigboard.sources.redis_subscription import RedisSubscription
from bigboard.sources.redis_tickers import read_tickers
from bigboard.wire.ticker import arrival_of

try:
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
except ImportError:
    raise MissingExtra("redis", "listening to Redis") from None

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bigboard.clock import Clock
    from bigboard.errors import UpdateRejected
    from bigboard.redis_link import RedisClient
    from bigboard.sources.base import Take

__all__ = ["RedisChannels"]

_log = structlog.stdlib.get_logger("bigboard.sources")

_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 2.0
_LASTING_S: Final = 5.0
"""A connection that lasted so long was a good one: the next attempt comes soon again."""
_TURN_S: Final = 0.003
"""After so long the event loop has its turn; with one more batch of messages it is less than ten milliseconds."""
_CHUNK: Final = 200
_SLACK_MS: Final = 1_000


class RedisChannels:
    """A ``HoldingSource``. ``connect`` opens a client; ``where`` is the address of Redis, fit to be shown."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[RedisClient]],
        clock: Clock,
        *,
        where: str,
        prefix: str = "",
        name: str = "redis",
        idle_s: float = 5.0,
        timeout_s: float = 5.0,
        tickers_within_s: float = 2.0,
    ) -> None:
        self.where = where
        self.name = name
        self.messages = 0
        """Messages that came, good or bad."""
        self.tickers = 0
        """Prices that were taken from keys."""
        self.connections = 0
        self.losses = 0
        """Connections that were lost. What was published until the next one never came."""
        self.connected = False
        self.rejections = Rejections()
        """Messages that could not be read, by topic and reason. What the board refuses is counted there."""
        self._connect = connect
        self._clock = clock
        self._prefix = prefix
        self._idle_s = idle_s
        self._timeout_s = timeout_s
        self._tickers_within_s = tickers_within_s
        self._reader = MessageReader(prefix, self._refuse)
        self._rng = Random()  # noqa: S311 - spreads attempts in time, no secret
        self._held: Held | None = None
        self._client: RedisClient | None = None
        self._away = False
        self._error = "not connected yet"
        self._since_s = float("-inf")
        self._heard_ms: int | None = None
        self._reported: tuple[float, int] | None = None

    async def run(self, take: Take) -> None:
        """See ``Source``."""
        try:
            await self._stay_on(take)
        finally:
            self.connected = False

    async def _stay_on(self, take: Take) -> None:
        wait_s = _FIRST_WAIT_S
        while True:
            try:
                await self._stay(take)
            except REDIS_AWAY as error:
                if self.connected and self._clock.monotonic_s() - self._since_s >= _LASTING_S:
                    wait_s = _FIRST_WAIT_S
                await self._lost(error, take)
            # Spread, so that a Redis that comes back is not met by all who wait for it at once.
            await self._clock.sleep(wait_s * self._rng.uniform(0.8, 1.2))
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    def hold(self, seconds: float) -> None:
        """See ``HoldingSource``. At most 64 MiB are kept."""
        self._held = Held(seconds)

    async def hand_over(self, take: Take) -> None:
        """See ``HoldingSource``. Tickers come first, as after each connection."""
        held = self._held
        if held is None:
            return
        held.keep_all()
        if self._client is not None:
            await self._take_tickers(self._client, take)
        while held:
            deliveries: list[Delivery] = []
            while held:
                deliveries += self._reader.read(held.take())
                await self._clock.sleep(0)
            await take(deliveries)
        if held.dropped:
            _log.warning("messages were dropped while another led", count=held.dropped)
        self._held = None

    def service(self) -> Update:
        """See ``Source``."""
        now = self._clock.monotonic_s()
        rate = 0.0
        if self._reported is not None and now > self._reported[0]:
            rate = (self.messages - self._reported[1]) / (now - self._reported[0])
        self._reported = (now, self.messages)
        return self._row(messages_per_second=round(rate, 1))

    def _row(self, **more: float) -> Update:
        row = {
            "service": self.name,
            "kind": "redis",
            "status": "up" if self.connected else "down",
            "detail": None if self.connected else f"no Redis on {self.where}: {self._error}",
            "last_seen": self._heard_ms,
            "messages": self.messages,
            "rejected": self.rejections.total,
            "losses": self.losses,
            **more,
        }
        return Update("services", self.name, row)

    async def _stay(self, take: Take) -> None:
        """Connect and hand on what comes until the connection is lost, which raises."""
        async with within(self._timeout_s):
            client = await self._connect()
        # The library's own attempts would be made in silence: nobody could be told for seconds that there is no Redis.
        client.set_retry(Retry(NoBackoff(), 0))
        self._client = client
        try:
            # First the channels, then the keys: what is published while they are read waits in the socket.
            subscription = await RedisSubscription.open(
                client, channel_patterns(self._prefix), idle_s=self._idle_s, timeout_s=self._timeout_s
            )
            try:
                await self._begin(take)
                if self._held is None:
                    await self._take_tickers(client, take)
                await self._read_on(subscription, take)
            finally:
                await subscription.close()
        finally:
            self._client = None
            await self._close(client)

    async def _begin(self, take: Take) -> None:
        if self._away:
            _log.warning("Redis is there", where=self.where)
        self.connections += 1
        self.connected, self._away = True, False
        self._since_s = self._clock.monotonic_s()
        await self._say(take)

    async def _say(self, take: Take) -> None:
        if self._held is None:
            await take([Delivery([self._row()])])

    async def _lost(self, error: Exception, take: Take) -> None:
        text = str(error)[:200] or type(error).__name__
        if self.connected:
            self.losses += 1
            _log.warning("Redis is away", where=self.where, error=text)
        elif text != self._error:
            _log.warning("no Redis", where=self.where, error=text)
        self.connected, self._away = False, True
        self._error = text
        await self._say(take)

    async def _take_tickers(self, client: RedisClient, take: Take) -> None:
        updates = await read_tickers(client, self._prefix, self._refuse, within_s=self._tickers_within_s)
        if self._held is None and self._heard_ms is not None:
            # Channels may have said more than the keys, which Redis can refuse to store. A price from before the connection
            # was lost would be an old one on top of a newer one, which need not say when it arrived.
            updates = [update for update in updates if arrival_of(update.data) >= self._heard_ms - _SLACK_MS]
        for first in range(0, len(updates), _CHUNK):
            await take([Delivery(updates[first : first + _CHUNK], hint=True)])
            await self._clock.sleep(0)
        self.tickers += len(updates)

    async def _read_on(self, subscription: RedisSubscription, take: Take) -> None:
        clock = self._clock
        turn_s = clock.monotonic_s()
        while True:
            messages = await subscription.read()
            self.messages += len(messages)
            self._heard_ms = clock.epoch_ms()
            if self._held is not None:
                self._held.add(messages, clock.monotonic_s())
            elif deliveries := self._reader.read(messages):
                await take(deliveries)
            if clock.monotonic_s() - turn_s >= _TURN_S:
                await clock.sleep(0)
                turn_s = clock.monotonic_s()

    async def _close(self, client: RedisClient) -> None:
        try:
            async with within(self._timeout_s):
                await close_redis(client)
        except REDIS_AWAY:
            _log.info("a connection that is lost did not close in order", where=self.where)

    def _refuse(self, rejected: UpdateRejected) -> None:
        count = self.rejections.count(rejected, self._clock.monotonic_s())
        if count:
            _log.warning(
                "message refused",
                topic=rejected.topic,
                reason=rejected.reason,
                count=count,
                error=str(rejected)[:500],
            )
