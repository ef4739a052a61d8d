"""Messages that are kept for a while instead of being handed on: what a standby needs when it takes over. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigboard.sources.redis_subscription import Message

__all__ = ["Held"]

_OVERHEAD = 200
"""Bytes that Python needs for a message besides its own."""


class Held:
    """The messages of the last ``seconds``, at most ``max_bytes`` of them."""

    def __init__(self, seconds: float, *, max_bytes: int = 64 * 2**20) -> None:
        self.dropped = 0
        """Messages younger than ``seconds`` that had to go for want of room."""
        self._seconds = seconds
        self._max_bytes = max_bytes
        self._batches: deque[tuple[float, list[Message], int]] = deque()
        self._bytes = 0
        self._ages = True

    def __bool__(self) -> bool:
        return bool(self._batches)

    def add(self, messages: list[Message], now_s: float) -> None:
        """Messages came in; what is too old goes."""
        size = sum(len(channel) + len(payload) + _OVERHEAD for channel, payload in messages)
        self._batches.append((now_s, messages, size))
        self._bytes += size
        while self._batches and self._ages and self._batches[0][0] < now_s - self._seconds:
            self._drop()
        while self._bytes > self._max_bytes:
            self.dropped += self._drop()

    def keep_all(self) -> None:
        """From now on nothing goes because of its age: it is about to be read."""
        self._ages = False

    def take(self) -> list[Message]:
        """The oldest messages that are held; they are held no longer."""
        _, messages, size = self._batches.popleft()
        self._bytes -= size
        return messages

    def _drop(self) -> int:
        return len(self.take())
