"""When to look at which group: a tick costs what is due, and not how many groups there are."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigboard.broadcaster.group import Group

__all__ = ["Schedule"]


class Schedule:
    """Groups by the time at which they want to be looked at, in seconds of the steady clock.

    The groups of one place in an interval have one and the same time, so there is a list for each time and a heap of times:
    ten thousand groups in a heap of their own took as long as what they were woken for. A group mostly moves its time back,
    since each diff postpones its heartbeat. So its entry stays where it is and is moved only when it comes up; one that is
    wanted earlier gets a second entry, and the first is skipped then.
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self._groups: dict[float, list[Group]] = {}

    def put(self, group: Group, when: float) -> None:
        """Look at the group then, and not at the time that was set before."""
        group.wakes = when
        if group.entry is None or when < group.entry:
            group.entry = when
            groups = self._groups.get(when)
            if groups is None:
                self._groups[when] = [group]
                heappush(self._times, when)
            else:
                groups.append(group)

    def drop(self, group: Group) -> None:
        """Forget a group."""
        group.entry = None

    def due(self, now: float) -> list[Group]:
        """The groups whose time has come, the earliest first; each has to be put again."""
        due: list[Group] = []
        while (when := self.next()) is not None and when <= now:
            heappop(self._times)
            for group in self._groups.pop(when):
                if group.entry != when:
                    continue
                group.entry = None
                if group.wakes > when:
                    self.put(group, group.wakes)
                else:
                    due.append(group)
        return due

    def next(self) -> float | None:
        """The first time at which a group wants to be looked at."""
        while self._times:
            when = self._times[0]
            groups = self._groups[when]
            while groups:
                group = groups[-1]
                if group.entry == when:
                    if group.wakes <= when:
                        return when
                    group.entry = None
                    self.put(group, group.wakes)
                groups.pop()
            del self._groups[when]
            heappop(self._times)
        return None
