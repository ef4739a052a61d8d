"""Who waits for what: from a topic and a key to the groups that a change there has to wake."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bigboard.broadcaster.group import Group

__all__ = ["Interest"]


class Interest:
    """An index of groups by what they select, so that a commit touches only those that it concerns.

    The broadcaster keeps the *armed* groups here, which want to know of a change at once. A group that ticks anyway learns
    then what has changed, so a busy board costs nothing here: with ten thousand watch lists each change of one symbol
    concerns hundreds of them, and all but a few are going to tick.
    """

    def __init__(self) -> None:
        self._groups: dict[Group, None] = {}
        self._topics: dict[str, dict[Group, None]] = {}
        """Groups that want every key of a topic."""
        self._keys: dict[tuple[str, str], dict[Group, None]] = {}
        """Groups that want one key of a topic; keys that nobody wants have no entry."""

    def __len__(self) -> int:
        return len(self._groups)

    def __contains__(self, group: Group) -> bool:
        return group in self._groups

    def add(self, group: Group) -> None:
        """A group that wants to know; one that is here already stays as it is."""
        if group in self._groups:
            return
        self._groups[group] = None
        for topic, keys in group.key.selection.topics.items():
            if keys is None:
                self._topics.setdefault(topic, {})[group] = None
                continue
            for key in keys:
                self._keys.setdefault((topic, key), {})[group] = None

    def discard(self, group: Group) -> None:
        """A group that does not want to know any more, or never did."""
        if group not in self._groups:
            return
        del self._groups[group]
        for topic, keys in group.key.selection.topics.items():
            if keys is None:
                del self._topics[topic][group]
                continue
            for key in keys:
                wanting = self._keys[topic, key]
                del wanting[group]
                if not wanting:
                    del self._keys[topic, key]

    def concerned(self, touched: Mapping[str, Collection[str]] | None) -> list[Group]:
        """The groups that changes of these keys concern, each once; all of them if nobody knows what has changed."""
        if touched is None:
            return list(self._groups)
        return list(dict.fromkeys(chain.from_iterable(self._wanting(touched))))

    def _wanting(self, touched: Mapping[str, Collection[str]]) -> Iterator[Collection[Group]]:
        for topic, keys in touched.items():
            yield self._topics.get(topic, ())
            if self._keys:
                for key in keys:
                    yield self._keys.get((topic, key), ())
