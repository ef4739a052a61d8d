"""The members of a group that have all got the same, and can take more: one frame is right for every one of them.

Nearly all members of a group are in step nearly always, and to serve them is the one thing that is done a hundred thousand
times a second. So nothing is asked per member here but to send bytes. Whoever cannot take more, or has moved by itself,
leaves first; ``Broadcaster`` sees to that, and to those who are not in step.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bigboard.wire import SessionState

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.broadcaster.burst import Burst
    from bigboard.broadcaster.counters import Sent
    from bigboard.broadcaster.member import Member
    from bigboard.wire import Frame, Instant, Standing

__all__ = ["Step"]


class Step:
    """Members whose sessions share one ``Standing``."""

    __slots__ = ("_burst", "_lanes", "_roll", "_senders", "_standing", "_tallies")

    def __init__(self, burst: Burst | None = None) -> None:
        self._burst = burst
        self._senders: dict[Member, Callable[[bytes], int]] = {}
        self._roll: list[tuple[Member, Callable[[bytes], int]]] | None = None
        """The same as a list, made anew once somebody has come or gone: who is served from it may leave meanwhile."""
        self._lanes: list[object] | None = None
        """Of the roll, in its order, if a burst reaches every one of them and there are several."""
        self._tallies: Counter[Sent] = Counter()
        """How many of the members each class has."""
        self._standing: Standing | None = None

    def __len__(self) -> int:
        return len(self._senders)

    def take(self, member: Member, sent: Sent) -> bool:
        """Take a member in, if it is ready and stands where the others stand; whether it was taken."""
        session = member.session
        if session.state is not SessionState.OPEN or not member.clear:
            return False
        if self._standing is None:
            self._standing = session.standing
        elif session.cursor != self._standing.cursor:
            return False
        else:
            session.standing = self._standing
        self._senders[member] = member.send
        self._roll = None
        self._tallies[sent] += 1
        return True

    def leave(self, member: Member, sent: Sent) -> bool:
        """Let a member go, which stands where it stood; whether it was here."""
        if self._senders.pop(member, None) is None:
            return False
        self._roll = None
        member.session.part()
        self._tallies[sent] -= 1
        if not self._senders:
            self._standing = None
        return True

    def has_lost(self, member: Member) -> bool:
        """Whether a member is here that has moved, or cannot take updates any more."""
        session = member.session
        stays = session.standing is self._standing and session.state is SessionState.OPEN
        return not stays and member in self._senders

    def update(self, now: Instant) -> bool:
        """Send what they all lack; whether they lacked anything."""
        roll = self._roll or self._call()
        if not roll:
            return False
        frame = roll[0][0].session.update(now)
        if frame is None:
            return False
        self._send(roll, frame)
        return True

    def heartbeat(self, now: Instant, *, stay: bool) -> int:
        """Send a heartbeat; to how many."""
        roll = self._roll or self._call()
        if not roll:
            return 0
        frame = roll[0][0].session.heartbeat(now, stay=stay)
        if frame is None:
            return 0
        self._send(roll, frame)
        return len(roll)

    def _call(self) -> list[tuple[Member, Callable[[bytes], int]]]:
        self._roll = roll = list(self._senders.items())
        self._lanes = None
        if self._burst is not None and len(roll) > 1:
            lanes = [member.lane for member, _ in roll]
            self._lanes = lanes if None not in lanes else None
        return roll

    def _send(self, roll: list[tuple[Member, Callable[[bytes], int]]], frame: Frame) -> None:
        for sent, count in self._tallies.items():
            sent.frames += count
            sent.bytes += count * len(frame.payload)
        data = roll[0][0].prepare(frame)
        # A member that cannot take all of it leaves in here; the next roll is another list.
        if self._lanes is not None and self._burst is not None:
            for place, taken in self._burst(self._lanes, data):
                roll[place][0].send_rest(data[taken:])
            return
        size = len(data)
        for member, send in roll:
            try:
                taken = send(data)
                if taken == size:
                    continue
            except OSError:
                taken = 0  # Its buffer is full, or it is gone, which the transport finds out.
            member.send_rest(data[taken:])
