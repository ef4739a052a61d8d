"""What the checked part of a batch would do to one table, so that the rest of the batch is checked against that."""

from __future__ import annotations

from typing import Any

__all__ = ["Plan"]


class Plan:
    """Keys that come and go, and the fields that are named, before anything is applied.

    A batch lands whole or not at all. Each update alone may fit, and all of them together not: three that bring fifty
    fields each to one key, or a removal that makes room for a new key. The plan carries just enough to see that. It errs
    on one side only: fields that the batch removes again keep their place in it.
    """

    __slots__ = ("_alive", "_named", "_removed", "growth")

    def __init__(self) -> None:
        self.growth = 0
        """Keys that the batch adds so far, less those that it removes."""
        self._alive: dict[str, bool] = {}
        self._named: dict[str, dict[str, Any]] = {}
        self._removed: set[str] = set()

    def has(self, key: str, *, held: bool) -> bool:
        """Whether the key is there at this point of the batch; ``held``: whether it was before."""
        return self._alive.get(key, held)

    def removes(self, key: str) -> bool:
        """Whether the key was removed in the batch: whatever it has now came after that."""
        return key in self._removed

    def add(self, key: str) -> None:
        """A key comes."""
        self._alive[key] = True
        self.growth += 1

    def remove(self, key: str) -> None:
        """A key goes, and all that was planned for it."""
        self._alive[key] = False
        self._removed.add(key)
        self._named.pop(key, None)
        self.growth -= 1

    def name(self, key: str, patch: dict[str, Any]) -> dict[str, Any] | None:
        """Note a patch; if it is not the key's first, all that the batch names of the key, as one patch."""
        before = self._named.get(key)
        named = self._named[key] = _union(before or {}, patch)
        return named if before is not None else None


def _union(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    union = dict(one)
    for name, value in other.items():
        inner = union.get(name)
        if type(value) is dict:
            union[name] = _union(inner if type(inner) is dict else {}, value)
        elif value is not None and type(inner) is not dict:
            union[name] = value
    return union
