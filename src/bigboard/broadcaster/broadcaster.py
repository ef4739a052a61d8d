"""Brings every client up to date at the rate that it can take.

All clients of a group are brought on together, with one diff and one encoding; see ``wire/frames.py`` for how it is shared.
A commit touches only the groups that it concerns, and a tick only those whose time has come. The broadcaster has no clock
and no sockets: its owner calls ``tick`` after a commit and when ``tick`` has asked for it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from bigboard.broadcaster.counters import Counters, Figures, Sent
from bigboard.broadcaster.group import Group, GroupKey
from bigboard.broadcaster.interest import Interest
from bigboard.broadcaster.phases import PHASE_SIZE, Phases
from bigboard.broadcaster.schedule import Schedule
from bigboard.wire import Close, CloseCode, SessionState
from bigboard.wire.limits import INTERVALS_MS

if TYPE_CHECKING:
    from bigboard.broadcaster.burst import Burst
    from bigboard.broadcaster.member import Member
    from bigboard.wire import Frame, Frames, Instant

__all__ = ["Broadcaster"]

_NEVER = float("inf")
_EARLY = 0.2
"""Of the time between heartbeats: so much earlier some may come."""
_KNOWN_CODES = frozenset({*CloseCode, 1000, 1001, 1002, 1003, 1005, 1006, 1007, 1011})
"""The protocol's own, and those of RFC 6455 that a client or a lost connection may bring."""


class Broadcaster:
    """The groups and their rhythm."""

    def __init__(
        self, frames: Frames, *, heartbeat_s: float = 5.0, stuck_s: float = 30.0, burst: Burst | None = None
    ) -> None:
        self.counters = Counters()
        self.members: dict[Member, Group] = {}
        self._sent = {name: Sent() for name in INTERVALS_MS}
        self._clients: Counter[tuple[str, str]] = Counter()
        self._closes: Counter[int] = Counter()
        self._frames = frames
        self._seen = frames.board.cursor
        """Where the board was when groups were last told of changes."""
        self._groups: dict[GroupKey, list[Group]] = {}
        self._armed = Interest()
        self._schedule = Schedule()
        self._phases = Phases()
        self._heartbeat_s = heartbeat_s
        self._stuck_s = stuck_s
        self._burst = burst
        self._stuck_since: dict[Member, float] = {}
        self._waiting: dict[Member, None] = {}

    @property
    def groups(self) -> int:
        """How many different groups there are."""
        return len(self._groups)

    @property
    def phases(self) -> int:
        """How many parts the groups are split into; each ticks by itself."""
        return sum(map(len, self._groups.values()))

    @property
    def awaits_commit(self) -> bool:
        """Whether anybody is to be served at the next commit; all others are at the time that ``tick`` has told."""
        return bool(self._armed) or bool(self._waiting)

    @property
    def left(self) -> int:
        """How many connections have ended since the start."""
        return self._closes.total()

    def figures(self) -> Figures:
        """What there is to know at this moment."""
        return Figures(
            self.counters,
            self.groups,
            self.phases,
            self._frames.encodings,
            self._frames.fragments,
            {name: replace(sent) for name, sent in self._sent.items()},
            Counter(self._clients),
            Counter(self._closes),
        )

    def ended(self, code: int) -> None:
        """Count a connection that ended with a close code."""
        # A client may give any code: it must not make the counters grow.
        self._closes[code if code in _KNOWN_CODES else 0] += 1

    def add(self, member: Member, now: Instant) -> None:
        """Take a new connection in."""
        self._clients[member.client_class, member.session.format.value] += 1
        self._join(member, now)

    def remove(self, member: Member) -> None:
        """Let a connection go."""
        if member in self.members:
            self._clients[member.client_class, member.session.format.value] -= 1
        self._leave(member)
        self._stuck_since.pop(member, None)
        self._waiting.pop(member, None)

    def hold(self, member: Member) -> None:
        """A member is not clear any more: send it nothing until it is."""
        group = self.members.get(member)
        if group is not None:
            group.part(member, self._sent[member.client_class])

    def answer(self, member: Member, now: Instant) -> None:
        """Send what a session has to say after it received something, and follow it into its new group."""
        session = member.session
        sent = self._sent[member.client_class]
        for frame in session.outgoing():
            _write(member, sent, frame)
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
            self._armed.discard(group)
            if group.due is None:
                group.due = now.monotonic + group.key.interval_ms / 1000
            self._plan(group)
        elif group is not None and group.step.has_lost(member):
            group.part(member, sent)

    def tick(self, now: Instant, *, committed: bool) -> float | None:
        """Send what is due; the steady time at which to call again at the latest, ``None`` for never.

        ``committed``: the board has changed since the last tick, so armed groups are looked at too. A commit for which
        nobody waits (``awaits_commit``) needs no tick.
        """
        for member in list(self._waiting):
            self._poll(member, now)
        due = self._schedule.next()
        if committed or (due is not None and due <= now.monotonic):
            # Also when only a heartbeat is due: it must not step over a change that nobody has looked at.
            self._look(now)
            for group in self._schedule.due(now.monotonic):
                self._wake(group, now)
        return self._next_due(now)

    def _next_due(self, now: Instant) -> float | None:
        due = self._schedule.next()
        if self._waiting:
            # A resume that waits in vain ends by time; nothing else would wake it.
            return min(due if due is not None else _NEVER, now.monotonic + 0.25)
        return due

    def _look(self, now: Instant) -> None:
        """Tell the armed groups of what was committed; they send it at once. The others learn of it when they are due."""
        present = self._frames.board.cursor
        if present == self._seen:
            return
        if self._armed:
            for group in self._armed.concerned(self._frames.touched(self._seen)):
                self._bring_on(group, now)
        self._seen = present

    def _wake(self, group: Group, now: Instant) -> None:
        if group.due is not None and group.due <= now.monotonic:
            self._bring_on(group, now)
            if group.last_sent == now.monotonic:
                return
        if len(group) and self._heartbeat_at(group) <= now.monotonic:
            self._heartbeat(group, now)
        self._plan(group)

    def _plan(self, group: Group) -> None:
        """Have the group looked at when something is due for it."""
        due = group.due
        if due is None or due - group.last_sent >= (1 - _EARLY) * self._heartbeat_s:
            if not len(group):
                return
            beat = self._heartbeat_at(group)
            due = beat if due is None else min(due, beat)
        self._schedule.put(group, due)

    def _heartbeat_at(self, group: Group) -> float:
        # Heartbeats of an idle crowd would come in one burst, so the groups take some of them early.
        early = _EARLY * group.phase if self._phases.crowded(group.key.interval_ms) else 0.0
        return group.last_sent + (1 - early) * self._heartbeat_s

    def _bring_on(self, group: Group, now: Instant) -> None:
        """Send the members of a group what they lack."""
        # A copy: whoever leaves the step in what follows has just got something.
        others = list(group.others) if group.others else ()
        late = False
        sent = to_all = group.step.update(now)
        for member in others:
            got, skipped = self._bring_on_one(group, member, now)
            sent |= got
            late |= skipped
        if to_all or (sent and not len(group.step)):
            group.last_sent = now.monotonic
        if sent:
            self._armed.discard(group)
        else:
            self._armed.add(group)
        group.due = self._again(group, now.monotonic) if sent or late else None
        self._plan(group)

    def _again(self, group: Group, now: float) -> float:
        """When a group that has just sent is due again."""
        due = now if group.due is None else min(group.due, now)
        return self._phases.after(now, due, group.key.interval_ms, group.phase)

    def _bring_on_one(self, group: Group, member: Member, now: Instant) -> tuple[bool, bool]:
        """Send a member that is not in step what it lacks: whether it got anything, and whether it has to wait."""
        if not member.clear:
            return False, self._skip(member, now)
        was_stuck = self._stuck_since.pop(member, None) is not None
        frame = member.session.update(now)
        if frame is not None:
            self.counters.catch_ups += was_stuck
            _write(member, group.others[member], frame)
        self._put_in_step(group, member)
        return frame is not None, False

    def _put_in_step(self, group: Group, member: Member) -> None:
        sent = group.others.get(member)
        if sent is not None and group.step.take(member, sent):
            del group.others[member]

    def _heartbeat(self, group: Group, now: Instant) -> None:
        group.last_sent = now.monotonic
        # An interval may be longer than the time between heartbeats: what it holds back stays held back.
        held_back = group not in self._armed and group.due is not None and group.due > now.monotonic
        others = list(group.others.items())
        # A heartbeat says that nothing has changed, so what has changed and may go out goes instead.
        if not held_back and group.step.update(now):
            self._has_sent(group, now)
        else:
            self.counters.heartbeats += group.step.heartbeat(now, stay=held_back)
        for member, sent in others:
            if not member.clear:
                self._skip(member, now)
                continue
            self._stuck_since.pop(member, None)
            frame = None if held_back else member.session.update(now)
            if frame is not None:
                self._has_sent(group, now)
            else:
                frame = member.session.heartbeat(now, stay=held_back)
                self.counters.heartbeats += frame is not None
            if frame is not None:
                _write(member, sent, frame)
            self._put_in_step(group, member)

    def _has_sent(self, group: Group, now: Instant) -> None:
        self._armed.discard(group)
        group.due = self._again(group, now.monotonic)

    def _skip(self, member: Member, now: Instant) -> bool:
        """Pass over a member that is not clear; whether it may stay."""
        self.counters.skipped += 1
        since = self._stuck_since.setdefault(member, now.monotonic)
        stuck = now.monotonic - since
        if stuck < self._stuck_s:
            return True
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
        phases = self._groups.setdefault(key, [])
        group = next((group for group in reversed(phases) if len(group) < PHASE_SIZE), None)
        if group is None:
            group = Group(key, now.monotonic, self._phases.next_phase(), self._burst)
            phases.append(group)
            self._armed.add(group)
        group.others[member] = self._sent[member.client_class]
        self.members[member] = group
        self._phases.join(key.interval_ms)
        self._plan(group)
        return group

    def _leave(self, member: Member) -> None:
        group = self.members.pop(member, None)
        if group is None:
            return
        group.discard(member, self._sent[member.client_class])
        self._phases.leave(group.key.interval_ms)
        if not len(group):
            self._forget(group)

    def _forget(self, group: Group) -> None:
        phases = self._groups[group.key]
        phases.remove(group)
        if not phases:
            del self._groups[group.key]
        self._armed.discard(group)
        self._schedule.drop(group)


def _write(member: Member, sent: Sent, frame: Frame) -> None:
    sent.frames += 1
    sent.bytes += len(frame.payload)
    member.write(frame)


def _key(member: Member) -> GroupKey:
    session = member.session
    return GroupKey(session.format, session.selection, session.interval_ms, session.view, member.deflates)
