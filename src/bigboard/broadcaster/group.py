"""Clients that want the same: same format, same subscriptions, same interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bigboard.board import Cursor, Selection
    from bigboard.broadcaster.member import Member
    from bigboard.wire import Format

__all__ = ["Group", "GroupKey"]


class GroupKey(NamedTuple):
    """What makes clients equal: whoever shares it gets the same bytes at the same time."""

    format: Format
    selection: Selection
    interval_ms: int


class Group:
    """The members of a group and its rhythm.

    A group is *armed* when a whole interval has passed since its last diff: then the first change goes out at once.
    Otherwise it waits until ``due``. An armed group may be due too, for members that were not ready.
    """

    __slots__ = ("armed", "due", "key", "last_sent", "late", "looked", "members")

    def __init__(self, key: GroupKey, now: float) -> None:
        self.key = key
        self.members: dict[Member, None] = {}
        self.armed = True
        self.due: float | None = None
        """When to look at all members again, in seconds of the steady clock; ``None`` if only a commit can bring news."""
        self.late: set[Member] = set()
        """Members that were not ready at the last look: they may lack more than the others."""
        self.looked: Cursor | None = None
        """Where the board was at the last look: members that are not late lack nothing up to there."""
        self.last_sent = now
        """When something last went out to the whole group."""
