"""Who wants what: from a topic and a key to the groups that a change there concerns."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from bigboard.broadcaster.group import Group

__all__ = ["Interest"]


class Interest:
    """An index of groups by what they select, so that a commit touches only those that it concerns."""

    def __init__(self) -> None:
        self._topics: dict[str, dict[Group, None]] = {}
        """Groups that want every key of a topic."""
        self._keys: dict[tuple[str, str], dict[Group, None]] = {}
        """Groups that want one key of a topic; keys that nobody wants have no entry."""

    def add(self, group: Group) -> None:
        """A new group."""
        for topic, keys in group.key.selection.topics.items():
            if keys is None:
                self._topics.setdefault(topic, {})[group] = None
                continue
            for key in keys:
                self._keys.setdefault((topic, key), {})[group] = None

    def discard(self, group: Group) -> None:
        """A group that is no more."""
        for topic, keys in group.key.selection.topics.items():
            if keys is None:
                self._topics[topic].pop(group, None)
                continue
            for key in keys:
                wanting = self._keys[topic, key]
                wanting.pop(group, None)
                if not wanting:
                    del self._keys[topic, key]

    def concerned(self, touched: Mapping[str, Collection[str]]) -> Iterator[Group]:
        """The groups that changes of these keys concern; one may come more than once."""
        for topic, keys in touched.items():
            yield from self._topics.get(topic, ())
            for key in keys:
                yield from self._keys.get((topic, key), ())
