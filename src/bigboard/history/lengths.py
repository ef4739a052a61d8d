"""Which series is the longest, in constant time."""

from __future__ import annotations

__all__ = ["LengthIndex"]


class LengthIndex:
    """Keys by the length of their series. A length changes by one at a time, so the longest is never searched for."""

    __slots__ = ("_keys", "_longest")

    def __init__(self) -> None:
        # Dicts as ordered sets: among equals the one that has had its length for longest comes first.
        self._keys: dict[int, dict[str, None]] = {}
        self._longest = 0

    def move(self, key: str, old: int, new: int) -> None:
        """The series of ``key`` had ``old`` entries and now has ``new``, one more or one less; 0 is a series that is not."""
        if old:
            keys = self._keys[old]
            del keys[key]
            if not keys:
                del self._keys[old]
        if new:
            self._keys.setdefault(new, {})[key] = None
        if new > self._longest or (old == self._longest and old not in self._keys):
            self._longest = new

    def longest(self) -> str:
        """A key of the longest series; raises ``KeyError`` if there is none."""
        return next(iter(self._keys[self._longest]))
