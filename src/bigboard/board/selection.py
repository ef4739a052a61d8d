"""Subscriptions and what they select: ``topic``, ``topic:key`` or ``*``."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern
from typing import TYPE_CHECKING, Self

from bigboard.board.topics import TOPICS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bigboard.board.topics import Topic

__all__ = ["EVERYTHING", "BadSubscription", "Selection", "Subscription", "UnknownTopic"]

_MAX_KEY_LENGTH = 128


class UnknownTopic(ValueError):  # noqa: N818 - the protocol's own word for it
    """A subscription names a topic that no board has."""


class BadSubscription(ValueError):  # noqa: N818 - likewise
    """A subscription is no ``topic``, ``topic:key`` or ``*``."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One pattern; ``key`` ``None`` means every key, ``topic`` ``*`` every topic."""

    topic: str
    key: str | None = None

    @classmethod
    def parse(cls, text: object, topics: Mapping[str, Topic] = TOPICS) -> Subscription:
        """Read a subscription; its key takes the board's spelling. Raises ``UnknownTopic`` or ``BadSubscription``."""
        if not isinstance(text, str):
            raise BadSubscription(f"a subscription must be a string, not {type(text).__name__}")
        if text == "*":
            return EVERYTHING
        name, colon, key = text.partition(":")
        topic = topics.get(name)
        if topic is None:
            raise UnknownTopic(f"no topic {name[:40]!r}; topics are {', '.join(topics)}")
        if not colon:
            return cls(name)
        if topic.normalise_key is not None and len(key) <= _MAX_KEY_LENGTH:
            key = topic.normalise_key(key)
        if not key or len(key) > _MAX_KEY_LENGTH or not key.isprintable() or key != key.strip():
            raise BadSubscription(f"a key must have 1 to {_MAX_KEY_LENGTH} printable characters: {text[:60]!r}")
        # Clients name the same few keys. That of all of them is one string then, which a processor keeps at hand.
        return cls(name, intern(key))

    def __str__(self) -> str:
        return self.topic if self.key is None else f"{self.topic}:{self.key}"

    def covers(self, other: Subscription) -> bool:
        """Whether everything that ``other`` selects is selected by this one."""
        return self.topic == "*" or (self.topic == other.topic and (self.key is None or self.key == other.key))


EVERYTHING = Subscription("*")


class Selection(frozenset[Subscription]):
    """What a set of subscriptions selects: per topic every key, or some.

    Equal sets make equal selections, whatever their order: it is a key of groups and caches, and looked up there so often
    that it has to be the set itself.
    """

    __slots__ = ("parts", "topics")

    topics: dict[str, frozenset[str] | None]
    """The selected topics in the board's order; ``None`` for every key."""
    parts: tuple[tuple[str, tuple[str, ...] | None, frozenset[str]], ...]
    """The same to go through, which is done for each message of a watch list: each topic with its keys as a list, because a
    set is larger and scattered in memory, and as the set."""

    def __new__(cls, subscriptions: Iterable[Subscription], topics: Mapping[str, Topic] = TOPICS) -> Self:
        """The selection of what these select together, on a board with these topics."""
        self = super().__new__(cls, subscriptions)
        whole = {s.topic for s in self if s.key is None}
        keys: dict[str, set[str]] = {}
        for subscription in self:
            if subscription.key is not None:
                keys.setdefault(subscription.topic, set()).add(subscription.key)
        everything = "*" in whole
        self.topics = {
            name: None if everything or name in whole else frozenset(keys[name])
            for name in topics
            if everything or name in whole or name in keys
        }
        self.parts = tuple(
            (name, None if some is None else tuple(some), some or frozenset()) for name, some in self.topics.items()
        )
        return self

    def __repr__(self) -> str:
        return f"Selection({', '.join(sorted(map(str, self)))})"
