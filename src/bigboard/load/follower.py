"""One load client's side of the protocol, without I/O: it proves that nothing was left out.

It takes the same steps as ``wire.ClientSession``, but keeps a cursor alone: what the data says is read only by the few
clients that have a replica. Those can prove more: asked to, the server sends the state of all that they hold, and says by
the order of its answer that it is the state at their very cursor (PROTOCOL section 3), however fast the board moves.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, TypeVar

from bigboard.errors import WireError
from bigboard.load.comparison import differences
from bigboard.load.headers import (
    DiffHeader,
    ErrorHeader,
    HeartbeatHeader,
    PongHeader,
    StateHeader,
    SubscribedHeader,
    epoch_us,
    read_header,
)
from bigboard.wire import ClientState, ErrorCode, decode_server, encode
from bigboard.wire.messages import DiffUpdate, Ping, Resume, StateUpdate, Subscribe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bigboard.load.tally import Tally
    from bigboard.wire import Format, Replica

__all__ = ["Follower", "FollowerOwner"]

_CHECK = "check"
_Message = TypeVar("_Message", DiffUpdate, StateUpdate)


class FollowerOwner(Protocol):
    """Who hears what becomes of a follower."""

    def live(self, *, resumed: bool) -> None:
        """It is current, after it was not."""

    def checked(self, found: list[str] | None) -> None:
        """Where its replica differs from the server's state; ``None`` if they could not be compared."""

    def answered(self, id: str | int | None, server_ms: int) -> None:
        """A pong, with the server's time."""


class Follower:
    """A client's cursor and its conversation."""

    __slots__ = (
        "_check",
        "_current_from",
        "_held",
        "_interval_ms",
        "_name",
        "_owner",
        "_tally",
        "epoch",
        "format",
        "measured",
        "replica",
        "sequence",
        "state",
        "subscriptions",
    )

    def __init__(
        self,
        name: str,
        subscriptions: Sequence[str],
        tally: Tally,
        owner: FollowerOwner,
        *,
        format: Format,
        interval_ms: int | None = None,
        replica: Replica | None = None,
        measured: bool = True,
    ) -> None:
        self.subscriptions = subscriptions
        self.format = format
        self.replica = replica
        self.measured = measured
        """Whether its delays count: not those of a client that never reads."""
        self.state = ClientState.DISCONNECTED
        self.epoch = ""
        self.sequence = -1
        """The cursor; before the first state there is none, and the epoch is empty."""
        self._name = name
        self._tally = tally
        self._owner = owner
        self._interval_ms = interval_ms
        self._held = subscriptions
        """The subscriptions in the server's spelling, as its last answer listed them."""
        self._current_from = -1
        """Up to this sequence a diff only brings what was missed, so its delay says nothing about delivery."""
        self._check: str | None = None

    # What goes out

    def connected(self) -> bytes:
        """A connection is open: the message that subscribes, and resumes if there is something to resume from."""
        self.state = ClientState.SYNCING
        return self._subscribe(Resume(self.epoch, self.sequence) if self.epoch else None)

    def disconnected(self) -> None:
        """The connection is gone; the cursor and the replica stay."""
        self.state = ClientState.DISCONNECTED
        if self._check is not None:
            self._end_check(None)

    def check(self) -> bytes:
        """The message that asks for the state again, to compare; ``checked`` tells."""
        self._check = "asked"
        return self._subscribe(None, _CHECK)

    def ping(self, id: int) -> bytes:
        """The message that asks for a sign of life; ``answered`` tells."""
        return encode(Ping(id=id), self.format).payload

    def _subscribe(self, resume: Resume | None, id: str | None = None) -> bytes:
        message = Subscribe(subscriptions=list(self.subscriptions), interval_ms=self._interval_ms, resume=resume, id=id)
        return encode(message, self.format).payload

    # What comes in

    def receive(self, payload: bytes, arrived_us: int, *, text: bool) -> bytes | None:
        """Take one message, which arrived at this time of the server's clock; maybe there is something to send."""
        try:
            header = read_header(payload, text=text)
            if type(header) is DiffHeader:
                return self._diff(header, payload, arrived_us, text=text)
            if type(header) is StateHeader:
                self._state(header, payload, text=text)
            elif type(header) is HeartbeatHeader:
                self._heartbeat(header)
            elif type(header) is SubscribedHeader:
                self._subscribed(header)
            elif type(header) is ErrorHeader:
                self._tally.count(self._tally.errors, f"{header.code}: {header.message}")
            elif type(header) is PongHeader:
                self._owner.answered(header.id, epoch_us(header.timestamp) // 1_000)
        except WireError as error:
            self._violation(str(error))
        return None

    def _diff(self, header: DiffHeader, payload: bytes, arrived_us: int, *, text: bool) -> bytes | None:
        self._tally.window.diffs += 1
        if self.state is not ClientState.LIVE:
            return None
        if header.since != self.sequence or header.epoch != self.epoch:
            self._tally.gap(
                f"{self._name} held {self.epoch}/{self.sequence}, its next diff began at {header.epoch}/{header.since}"
            )
            # Nothing may be merged over a gap. Subscribing again to all brings the state.
            self.state = ClientState.SYNCING
            return self._subscribe(None)
        if header.sequence <= header.since:
            self._violation(f"a diff from {header.since} to {header.sequence}")
        if self.replica is not None:
            _apply_diff(self.replica, payload, text=text)
        self.sequence = header.sequence
        if self.measured and header.sequence > self._current_from:
            self._tally.window.delivered(arrived_us - epoch_us(header.timestamp))
        return None

    def _state(self, header: StateHeader, payload: bytes, *, text: bool) -> None:
        self._tally.window.states += 1
        whole = all(_covers(header.subscriptions, held) for held in self._held)
        if not whole and self.state is not ClientState.LIVE:
            return  # A part says nothing about the rest, so it mends no gap there.
        if header.epoch == self.epoch and header.sequence < self.sequence:
            self._violation(f"a state at {header.sequence} after {self.sequence}")
        if self.replica is not None:
            message = _decode(StateUpdate, payload, text=text)
            if self._check == "answered" and whole:
                comparable = self.state is ClientState.LIVE and header.epoch == self.epoch
                self._end_check(differences(self.replica.data(), message.data) if comparable else None)
            _apply_state(self.replica, message, whole=whole)
        self.epoch, self.sequence = header.epoch, header.sequence
        if self.state is not ClientState.LIVE:
            self._current_from = header.sequence
            self.state = ClientState.LIVE
            self._owner.live(resumed=False)

    def _heartbeat(self, header: HeartbeatHeader) -> None:
        self._tally.window.heartbeats += 1
        if self.state is not ClientState.LIVE:
            return
        if header.epoch != self.epoch:
            self._violation(
                f"a heartbeat of epoch {header.epoch[:40]} to a client that holds {self.epoch}, and no state"
            )
        elif header.sequence < self.sequence:
            self._violation(f"a heartbeat went back from {self.sequence} to {header.sequence}")
        self.epoch, self.sequence = header.epoch, header.sequence

    def _subscribed(self, header: SubscribedHeader) -> None:
        # Mostly the same words: ten thousand clients need not keep them twice.
        self._held = self.subscriptions if header.subscriptions == self.subscriptions else header.subscriptions
        if self.replica is not None:
            self.replica.limit_tapes(header.tape_length)
        self._tally.interval_ms = header.interval_ms
        if header.id == _CHECK and self._check is not None:
            self._check = "answered"
        if header.resumed:
            self._current_from = header.sequence
            self.state = ClientState.LIVE
            self._owner.live(resumed=True)

    def _end_check(self, found: list[str] | None) -> None:
        self._check = None
        self._owner.checked(found)

    def _violation(self, what: str) -> None:
        self._tally.violation(f"{self._name}: {what}")


def _apply_diff(replica: Replica, payload: bytes, *, text: bool) -> None:
    message = _decode(DiffUpdate, payload, text=text)
    with _data_that_fits():
        replica.apply_changes(message.changes)


def _decode(kind: type[_Message], payload: bytes, *, text: bool) -> _Message:
    message = decode_server(payload.decode(errors="replace") if text else payload)
    if not isinstance(message, kind):
        raise WireError(ErrorCode.BAD_MESSAGE, f"its type is not {kind.__name__}")
    return message


def _apply_state(replica: Replica, message: StateUpdate, *, whole: bool) -> None:
    if whole:
        replica.clear()
    with _data_that_fits():
        replica.apply_state(message.subscriptions, message.data)


@contextmanager
def _data_that_fits() -> Iterator[None]:
    # The replica trusts its server. Here the server is what is tested, and a map where a list belongs is a finding.
    try:
        yield
    except (TypeError, AttributeError, KeyError, ValueError, IndexError) as error:
        raise WireError(ErrorCode.BAD_MESSAGE, f"data of another shape than its topic has: {error!r}") from None


def _covers(names: Sequence[str], held: str) -> bool:
    return held in names or "*" in names or held.partition(":")[0] in names
