"""Clients that want the same: same format, same subscriptions, same interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bigboard.broadcaster.step import Step

if TYPE_CHECKING:
    from bigboard.board import Selection, Subscription
    from bigboard.broadcaster.burst import Burst
    from bigboard.broadcaster.counters import Sent
    from bigboard.broadcaster.member import Member
    from bigboard.wire import Format

__all__ = ["Group", "GroupKey"]


class GroupKey(NamedTuple):
    """What makes clients equal: whoever shares it gets the same bytes."""

    format: Format
    selection: Selection
    interval_ms: int
    view: tuple[Subscription, ...] | None = None
    """What ``*`` stands for, where it is not everything: a state names it, so the selection alone does not tell."""
    deflates: bool = False


class Group:
    """The members of a group, or of one phase of a large one, and its rhythm.

    A group is *armed* when a whole interval has passed since its last diff: then the first change goes out at once, and the
    broadcaster keeps it in its ``Interest``. Otherwise it waits until ``due``. An armed group may be due too, for members
    that were not ready.
    """

    __slots__ = ("due", "entry", "key", "last_sent", "others", "phase", "step", "wakes")

    def __init__(self, key: GroupKey, now: float, phase: float, burst: Burst | None = None) -> None:
        self.key = key
        self.phase = phase
        """Where in the interval it would like to tick if there is a crowd: 0 to 1."""
        self.step = Step(burst)
        """The members that are ready, and have got all that the group got."""
        self.others: dict[Member, Sent] = {}
        """The members that are not in step, or not yet, each with the tally of its class."""
        self.due: float | None = None
        """When to look at its members again, in seconds of the steady clock; ``None`` if only a commit can bring news."""
        self.last_sent = now
        """When something last went out to the whole group."""
        self.wakes = now
        """When it is to be looked at, be it for a diff or a heartbeat; the schedule's, as is ``entry``."""
        self.entry: float | None = None

    def __len__(self) -> int:
        return len(self.step) + len(self.others)

    def part(self, member: Member, sent: Sent) -> None:
        """Take a member out of step."""
        if self.step.leave(member, sent):
            self.others[member] = sent

    def discard(self, member: Member, sent: Sent) -> None:
        """Let a member go."""
        self.step.leave(member, sent)
        self.others.pop(member, None)
