"""A conversation between a real server session and a client, told in both formats at once and written down.

The expected states come from the board's own snapshots, never from a replica: a fault of the merge rules in a client
cannot hide in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bigboard.board import TOPICS, Board, Diff, MergeKind, Update
from bigboard.wire import Format, Frames, Instant, ServerSession

if TYPE_CHECKING:
    from bigboard.board import Limits
    from bigboard.wire import Frame

__all__ = ["Conversation", "canonical"]

EPOCH = "01J9ZK3Q5T0000000000000001"
START_MS = 1_759_729_260_000
STEP_MS = 100
MOVES_CURSOR = ("state_update", "diff_update", "heartbeat")


def canonical(message: dict[str, Any]) -> dict[str, Any]:
    """A server's message with the keys of each topic in sorted order.

    Selections of several keys are sets: the order in which their keys stand in a message is any, and differs from run to
    run. Rows are arrays and keep the order that they have.
    """
    for part in ("data", "changes"):
        if part in message:
            message[part] = {topic: _sorted(topic, value) for topic, value in message[part].items()}
    return message


def _sorted(topic: str, value: Any) -> Any:
    return value if TOPICS[topic].kind is MergeKind.ROWS else dict(sorted(value.items()))


class Conversation:
    """What the server says to one client, connection after connection."""

    def __init__(self, *, limits: Limits | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.expected: list[dict[str, Any]] = []
        self.diffs: list[Diff] = []
        """Every commit, for followers."""
        self._limits = limits
        self._wall_ms = START_MS
        self._cursor: dict[str, Any] | None = None
        self.restart(EPOCH)

    # The board

    def restart(self, epoch: str) -> None:
        """The board is lost and begins anew: another epoch, nothing in it. Open connections go on to it."""
        self.board = Board(epoch, limits=self._limits)
        self.diffs = []
        self.connect(self.board)

    def apply(self, *updates: Update) -> None:
        """One commit; nothing goes out yet."""
        self._wall_ms += STEP_MS
        self.board.apply_all(updates)
        diff = self.board.commit(self._wall_ms)
        if diff is not None:
            self.diffs.append(diff)

    def step(self, topic: str, key: str, data: Any) -> None:
        """One commit with one update, sent and checked."""
        self.apply(Update(topic, key, data))
        self.tick()
        self.check()

    # The connection

    def connect(self, board: Board) -> None:
        """A new connection, to a gateway with this board."""
        self._frames = Frames(board)
        self._sessions = {form: ServerSession(self._frames, format=form) for form in Format}

    def move_to(self, board: Board) -> None:
        """The open connection's gateway gets another board: its replica was loaded anew."""
        self._frames.board = board

    def say(self, message: dict[str, Any]) -> None:
        """The client says something; the answers are written down."""
        for session in self._sessions.values():
            session.receive(msgspec.json.encode(message).decode(), self._now)
        self._write({form: session.outgoing() for form, session in self._sessions.items()})

    def subscribe(self, *subscriptions: str, resume: bool = False) -> None:
        """Subscribe, as the first word of a connection with the cursor that the client holds."""
        message: dict[str, Any] = {"action": "subscribe", "subscriptions": list(subscriptions)}
        self.say(message | {"resume": self._cursor} if resume else message)

    def poll(self, seconds: float = 0.0) -> None:
        """Time passes for a resume that waits."""
        now = Instant(self._now.monotonic + seconds, self._wall_ms)
        for session in self._sessions.values():
            session.poll(now)
        self._write({form: session.outgoing() for form, session in self._sessions.items()})

    def tick(self, *, lost: bool = False) -> None:
        """The server sends what is new; a lost frame never reaches the client."""
        frames = {form: session.update(self._now) for form, session in self._sessions.items()}
        if not lost:
            self._write({form: [frame] if frame else [] for form, frame in frames.items()})

    def heartbeat(self) -> None:
        """The server has been silent for long."""
        frames = {form: session.heartbeat(self._now) for form, session in self._sessions.items()}
        self._write({form: [frame] if frame else [] for form, frame in frames.items()})

    def check(self) -> None:
        """Write down what a client holds now. Everything has to have reached it."""
        session = self._sessions[Format.JSON]
        assert session.update(self._now) is None
        snapshot = self._frames.board.snapshot(session.selection)
        state = {topic: _sorted(topic, value) for topic, value in snapshot.data.items()}
        self.expected.append({"after": len(self.messages), "cursor": self._cursor, "state": state})

    @property
    def _now(self) -> Instant:
        return Instant(self._wall_ms / 1000, self._wall_ms)

    def _write(self, frames: dict[Format, list[Frame]]) -> None:
        told = [canonical(msgspec.json.decode(frame.payload)) for frame in frames[Format.JSON]]
        assert told == [canonical(msgspec.msgpack.decode(frame.payload)) for frame in frames[Format.MSGPACK]]
        for message in told:
            self.messages.append(message)
            if message["type"] in MOVES_CURSOR:
                self._cursor = {"epoch": message["epoch"], "sequence": message["sequence"]}
