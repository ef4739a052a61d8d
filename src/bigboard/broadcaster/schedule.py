"""When to look at which group: a heap, so that a tick costs what is due and not how many groups there are."""

from __future__ import annotations

from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigboard.broadcaster.group import Group

__all__ = ["Schedule"]


class Schedule:
    """Groups by the time at which they want to be looked at, in seconds of the steady clock.

    A group mostly moves its time back: each diff postpones its heartbeat. So its entry in the heap stays where it is and is
    moved only when it comes up; one that is wanted earlier gets a second entry, and the first is skipped then.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Group]] = []
        self._numbers = count()

    def put(self, group: Group, when: float) -> None:
        """Look at the group then, and not at the time that was set before."""
        group.wakes = when
        if group.entry is None or when < group.entry:
            heappush(self._heap, (when, next(self._numbers), group))
            group.entry = when

    def drop(self, group: Group) -> None:
        """Forget a group."""
        group.entry = None

    def due(self, now: float) -> list[Group]:
        """The groups whose time has come, in order; each has to be put again."""
        groups: list[Group] = []
        while (when := self.next()) is not None and when <= now:
            group = heappop(self._heap)[2]
            group.entry = None
            groups.append(group)
        return groups

    def next(self) -> float | None:
        """The first time at which a group wants to be looked at."""
        heap = self._heap
        while heap:
            when, _, group = heap[0]
            if group.entry != when:
                heappop(heap)
            elif group.wakes > when:
                group.entry = group.wakes
                heapreplace(heap, (group.wakes, next(self._numbers), group))
            else:
                return when
        return None
