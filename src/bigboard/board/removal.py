"""Removed keys and rows: how a removal is written, and how long it is remembered."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Graves", "is_removal"]


def is_removal(data: Any) -> bool:
    """Whether an update says ``{"deleted": true}``: the whole key or row goes."""
    return type(data) is dict and data.get("deleted") is True


class Graves:
    """The keys that were removed, in order, up to a bound.

    A board must tell a client that comes back with an old cursor what is gone. It cannot remember that for ever: past the
    bound the oldest grave is given up, and with it every cursor from before that removal (the table's horizon). Graves of
    the commit under way stay whatever the bound: its own diff has yet to tell of them.
    """

    __slots__ = ("_bound", "_marks")

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._marks: OrderedDict[str, int] = OrderedDict()

    def __len__(self) -> int:
        return len(self._marks)

    def __contains__(self, key: str) -> bool:
        return key in self._marks

    def mark(self, key: str) -> int:
        """The sequence at which the key was removed, 0 if it was not."""
        return self._marks.get(key, 0)

    def dig(self, key: str, sequence: int) -> Iterator[tuple[str, int]]:
        """Remember a removal; yields those that are forgotten for it."""
        self._marks[key] = sequence
        self._marks.move_to_end(key)
        while len(self._marks) > self._bound and next(iter(self._marks.values())) < sequence:
            yield self._marks.popitem(last=False)

    def exhume(self, key: str) -> None:
        """The key came back."""
        self._marks.pop(key, None)

    def newest_first(self) -> Iterator[tuple[str, int]]:
        """Keys and marks, the last removal first."""
        return reversed(self._marks.items())

    def clear(self) -> None:
        """Forget all, as on a snapshot."""
        self._marks.clear()
