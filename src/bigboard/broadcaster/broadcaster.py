"""Brings every client up to date at the rate that it can take.

All clients of a group are brought on together, with one diff and one encoding; see ``wire/frames.py`` for how it is shared.
The broadcaster has no clock and no sockets: its owner calls ``tick`` after a commit and when ``tick`` has asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bigboard.broadcaster.group import Group, GroupKey
from bigboard.wire import Close, CloseCode, SessionState

if TYPE_CHECKING:
    from bigboard.broadcaster.member import Member
    from bigboard.wire import Frame, Instant

__all__ = ["Broadcaster", "Counters"]


@dataclass(slots=True)
class Counters:
    """What the broadcaster did since it started."""

    frames: int = 0
    bytes: int = 0
    heartbeats: int = 0
    skipped: int = 0
    """Ticks at which a client was not ready."""
    too_slow: int = 0
    """Clients that were closed because they stayed stuck."""


class Broadcaster:
    """The groups and their rhythm."""

    def __init__(self, *, heartbeat_s: float = 5.0, stuck_s: float = 30.0) -> None:
        self.counters = Counters()
        self.members: dict[Member, Group] = {}
        self._groups: dict[GroupKey, Group] = {}
        self._heartbeat_s = heartbeat_s
        self._stuck_s = stuck_s
        self._stuck_since: dict[Member, float] = {}
        self._waiting: dict[Member, None] = {}

    @property
    def groups(self) -> int:
        """How many different groups there are."""
        return len(self._groups)

    def add(self, member: Member, now: Instant) -> None:
        """Take a new connection in."""
        self._join(member, now)

    def remove(self, member: Member) -> None:
        """Let a connection go."""
        self._leave(member)
        self._stuck_since.pop(member, None)
        self._waiting.pop(member, None)

    def answer(self, member: Member, now: Instant) -> None:
        """Send what a session has to say after it received something, and follow it into its new group."""
        session = member.session
        for frame in session.outgoing():
            self._write(member, frame)
        if session.close is not None:
            self.remove(member)
            member.close(session.close)
            return
        if session.state is SessionState.WAITING:
            self._waiting[member] = None
        group = self.members.get(member)
        if group is not None and group.key != _key(member):
            self._leave(member)
            group = self._join(member, now)
            # Its old group may have held a change back; in an armed group only the next commit would bring it, and that
            # would be too early for a client that has just got a diff.
            group.armed = False
            if group.due is None:
                group.due = now.monotonic + group.key.interval_ms / 1000

    def tick(self, now: Instant, *, committed: bool) -> float | None:
        """Send what is due; the steady time at which to call again if nothing is committed before, ``None`` for never.

        ``committed``: the board has changed since the last tick, so armed groups are looked at too.
        """
        for member in list(self._waiting):
            self._poll(member, now)
        for group in list(self._groups.values()):
            due = group.due is not None and group.due <= now.monotonic
            if due or (committed and group.armed and self._has_news(group)):
                self._bring_on(group, now)
            if group.last_sent + self._heartbeat_s <= now.monotonic:
                self._heartbeat(group, now)
        return self._next_due(now)

    def _next_due(self, now: Instant) -> float | None:
        times = [min(group.due or float("inf"), group.last_sent + self._heartbeat_s) for group in self._groups.values()]
        if self._waiting:
            # A resume that waits in vain ends by time; nothing else would wake it.
            times.append(now.monotonic + 0.25)
        return min(times, default=None)

    def _has_news(self, group: Group) -> bool:
        # Without this every commit, and every message of every client, would look at every member of a quiet group. All
        # of them have what there was at the last look, so any one session can tell for all whether it has changed.
        session = next(iter(group.members)).session
        if group.looked is not None and not session.changed_since(group.looked):
            group.looked = session.present
            return False
        return True

    def _bring_on(self, group: Group, now: Instant) -> None:
        sent = False
        group.looked = next(iter(group.members)).session.present
        group.late.clear()
        for member in list(group.members):
            if not self._ready(member, now):
                group.late.add(member)
                continue
            frame = member.session.update(now)
            if frame is not None:
                self._write(member, frame)
                sent = True
        if sent:
            group.last_sent = now.monotonic
        group.armed = not sent
        group.due = now.monotonic + group.key.interval_ms / 1000 if sent or group.late else None

    def _heartbeat(self, group: Group, now: Instant) -> None:
        group.last_sent = now.monotonic
        # An interval may be longer than the time between heartbeats: what it holds back stays held back.
        held_back = not group.armed and group.due is not None and group.due > now.monotonic
        for member in list(group.members):
            if not self._ready(member, now):
                continue
            # A heartbeat says that nothing has changed, so what has changed and may go out goes instead.
            frame = None if held_back else member.session.update(now)
            if frame is not None:
                group.armed = False
                group.due = now.monotonic + group.key.interval_ms / 1000
            else:
                frame = member.session.heartbeat(now, stay=held_back)
                self.counters.heartbeats += frame is not None
            if frame is not None:
                self._write(member, frame)

    def _ready(self, member: Member, now: Instant) -> bool:
        if member.ready():
            self._stuck_since.pop(member, None)
            return True
        self.counters.skipped += 1
        since = self._stuck_since.setdefault(member, now.monotonic)
        stuck = now.monotonic - since
        if stuck >= self._stuck_s:
            self.counters.too_slow += 1
            reason = f"too slow: {member.waiting_bytes()} bytes waiting for {stuck:.0f} s"
            self.remove(member)
            member.close(Close(CloseCode.TOO_SLOW, reason))
        return False

    def _poll(self, member: Member, now: Instant) -> None:
        member.session.poll(now)
        if member.session.state is not SessionState.WAITING:
            del self._waiting[member]
            self.answer(member, now)

    def _join(self, member: Member, now: Instant) -> Group:
        key = _key(member)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = Group(key, now.monotonic)
        group.members[member] = None
        self.members[member] = group
        return group

    def _leave(self, member: Member) -> None:
        group = self.members.pop(member, None)
        if group is None:
            return
        del group.members[member]
        group.late.discard(member)
        if not group.members:
            del self._groups[group.key]

    def _write(self, member: Member, frame: Frame) -> None:
        self.counters.frames += 1
        self.counters.bytes += len(frame.payload)
        member.write(frame)


def _key(member: Member) -> GroupKey:
    session = member.session
    return GroupKey(session.format, session.selection, session.interval_ms)
