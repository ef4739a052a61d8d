"""Writes an outbox to Redis: pipelined, as soon as something may be written, for ever. Needs the extra ``redis``.

Redis may be away, or refuse to store (out of memory, a full disk). Neither stops the collector: updates go on merging in the
outbox. What Redis refuses to store costs the keys alone, because to publish on channels needs no memory of it. Where it
refuses to publish (a user without permission for a channel) the message is lost, which is counted and said.
"""

from __future__ import annotations

import asyncio
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any, Final

import structlog

from bigboard.collector.listeners import Listeners
from bigboard.collector.redis_commands import BATCH_CHANNEL, counted_in, publications
from bigboard.collector.refusals import Refusals
from bigboard.errors import MissingExtra
from bigboard.redis_link import close_redis, within

try:
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import (
        AuthenticationError,
        AuthorizationError,
        ClusterDownError,
        OutOfMemoryError,
        RedisClusterException,
        RedisError,
        ResponseError,
    )
except ImportError:
    raise MissingExtra("redis", "writing to Redis") from None

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from redis.asyncio import Redis
    from redis.asyncio.cluster import RedisCluster

    from bigboard.clock import Clock
    from bigboard.collector.outbox import Outbox
    from bigboard.collector.redis_commands import Command, KeyWriter
    from bigboard.wire.market import ServiceStatus

__all__ = ["RedisPublisher"]

_log = structlog.stdlib.get_logger("bigboard.collector")

_AWAY: Final = (RedisError, RedisClusterException, OSError, TimeoutError)
_PIPELINE: Final = 500
"""Commands in one pipeline: some milliseconds of work before the event loop has its turn."""
_TURN_S: Final = 0.005
"""The least time from one write to the next: what comes within is written together."""
_LONGEST_TURN_S: Final = 0.1
"""A full book becomes due without anybody saying so."""
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 2.0
_TELL_S: Final = 5.0
_REFUSED_WAIT_S: Final = 1.0
"""Redis has refused a key: how long only channels are written."""


class RedisPublisher:
    """Writes to channels what the outbox gives, and keys every ``interval_s``.

    ``connect`` opens a client. ``tell`` is given lines for people: that there is no Redis yet, every five seconds.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Redis | RedisCluster]],
        outbox: Outbox,
        keys: KeyWriter,
        clock: Clock,
        *,
        where: str,
        prefix: str = "",
        interval_s: float = 0.05,
        timeout_s: float = 5.0,
        tell: Callable[[str], None],
    ) -> None:
        self.outbox = outbox
        self.where = where
        """The address of Redis, fit to be shown."""
        self.writes = 0
        """Commands that Redis took."""
        self.refused = 0
        """Commands that it refused."""
        self.connections = 0
        self.connected = False
        self._connect = connect
        self._keys = keys
        self._clock = clock
        self._prefix = prefix
        self._interval_s = interval_s
        self._timeout_s = timeout_s
        self._tell = tell
        self._rng = Random()  # noqa: S311 - spreads attempts in time, no secret
        self._error = ""
        self._unwelcome = False
        """Whether Redis is there, and lets nobody in with this name and password."""
        self._refusals = Refusals()
        self._listeners = Listeners()
        self._steady_channel = f"{prefix}{BATCH_CHANNEL}"
        self._keys_due_s = float("-inf")
        self._due = asyncio.Event()
        outbox.on_due = self._due.set

    @property
    def status(self) -> ServiceStatus:
        """``degraded`` while Redis is away or refuses something."""
        return "up" if self.connected and self._refusals.detail is None else "degraded"

    @property
    def detail(self) -> str | None:
        """What is wrong, for people."""
        if self.connected:
            return self._refusals.detail
        return f"Redis on {self.where} refuses: {self._error}" if self._unwelcome else f"no Redis on {self.where}"

    def keep_candles_of(self, feed: str | None) -> None:
        """Whose open candles are kept in Redis from now on, if anybody's."""
        self._keys.feed = feed

    async def run(self) -> None:
        """Write until cancelled."""
        wait_s, told_s = _FIRST_WAIT_S, self._clock.monotonic_s()
        while True:
            try:
                await self._stay()
            except _AWAY as error:
                if self.connected:
                    _log.warning("Redis is away", where=self.where, error=str(error)[:200])
                    wait_s, told_s = _FIRST_WAIT_S, float("-inf")
                self.connected = False
                self._error = str(error)[:200] or type(error).__name__
                self._unwelcome = isinstance(error, (AuthenticationError, AuthorizationError))
            if self._clock.monotonic_s() - told_s >= _TELL_S:
                told_s = self._clock.monotonic_s()
                self._tell(self._waiting())
            # Spread, so that a Redis that comes back is not met by all who wait for it at once.
            await self._clock.sleep(wait_s * self._rng.uniform(0.8, 1.2))
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)

    def _waiting(self) -> str:
        if self._unwelcome:
            return f"Redis on {self.where} refuses: {self._error}"
        if not self.connections:
            return f"no Redis on {self.where} yet ({self._error})"
        held = f"{len(self.outbox.rows)} symbols and {self.outbox.waiting_trades} trades wait"
        return f"Redis on {self.where} is away; {held}, {self.outbox.lost_trades} trades lost so far"

    async def _stay(self) -> None:
        """Connect and write until the connection is lost, which raises."""
        async with within(self._timeout_s):
            client = await self._connect()
        # The library would send a pipeline again after a failure: a trade that had arrived would then be two.
        client.set_retry(Retry(NoBackoff(), 0))
        try:
            await self._ask(client)
            if self.connections:
                _log.warning("Redis is there again", where=self.where)
            self.connections += 1
            self.connected = True
            self._refusals.forget()
            self._listeners = Listeners()
            self._keys.forget()
            self.outbox.write_everything()
            while True:
                begun_s = self._clock.monotonic_s()
                self._due.clear()
                await self._write(client, begun_s)
                await self._pause(begun_s)
        finally:
            await self._close(client)

    async def _ask(self, client: Redis | RedisCluster) -> None:
        """Whether there is a Redis that lets us in; raises if not."""
        try:
            async with within(self._timeout_s):
                await client.execute_command("PING")
        except ClusterDownError:
            raise
        except ResponseError as error:
            # One that cannot save to its disk (MISCONF) refuses even this, and publishes all the same.
            _log.warning("Redis is there and refuses PING", where=self.where, error=str(error)[:200])

    async def _pause(self, begun_s: float) -> None:
        """Wait until something may be written, and not for less than the last write took: half the time is for the feed."""
        now_s = self._clock.monotonic_s()
        await self._clock.sleep(max(_TURN_S - (now_s - begun_s), now_s - begun_s))
        now_s = self._clock.monotonic_s()
        due_s = now_s + _LONGEST_TURN_S
        if (next_s := self.outbox.next_due_s()) is not None:
            due_s = min(due_s, next_s)
        if self.outbox.keys_wait:
            due_s = min(due_s, self._keys_due_s)
        if due_s > now_s and not self._due.is_set():
            try:
                async with asyncio.timeout(due_s - now_s):
                    await self._due.wait()
            except TimeoutError:
                return

    async def _close(self, client: Redis | RedisCluster) -> None:
        try:
            async with within(self._timeout_s):
                await close_redis(client)
        except _AWAY:
            _log.info("a connection that is lost did not close in order", where=self.where)

    async def _write(self, client: Redis | RedisCluster, now_s: float) -> None:
        parcel = self.outbox.take(now_s)
        try:
            for chunk in _chunks(publications(parcel, self._prefix)):
                self._take_answers(chunk, await self._execute(client, chunk), now_s)
        except BaseException:
            self.outbox.put_back(parcel)
            raise
        if self._listeners.new(now_s):
            self.outbox.say_everything()
            self._due.set()
        if now_s < self._keys_due_s:
            return
        self._keys_due_s = now_s + self._interval_s
        for chunk in _chunks(self._keys.commands(self.outbox, self._clock.epoch_ms())):
            refusal = self._count(await self._execute(client, chunk))
            if refusal is not None:
                self._refuse(refusal, now_s)
                return
        self._accept()

    async def _execute(self, client: Redis | RedisCluster, commands: Iterable[Command]) -> list[Any]:
        """The answers, of which each may be an error. Raises if the connection is lost."""
        pipeline = client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        async with within(self._timeout_s):
            return list(await pipeline.execute(raise_on_error=False))

    def _count(self, answers: list[Any]) -> Exception | None:
        """Count what was taken and what was refused; the first refusal."""
        refusals = [answer for answer in answers if isinstance(answer, Exception)]
        self.refused += len(refusals)
        self.writes += len(answers) - len(refusals)
        return refusals[0] if refusals else None

    def _take_answers(self, messages: list[Command], answers: list[Any], now_s: float) -> None:
        """What became of messages. One that was refused is gone: it is counted, and last values are said again."""
        self._count(answers)
        for (_, channel, body), answer in zip(messages, answers, strict=True):
            if isinstance(answer, Exception):
                self.outbox.lose(*counted_in(body))
                if self._refusals.refuse_channel(str(channel), answer, now_s):
                    _log.warning("messages are refused", where=self.where, error=self._refusals.detail)
                continue
            self._listeners.published(answer, steady=channel == self._steady_channel)
            if self._refusals.any_channel and self._refusals.accept_channel(str(channel), now_s):
                _log.warning("Redis takes messages again", where=self.where)
                self.outbox.say_everything()

    def _refuse(self, error: Exception, now_s: float) -> None:
        self._keys_due_s = now_s + _REFUSED_WAIT_S
        self._keys.forget()
        self.outbox.write_all_keys()
        if self._refusals.refuse_keys(error, now_s, out_of_memory=isinstance(error, OutOfMemoryError)):
            _log.warning("keys are not written", where=self.where, error=str(error)[:200])

    def _accept(self) -> None:
        if self._refusals.accept_keys():
            _log.warning("Redis takes keys again", where=self.where)


def _chunks(commands: Iterable[Command]) -> Iterator[list[Command]]:
    rest = iter(commands)
    while chunk := list(islice(rest, _PIPELINE)):
        yield chunk
