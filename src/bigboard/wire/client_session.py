"""The client's side of a connection, without any I/O: payloads in, payloads out, a replica that is always exact or unset.

The session outlives connections: after a loss ``connected`` starts the next one and resumes from the cursor that it holds.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from bigboard.board import Cursor
from bigboard.errors import WireError
from bigboard.wire.codec import Format, Frame, decode_server, encode
from bigboard.wire.codes import ErrorCode
from bigboard.wire.messages import DiffUpdate, Heartbeat, Resume, StateUpdate, Subscribe, Subscribed
from bigboard.wire.replica import Replica

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigboard.wire.messages import ServerMessage

__all__ = ["ClientSession", "ClientState"]


class ClientState(Enum):
    """Where a client stands with its server."""

    DISCONNECTED = auto()
    SYNCING = auto()
    """Connected, and waiting for the state or for the answer to a resume. Diffs are not taken."""
    LIVE = auto()


class ClientSession:
    """One client of a board: its subscriptions, its cursor and its replica."""

    def __init__(
        self,
        subscriptions: Sequence[str],
        *,
        format: Format = Format.MSGPACK,
        interval_ms: int | None = None,
    ) -> None:
        self.subscriptions = list(subscriptions)
        self.format = format
        self.interval_ms = interval_ms
        self.replica = Replica()
        self.cursor: Cursor | None = None
        self.state = ClientState.DISCONNECTED
        self.gaps = 0
        """How often a diff did not continue the cursor, so that the state was asked for again."""
        self.resumes = 0
        """How often a connection went on where the last one had ended."""
        self._subscriptions_held: list[str] | None = None
        self._requested: list[str] = []
        self._server_holds: list[str] = []
        """The subscriptions in the server's spelling, as its last answer listed them."""
        self._outgoing: list[Frame] = []

    def connected(self) -> None:
        """A connection is open: subscribe, and resume if there is something to resume from."""
        self.state = ClientState.SYNCING
        resume = None
        if self.cursor is not None and self._subscriptions_held == self.subscriptions:
            resume = Resume(self.cursor.epoch, self.cursor.sequence)
        self._subscribe(resume)

    def disconnected(self) -> None:
        """The connection is gone; the replica and the cursor stay."""
        self.state = ClientState.DISCONNECTED
        self._outgoing.clear()

    def outgoing(self) -> list[Frame]:
        """What has to be sent, handed over once."""
        frames, self._outgoing = self._outgoing, []
        return frames

    def receive(self, payload: str | bytes) -> ServerMessage:
        """Take one message of the server; it is returned after it was applied.

        Raises ``WireError`` if it is none. If its content is of the wrong shape, the replica is given up too: it may be
        half changed, and the next connection begins anew.
        """
        message = decode_server(payload)
        try:
            self._apply(message)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # Contents are not checked beforehand: that would cost each client for what no good server sends.
            self._give_up()
            raise WireError(ErrorCode.BAD_MESSAGE, f"content of the wrong shape: {error!r}") from None
        return message

    def _apply(self, message: ServerMessage) -> None:
        match message:
            case Subscribed():
                self._subscribed(message)
            case StateUpdate():
                self._state(message)
            case DiffUpdate():
                self._diff(message)
            case Heartbeat() if self.state is ClientState.LIVE:
                self.cursor = Cursor(message.epoch, message.sequence)
            case _:
                pass

    def _give_up(self) -> None:
        self.replica.clear()
        self.cursor = None
        self.state = ClientState.SYNCING
        self._subscriptions_held = None

    def _subscribe(self, resume: Resume | None) -> None:
        self._requested = list(self.subscriptions)
        self._outgoing.append(
            encode(
                Subscribe(subscriptions=self.subscriptions, interval_ms=self.interval_ms, resume=resume), self.format
            )
        )

    def _subscribed(self, message: Subscribed) -> None:
        self.replica.limit_tapes(message.tape_length)
        self._server_holds = message.subscriptions
        if message.resumed:
            self.resumes += 1
            self.state = ClientState.LIVE
            self._subscriptions_held = self._requested

    def _state(self, message: StateUpdate) -> None:
        if all(_covers(message.subscriptions, held) for held in self._server_holds):
            # All that is subscribed to: what else is held belongs to subscriptions of an earlier connection.
            self.replica.clear()
            self.state = ClientState.LIVE
            # Not before: a connection that is lost between the answer and its state leaves the replica as it was.
            self._subscriptions_held = self._requested
        elif self.state is not ClientState.LIVE:
            return  # A part says nothing about the rest, so it mends no gap there.
        self.replica.apply_state(message.subscriptions, message.data)
        self.cursor = Cursor(message.epoch, message.sequence)

    def _diff(self, message: DiffUpdate) -> None:
        if self.state is not ClientState.LIVE:
            return
        if self.cursor != Cursor(message.epoch, message.since):
            # A gap: nothing may be merged over it. Subscribing again to all brings the state.
            self.gaps += 1
            self.state = ClientState.SYNCING
            self._subscribe(None)
            return
        self.replica.apply_changes(message.changes)
        self.cursor = Cursor(message.epoch, message.sequence)


def _covers(names: Sequence[str], held: str) -> bool:
    return held in names or "*" in names or held.partition(":")[0] in names
