"""The server's side of one connection, without any I/O: payloads and board events in, frames and a close request out.

States, and what is legal in each::

    STRANGER ──a good token──> OPEN (only where authentication is asked for; a stranger may ping and authenticate)
    OPEN ──resume ahead of the replica──> WAITING ──replica is there, or time is up──> OPEN
    any ──violation, no good token in time, token expired or withdrawn──> CLOSING (nothing more goes out but the close)

The session owns the client's cursor. It never looks at a clock and never waits: its owner tells the time and decides when
the next diff is due (the interval), so that clients which are due together share one encoding.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from math import isfinite
from typing import TYPE_CHECKING, NoReturn, assert_never

from bigboard.board import EVERYTHING, Cursor, Selection, Subscription
from bigboard.errors import CursorUnavailable, WireError
from bigboard.wire.codec import Format, Frame, decode_object, encode, read_client
from bigboard.wire.codes import Close, CloseCode, ErrorCode
from bigboard.wire.door import Door
from bigboard.wire.holding import Holding, parse_subscriptions
from bigboard.wire.limits import INTERVALS_MS, SessionLimits
from bigboard.wire.messages import (
    Authenticate,
    Authenticated,
    Error,
    Ping,
    Pong,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
    rfc3339,
)
from bigboard.wire.standing import Standing
from bigboard.wire.waiting import Waiting, must_wait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigboard.wire.frames import Frames
    from bigboard.wire.identity import Identity
    from bigboard.wire.instant import Instant
    from bigboard.wire.messages import ClientMessage, Id, ServerMessage

__all__ = ["ServerSession", "SessionState"]


class SessionState(Enum):
    """See the module's docstring."""

    STRANGER = auto()
    OPEN = auto()
    WAITING = auto()
    CLOSING = auto()


_OPEN = SessionState.OPEN
"""To look a member of an enumeration up takes a call, which is asked for too often here."""


class ServerSession:
    """One client: its subscriptions, its cursor, and its conversation."""

    def __init__(
        self,
        frames: Frames,
        *,
        format: Format = Format.JSON,
        interval_ms: int = INTERVALS_MS["web"],
        limits: SessionLimits | None = None,
        door: Door | None = None,
    ) -> None:
        self.format = format
        self.interval_ms = interval_ms
        self.close: Close | None = None
        """Set once the connection has to be closed."""
        self._door = door or Door()
        self.state = SessionState.STRANGER if self._door.identity is None else SessionState.OPEN
        self._frames = frames
        self._limits = limits or SessionLimits()
        self._holding = Holding()
        self.standing = Standing(frames.board.cursor)
        """What the client holds, once it has got everything that went out. Others may stand there too; see ``part``."""
        self._outgoing: deque[Frame] = deque()
        self._subscribed_once = False
        self._bad_messages = 0
        self._waiting: Waiting | None = None
        self._deferred: deque[ClientMessage] = deque()

    @property
    def selection(self) -> Selection:
        """What the client subscribes to, of what it may see."""
        return self._holding.selection

    @property
    def view(self) -> tuple[Subscription, ...] | None:
        """What ``*`` stands for if the client holds it and may not see everything; equal for all clients of a group."""
        identity = self.identity
        limited = identity is not None and not identity.unlimited and EVERYTHING in self._holding.names
        return identity.permissions if identity is not None and limited else None

    @property
    def identity(self) -> Identity | None:
        """Who the client is; ``None`` until it has authenticated, where that is asked for."""
        return self._door.identity

    @property
    def cursor(self) -> Cursor:
        """Where the client stands."""
        return self.standing.cursor

    def part(self) -> None:
        """Stand alone from now on: ``update`` and ``heartbeat`` move all who stand together."""
        self.standing = Standing(self.standing.cursor)

    # What comes in

    def receive(self, payload: str | bytes, now: Instant) -> None:
        """Take one inbound message. Answers wait in ``outgoing``; afterwards ``close`` may be set."""
        if self.state is SessionState.CLOSING:
            return
        size = (
            len(payload) if isinstance(payload, bytes) or payload.isascii() else len(payload.encode(errors="replace"))
        )
        if size > self._limits.max_message:
            limit = self._limits.max_message
            self._send(
                Error(code=ErrorCode.TOO_LARGE, message=f"{size} bytes in one message, at most {limit} are read")
            )
            self.end(CloseCode.TOO_LARGE, f"message of {size} bytes, limit {limit}")
            return
        try:
            message = decode_object(payload)
            if not isinstance(message, dict):
                self.end(CloseCode.PROTOCOL_VIOLATION, "a message must be an object")
                return
            self._take(read_client(message), now)
            self._bad_messages = 0
        except WireError as error:
            self.refuse(error)

    def poll(self, now: Instant) -> None:
        """See whether a resume that waits can go on. The owner calls it after commits and once in a while."""
        if self._waiting is None:
            return
        waiting = self._waiting
        if not waiting.is_over(self._frames.board, now):
            return
        self._waiting = None
        self.state = SessionState.OPEN
        self._resume(waiting.message, waiting.cursor, waiting.subscriptions, now)
        while self._deferred and self.state is SessionState.OPEN:
            try:
                self._take(self._deferred.popleft(), now)
            except WireError as error:
                self.refuse(error)

    def seconds_left(self, now: Instant) -> float | None:
        """When to call ``expire``, in seconds from now; ``None`` for never. It changes with each authentication."""
        return None if self.state is SessionState.CLOSING else self._door.seconds_left(now)

    def expire(self, now: Instant) -> None:
        """See whether the client may stay: closes with 4401 if it did not authenticate in time, or its token expired."""
        reason = self._door.end(now)
        if reason is not None and self.state is not SessionState.CLOSING:
            self.end(CloseCode.UNAUTHENTICATED, reason)

    def identify(self, identity: Identity | None, now: Instant) -> None:
        """The credentials know the client as this from now on; ``None``: its credential was withdrawn."""
        if self.state is SessionState.CLOSING:
            return
        if identity is None:
            self.end(CloseCode.UNAUTHENTICATED, "the credential was withdrawn")
        else:
            self._become(identity, now)

    # What goes out

    def outgoing(self) -> list[Frame]:
        """The answers that wait, in order; they are handed over once."""
        frames = list(self._outgoing)
        self._outgoing.clear()
        return frames

    def update(self, now: Instant) -> Frame | None:
        """What brings the client up to now, if anything changed for it: a diff, or a state if no diff can.

        The caller sends the frame to the client, and to all who stand with it: their cursor has moved.
        """
        holding = self._holding
        if self.state is not _OPEN or not holding.names:
            return None
        standing, frames = self.standing, self._frames
        cursor, present = standing.cursor, frames.board.cursor
        if cursor == present:
            return None
        if cursor.epoch == present.epoch:
            try:
                frame = frames.diff(self.format, holding.selection, cursor.sequence)
            except CursorUnavailable:
                frame = self._state(holding.names, now)
        else:
            frame = self._state(holding.names, now)
        if frame is not None:
            standing.cursor = present
        return frame

    def heartbeat(self, now: Instant, *, stay: bool = False) -> Frame | None:
        """A heartbeat. It moves the client and all who stand with it to the present, unless they have to ``stay``.

        The caller asks ``update`` first: a heartbeat at the present says that nothing has changed. One that stays says
        no more than that the server lives; it is for a client whose interval holds a change back.
        """
        if self.state in (SessionState.CLOSING, SessionState.STRANGER):
            return None
        if self._waiting is not None:
            if not self._waiting.may_be_true:
                return None
            # The client is ahead of this replica: to name the replica's place would take it back in time.
            return self._frames.heartbeat(self.format, self._waiting.cursor, now.wall_ms)
        if not stay:
            self.standing.cursor = self._frames.board.cursor
        return self._frames.heartbeat(self.format, self.cursor, now.wall_ms)

    # Actions

    def _take(self, message: ClientMessage, now: Instant) -> None:
        if isinstance(message, Authenticate):
            # Not kept while a resume waits: the answer does not depend on the board, and a token may be about to expire.
            self._authenticate(message, now)
            return
        if self._waiting is not None:
            if len(self._deferred) >= self._limits.max_deferred:
                raise WireError(ErrorCode.RATE_LIMITED, "too many messages while the resume waits", id=message.id)
            self._deferred.append(message)
            return
        match message:
            case Ping():
                self._send(Pong(timestamp=rfc3339(now.wall_ms), id=message.id))
            case Subscribe():
                self._subscribe(message, now)
            case Unsubscribe():
                self._unsubscribe(message)
            case _:
                assert_never(message)

    def _authenticate(self, message: Authenticate, now: Instant) -> None:
        try:
            identity = self._door.prove(message.token, now)
        except WireError as error:
            shut_out = error.code == ErrorCode.RATE_LIMITED and self.identity is None
            if error.code != ErrorCode.UNAUTHENTICATED and not shut_out:
                raise WireError(error.code, str(error), id=message.id) from None
            self._send(Error(code=error.code, message=str(error), id=message.id))
            self.end(CloseCode.RATE_LIMITED if shut_out else CloseCode.UNAUTHENTICATED, str(error))
            return
        expires = None if identity.expires_ms is None else rfc3339(identity.expires_ms)
        permissions = [str(permission) for permission in identity.permissions]
        self._send(Authenticated(subject=identity.subject, permissions=permissions, expires=expires, id=message.id))
        self._become(identity, now)

    def _become(self, identity: Identity, now: Instant) -> None:
        self._door.identity = identity
        if self.state is SessionState.STRANGER:
            self.state = SessionState.OPEN
            return
        waiting = self._waiting.subscriptions if self._waiting is not None else ()
        for held in (*self._holding.names, *waiting):
            if not identity.permits(held):
                self.end(CloseCode.FORBIDDEN, f"{held} is not permitted any more")
                return
        before = self.selection
        self._holding.select(identity)
        if self.selection != before:
            # What `*` means has changed, and no diff can tell that.
            self._outgoing.append(self._state(self._holding.names, now))
            self.standing = Standing(self._frames.board.cursor)

    def _permitted(self, subscriptions: list[Subscription], id: Id) -> list[Subscription]:
        """What of this may be subscribed to; the client is told of the rest."""
        identity = self._known(id)
        refused = [wanted for wanted in subscriptions if not identity.permits(wanted)]
        if refused:
            self._send(Error(code=ErrorCode.FORBIDDEN, message=identity.refusal(refused), id=id))
        return [wanted for wanted in subscriptions if identity.permits(wanted)]

    def _known(self, id: Id = None) -> Identity:
        if self.identity is None:
            raise WireError(
                ErrorCode.UNAUTHENTICATED, 'say who you are first: {"action": "authenticate", "token": "…"}', id=id
            )
        return self.identity

    def _subscribe(self, message: Subscribe, now: Instant) -> None:
        if len(message.subscriptions) > self._limits.max_subscriptions:
            self._too_many(message.id)
        wanted = parse_subscriptions(message.subscriptions, message.id)
        subscriptions = self._permitted(wanted, message.id)
        if wanted and not subscriptions:
            return
        if len(self._holding.names.keys() | set(subscriptions)) > self._limits.max_subscriptions:
            self._too_many(message.id)
        if message.interval_ms is not None:
            self.interval_ms = self._clamp(message.interval_ms, message.id)
        resume = message.resume if not self._subscribed_once else None
        self._subscribed_once = True
        if len(subscriptions) < len(wanted) or (EVERYTHING in subscriptions and not self._known().unlimited):
            # It may see other things than it did: no diff from its cursor can tell which.
            resume = None
        if resume is None:
            self._add(message, subscriptions, now)
            return
        cursor = Cursor(resume.epoch, resume.sequence)
        if must_wait(cursor, self._frames.board):
            deadline = now.monotonic + self._limits.resume_wait
            self._waiting = Waiting(message, cursor, subscriptions, deadline)
            self.state = SessionState.WAITING
        else:
            self._resume(message, cursor, subscriptions, now)

    def _too_many(self, id: Id) -> NoReturn:
        most = self._limits.max_subscriptions
        raise WireError(ErrorCode.TOO_MANY_SUBSCRIPTIONS, f"a connection holds at most {most} subscriptions", id=id)

    def _resume(self, message: Subscribe, cursor: Cursor, subscriptions: list[Subscription], now: Instant) -> None:
        """The first subscribe of a client that came back: go on from its cursor, if the board can."""
        if not self._frames.board.reaches(cursor, Selection(subscriptions)):
            self._add(message, subscriptions, now)
            return
        self._holding.add(subscriptions, self._known())
        self.standing = Standing(cursor)
        self._answer_subscribed(message.id, resumed=True)
        frame = self.update(now)
        if frame is not None:
            self._outgoing.append(frame)

    def _add(self, message: Subscribe, subscriptions: list[Subscription], now: Instant) -> None:
        # What the client holds is brought up to the present first, so that one cursor is true for old and new alike.
        self.part()
        catch_up = self.update(now)
        if catch_up is not None:
            self._outgoing.append(catch_up)
        self._holding.add(subscriptions, self._known())
        self._answer_subscribed(message.id, resumed=False)
        if subscriptions:
            self._outgoing.append(self._state(self._holding.with_their_rows(subscriptions), now))
            self.standing.cursor = self._frames.board.cursor

    def _unsubscribe(self, message: Unsubscribe) -> None:
        identity = self._known(message.id)
        self._holding.remove(parse_subscriptions(message.subscriptions, message.id), identity)
        self._send(Unsubscribed(subscriptions=self._holding.texts(), id=message.id))

    # Parts

    def _clamp(self, interval_ms: float, id: Id) -> int:
        if not isfinite(interval_ms):
            raise WireError(ErrorCode.BAD_MESSAGE, f"interval_ms must be a finite number, not {interval_ms}", id=id)
        return int(min(max(interval_ms, self._limits.min_interval_ms), self._limits.max_interval_ms))

    def _state(self, names: Iterable[Subscription], now: Instant) -> Frame:
        names = list(names)
        return self._frames.state(self.format, Selection(self._known().restrict(names)), names, now.wall_ms)

    def _answer_subscribed(self, id: Id, *, resumed: bool) -> None:
        board = self._frames.board
        self._send(
            Subscribed(
                subscriptions=self._holding.texts(),
                epoch=board.epoch,
                sequence=board.sequence,
                interval_ms=self.interval_ms,
                tape_length=board.limits.tape_length,
                resumed=resumed,
                id=id,
            )
        )

    def _send(self, message: ServerMessage) -> None:
        self._outgoing.append(encode(message, self.format))

    def refuse(self, error: WireError) -> None:
        """Answer a message with an error; three bad ones in a row end the connection."""
        self._send(Error(code=error.code, message=str(error), id=error.id))
        if error.code != ErrorCode.BAD_MESSAGE:
            self._bad_messages = 0
            return
        self._bad_messages += 1
        if self._bad_messages >= self._limits.max_bad_messages:
            self.end(CloseCode.PROTOCOL_VIOLATION, f"{self._bad_messages} bad messages in a row")

    def end(self, code: CloseCode, reason: str) -> None:
        """Have the connection closed; nothing more goes out."""
        self.state = SessionState.CLOSING
        self.close = Close(code, reason)
        # A resume that waits would open the session again when its time is up.
        self._waiting = None
        self._deferred.clear()
