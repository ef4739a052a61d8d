"""A connection to Redis that is subscribed to patterns, read as fast as it goes. Needs the extra ``redis``.

redis-py opens it, so every URL and every way to log in is as elsewhere. What then comes is read here, by the parser that the
library itself uses: its own loop builds a task, a timeout and a dictionary for each message, which costs several times
as much as all that the board does with one.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from random import shuffle
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from bigboard.errors import MissingExtra
from bigboard.redis_link import REDIS_AWAY, within

try:
    import hiredis
    from redis.asyncio.cluster import RedisCluster
    from redis.exceptions import ResponseError
except ImportError:
    raise MissingExtra("redis", "listening to Redis") from None

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redis.asyncio.connection import AbstractConnection

    from bigboard.redis_link import RedisClient

__all__ = ["Message", "RedisSubscription"]

Message: TypeAlias = tuple[bytes, bytes]
"""A channel and what was published on it."""

_CHUNK: Final = 65_536
"""Bytes of one read."""
_BATCH: Final = 256
"""Messages that are handed on together, some milliseconds of work."""
_BATCH_BYTES: Final = 65_536
_LONGEST_WAITING: Final = 64 * 1024 * 1024
"""Bytes of a message that is not whole yet. Redis, unless told otherwise, cuts off a subscriber that is 32 MB behind."""
_END_S: Final = 5.0
_MORE: Final = object()


class RedisSubscription:
    """Patterns, subscribed to on one connection. Make one with ``open``, end it with ``close``."""

    def __init__(self, connection: AbstractConnection, *, idle_s: float, timeout_s: float) -> None:
        self._connection = connection
        self._idle_s = idle_s
        self._timeout_s = timeout_s
        # The library has no public way to its streams. The tests run against the versions that are pinned.
        reader, writer = connection._reader, connection._writer  # noqa: SLF001
        if reader is None or writer is None:
            raise ConnectionError("Redis closed the connection")
        self._reader, self._writer = reader, writer
        self._replies = hiredis.Reader(protocolError=ConnectionError, notEnoughData=_MORE)
        self._held: list[Message] = []
        self._subscribed = 0

    @classmethod
    async def open(
        cls, client: RedisClient, patterns: Sequence[str], *, idle_s: float = 5.0, timeout_s: float = 5.0
    ) -> RedisSubscription:
        """Subscribe on a connection of its own; on a cluster at any node, for all of them pass on what is published.

        After ``idle_s`` of silence the server is asked whether it is there, and has ``timeout_s`` to answer. Raises
        redis-py's errors, ``OSError`` or ``TimeoutError``, as every method does.
        """
        async with within(timeout_s):
            connections = await _connections(client)
        while True:
            connection = connections.pop()()
            try:
                async with within(timeout_s):
                    await connection.connect()
                    subscription = cls(connection, idle_s=idle_s, timeout_s=timeout_s)
                    await subscription._subscribe(patterns)
            except BaseException as error:
                await _disconnect(connection)
                # Of a cluster, a node that has gone stays on the map until the others have agreed that it is gone.
                if not connections or not isinstance(error, REDIS_AWAY):
                    raise
            else:
                return subscription

    async def read(self) -> list[Message]:
        """Messages in order, at least one; waits for it if need be. It does not always give the event loop its turn."""
        messages, self._held = self._held, []
        while not messages:
            messages = self._take()
            if not messages:
                await self._receive()
        return messages

    async def close(self) -> None:
        """End the connection, whatever state it is in."""
        await _disconnect(self._connection)

    async def _subscribe(self, patterns: Sequence[str]) -> None:
        self._send("PSUBSCRIBE", *patterns)
        while self._subscribed < len(patterns):
            await self._receive()
            self._held += self._take()

    def _send(self, *words: str) -> None:
        self._writer.writelines(self._connection.pack_command(*words))

    def _take(self) -> list[Message]:
        """What has arrived whole, up to a bound."""
        messages: list[Message] = []
        size = 0
        gets = self._replies.gets
        while len(messages) < _BATCH and size < _BATCH_BYTES:
            reply = gets()
            if reply is _MORE:
                break
            # A list in the protocol's version 2, in version 3 a kind of list.
            if isinstance(reply, list) and reply[0] == b"pmessage":
                messages.append((reply[2], reply[3]))
                size += len(reply[3])
            else:
                self._note(reply)
        return messages

    def _note(self, reply: Any) -> None:
        """Anything but a message: an answer to ``PING`` is a sign of life as any, and was seen as such already."""
        if isinstance(reply, hiredis.ReplyError):
            raise ResponseError(str(reply))
        if isinstance(reply, list) and reply and reply[0] == b"psubscribe":
            self._subscribed += 1

    async def _receive(self) -> None:
        try:
            async with within(self._idle_s):
                data = await self._reader.read(_CHUNK)
        except TimeoutError:
            # A connection can be dead and look silent.
            self._send("PING")
            try:
                async with within(self._timeout_s):
                    data = await self._reader.read(_CHUNK)
            except TimeoutError:
                raise TimeoutError(f"Redis has not answered for {self._timeout_s:g} s") from None
        if not data:
            raise ConnectionError("Redis closed the connection")
        self._replies.feed(data)
        if self._replies.len() > _LONGEST_WAITING:
            raise ConnectionError(f"a message of more than {_LONGEST_WAITING} bytes")


async def _connections(client: RedisClient) -> list[Callable[[], AbstractConnection]]:
    """What makes a connection: to one place, or to each node of a cluster, in a random order."""
    if not isinstance(client, RedisCluster):
        return [client.connection_pool.make_connection]
    await client.initialize()
    nodes = client.get_nodes()
    shuffle(nodes)
    return [partial(node.connection_class, **node.connection_kwargs) for node in nodes]


async def _disconnect(connection: AbstractConnection) -> None:
    with suppress(*REDIS_AWAY):
        async with within(_END_S):
            await connection.disconnect(nowait=True)
