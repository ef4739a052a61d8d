"""Frames that wait for the socket: bounded per type, so that a flood of one type never costs another."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

__all__ = ["KINDS", "MessageKind", "Outgoing"]

MessageKind: TypeAlias = Literal["ticker", "trade", "book", "status"]
KINDS: Final[tuple[MessageKind, ...]] = ("ticker", "trade", "book", "status")


@dataclass(slots=True)
class _Queue:
    bound: int
    frames: deque[tuple[int, bytes]] = field(default_factory=deque)
    dropped: int = 0


class Outgoing:
    """A queue for each type of message, read in the order in which the messages came.

    ``high_water`` tickers may wait, a tenth as many books and statuses, which are larger or rare, and ten times as many
    trades: the next ticker says it all again, a trade is said once. Of a full queue the oldest goes, and is counted.
    """

    def __init__(self, high_water: int) -> None:
        few = max(1, high_water // 10)
        bounds = {"ticker": high_water, "trade": 10 * high_water, "book": few, "status": few}
        self._queues = {kind: _Queue(bounds[kind]) for kind in KINDS}
        self._arrivals = 0

    def __len__(self) -> int:
        return sum(len(queue.frames) for queue in self._queues.values())

    @property
    def dropped(self) -> dict[MessageKind, int]:
        """How many of each type had to go since the start."""
        return {kind: queue.dropped for kind, queue in self._queues.items()}

    @property
    def full(self) -> bool:
        """Whether the next message of some type costs one that waits."""
        return any(len(queue.frames) >= queue.bound for queue in self._queues.values())

    def add(self, kind: MessageKind, frame: bytes) -> None:
        """Put a frame behind all others."""
        queue = self._queues[kind]
        if len(queue.frames) >= queue.bound:
            queue.frames.popleft()
            queue.dropped += 1
        self._arrivals += 1
        queue.frames.append((self._arrivals, frame))

    def first(self) -> bytes | None:
        """The frame that has waited longest; ``None`` if none waits."""
        queue = self._oldest()
        return None if queue is None else queue.frames[0][1]

    def remove_first(self) -> None:
        """Let the frame of ``first`` go: it was sent."""
        queue = self._oldest()
        if queue is not None:
            queue.frames.popleft()

    def _oldest(self) -> _Queue | None:
        waiting = [queue for queue in self._queues.values() if queue.frames]
        return min(waiting, key=_arrival) if waiting else None


def _arrival(queue: _Queue) -> int:
    return queue.frames[0][0]
