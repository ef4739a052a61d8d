"""Clients that want the same: same format, same subscriptions, same interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bigboard.board import Selection
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
    Otherwise it is due at ``due``.
    """

    __slots__ = ("due", "key", "last_sent", "members")

    def __init__(self, key: GroupKey, now: float) -> None:
        self.key = key
        self.members: dict[Member, None] = {}
        self.due: float | None = None
        """When the next diff may go out, in seconds of the steady clock; ``None`` while armed."""
        self.last_sent = now
        """When something last went out to the whole group."""
