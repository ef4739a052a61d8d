"""The contract of a topic's table: what the four merge kinds have in common.

A table holds the state of one topic. The board tells it the sequence of the commit under way; the table marks each leaf
that changes with it, and keeps its entities in the order of their last change, so that ``diff`` walks back from the
newest and stops at the first that is old. Its cost is the number of changes, not the size of the state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from bigboard.board.rules import Invalid

if TYPE_CHECKING:
    from collections.abc import Collection

    from bigboard.board.limits import Limits
    from bigboard.board.plan import Plan
    from bigboard.board.topics import Topic

__all__ = ["Table", "TableKeys"]


class Table(Protocol):
    """The state of one topic, versioned."""

    sequence: int
    """The sequence of its last change; nothing newer than this can be in a diff."""
    horizon: int
    """The oldest sequence that it can still diff from: it has forgotten removals up to here."""

    def check(self, key: str, data: Any, plan: Plan) -> None:
        """Raise ``Invalid`` if ``apply`` would after the updates that went into ``plan`` before; put this one in too."""

    def apply(self, key: str, data: Any, sequence: int) -> bool:
        """Check and merge an update; whether anything changed. Raises ``Invalid`` and is then as it was."""

    def merge(self, changes: Any, sequence: int) -> None:
        """Merge the table's part of a diff, which comes from a board and is not checked again."""

    def load(self, data: Any, sequence: int) -> None:
        """Become the table's part of a snapshot."""

    def data(self, keys: Collection[str] | None) -> Any:
        """The state, whole or of some keys, in the shape of ``state_update.data``."""

    def diff(self, since: int, keys: Collection[str] | None) -> Any:
        """What changed after ``since``, in the shape of ``diff_update.changes``; empty if nothing did."""

    def changed(self, since: int) -> Collection[str]:
        """The keys of that diff, or the ids of its rows, without what changed."""

    def __len__(self) -> int:
        """How many keys or rows it holds."""


class TableKeys:
    """The keys of a table at its door: their spelling and their number."""

    __slots__ = ("_limits", "_normalise")

    def __init__(self, topic: Topic, limits: Limits) -> None:
        self._normalise = topic.normalise_key
        self._limits = limits

    def admit(self, key: str, held: int, *, exists: bool = False) -> None:
        """Raise ``Invalid`` for a key, in the board's spelling, that cannot be one, or is one too many."""
        limits = self._limits
        if not key or len(key) > limits.max_key_length or not key.isprintable() or key != key.strip():
            raise Invalid("bad_key", f"a key must have 1 to {limits.max_key_length} printable characters: {key[:40]!r}")
        if not exists and held >= limits.max_keys:
            raise Invalid("too_many_keys", f"the topic holds {limits.max_keys} keys already")

    def spell(self, key: str) -> str:
        """The board's spelling of a key; one that is too long for any is returned as it is."""
        if self._normalise is not None and len(key) <= self._limits.max_key_length:
            return self._normalise(key)
        return key
