"""Scripts and commands on one Redis, with a time limit each, and how well it is there."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from bigboard.errors import SpineUnavailable
from bigboard.redis_link import REDIS_AWAY, NoScriptError, RedisAddress, ResponseError, close_redis, open_redis, within

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bigboard.clock import Clock
    from bigboard.redis_link import RedisClient

__all__ = ["RedisConnection"]

_LONGEST_ANSWER_S: Final = 60.0
_SMOOTHING: Final = 0.2
"""How much a new round trip counts: the figure follows within some five of them."""


class RedisConnection:
    """A client that is opened with the first command, and stays; redis-py finds its way back after an outage.

    Everything that goes wrong is raised as ``SpineUnavailable``, and noted here.
    """

    def __init__(self, url: str, clock: Clock, *, timeout_s: float) -> None:
        self.address = RedisAddress.parse(url)
        """Fit to be shown."""
        self.latency_ms: float | None = None
        """Round trip of a short command, smoothed; ``None`` before the first and while Redis is away."""
        self.error: str | None = None
        """Why Redis is away; ``None`` while it answers."""
        self.away_since_s: float | None = None
        """When it was found to be away, on the steady clock."""
        self.outages = 0
        self._clock = clock
        self._timeout_s = timeout_s
        self._client: RedisClient | None = None
        self._closed = False
        self._refuses = False
        self._opening = asyncio.Lock()
        self._digests: dict[str, str] = {}

    @property
    def away(self) -> bool:
        """Whether the last command came back without an answer, or with one that refuses it."""
        return self.away_since_s is not None

    @property
    def trouble(self) -> str:
        """What is wrong, for people; empty while nothing is."""
        if self.error is None:
            return ""
        return (
            f"Redis on {self.address} refuses: {self.error}"
            if self._refuses
            else f"no Redis on {self.address}: {self.error}"
        )

    async def script(
        self, text: str, keys: tuple[str, ...], *arguments: str | bytes | int, patience_s: float = 0.0
    ) -> Any:
        """Run a script, which may take ``patience_s`` longer than others; a short one's round trip is measured.

        Raises ``SpineUnavailable``.
        """
        digest = self._digests.get(text)
        if digest is None:
            # The name that Redis gives to a script, not a secret.
            digest = self._digests[text] = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        begun_s = self._clock.monotonic_s()
        async with self._answering(patience_s) as client:
            try:
                answer = await client.execute_command("EVALSHA", digest, len(keys), *keys, *arguments)
            except NoScriptError:
                # A Redis that was started anew knows no scripts; with this it does.
                answer = await client.execute_command("EVAL", text, len(keys), *keys, *arguments)
        if patience_s:
            return answer
        took_ms = (self._clock.monotonic_s() - begun_s) * 1_000
        before = took_ms if self.latency_ms is None else self.latency_ms
        self.latency_ms = before + _SMOOTHING * (took_ms - before)
        return answer

    async def command(self, *words: str | bytes | int, patience_s: float = 0.0) -> Any:
        """Run one command, which may take ``patience_s`` longer than others. Raises ``SpineUnavailable``."""
        async with self._answering(patience_s) as client:
            return await client.execute_command(*words)

    async def publish(self, channel: str, message: bytes) -> None:
        """Say something on a channel. Raises ``SpineUnavailable``; that it is refused says nothing of the board's log."""
        refusal: ResponseError | None = None
        async with self._answering() as client:
            try:
                await client.execute_command("PUBLISH", channel, message)
            except ResponseError as error:
                refusal = error
        if refusal is not None:
            raise SpineUnavailable(f"{self.address} refuses to publish on {channel}: {str(refusal)[:200]}", "refused")

    async def close(self) -> None:
        """End all connections, for good; who waits on one gets an error."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            try:
                async with within(self._timeout_s):
                    await close_redis(client)
            except REDIS_AWAY as error:
                # Nothing can be done about a connection that does not even end.
                self.error = str(error)[:200]

    @asynccontextmanager
    async def _answering(self, patience_s: float = 0.0) -> AsyncIterator[RedisClient]:
        """A time limit for what is asked within, and a note of whether Redis answered."""
        try:
            async with within(self._timeout_s + patience_s):
                yield await self._opened()
        except REDIS_AWAY as error:
            raise self._failed(error) from None
        self.away_since_s = self.error = None

    async def _opened(self) -> RedisClient:
        async with self._opening:
            if self._closed:
                raise SpineUnavailable("the connection to Redis is closed", "away")
            if self._client is None:
                # The time limits of the library are a second net: they do not count the time to find a master or a node, and
                # know nothing of an answer that is large.
                self._client = await open_redis(self.address, timeout_s=2 * self._timeout_s, answer_s=_LONGEST_ANSWER_S)
            return self._client

    def _failed(self, error: BaseException) -> SpineUnavailable:
        text = str(error)[:200] or f"no answer within {self._timeout_s:g} s"
        if self.away_since_s is None:
            self.away_since_s = self._clock.monotonic_s()
            self.outages += 1
        self.error = text
        self.latency_ms = None
        self._refuses = isinstance(error, ResponseError)
        return SpineUnavailable(f"{self.address} {'refuses' if self._refuses else 'is away'}: {text}", "away")
