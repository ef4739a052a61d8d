"""One server session with its board, spoken to by hand: what tests of single rules use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bigboard.board import Board
from bigboard.wire import Format, Frames, Instant, ServerSession

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigboard.board import Diff, Limits, Update
    from bigboard.wire import Door, Frame, Identity, SessionLimits

__all__ = ["Talk", "decoded", "kinds"]

EPOCH = "01J9ZK3Q5T0000000000000001"


def decoded(frame: Frame) -> dict[str, Any]:
    """The message in a frame."""
    message: dict[str, Any] = (msgspec.json if frame.text else msgspec.msgpack).decode(frame.payload)
    return message


def kinds(messages: Sequence[dict[str, Any]]) -> list[str]:
    """What kinds of messages these are."""
    return [message["type"] for message in messages]


class Talk:
    """A board, one connection to it, and a clock that is moved by hand."""

    def __init__(
        self,
        *,
        board: Board | None = None,
        format: Format = Format.JSON,
        limits: Limits | None = None,
        session_limits: SessionLimits | None = None,
        door: Door | None = None,
    ) -> None:
        self.board = board or Board(EPOCH, limits=limits)
        self.frames = Frames(self.board)
        self.format = format
        self.session = ServerSession(self.frames, format=format, limits=session_limits, door=door)
        self.now = Instant(100.0, 1_759_729_260_000)

    def commit(self, *updates: Update) -> Diff | None:
        """One commit of the board."""
        self.board.apply_all(updates)
        return self.board.commit(self.now.wall_ms)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now = Instant(self.now.monotonic + seconds, self.now.wall_ms + round(seconds * 1000))

    def send(self, payload: str | bytes) -> list[dict[str, Any]]:
        """The client sends bytes; what the server answers."""
        self.session.receive(payload, self.now)
        return self.answers()

    def say(self, message: Any, *, binary: bool | None = None) -> list[dict[str, Any]]:
        """The client sends a message, as a frame of the connection's own format unless told otherwise."""
        if binary if binary is not None else self.format is Format.MSGPACK:
            return self.send(msgspec.msgpack.encode(message))
        return self.send(msgspec.json.encode(message).decode())

    def subscribe(self, *subscriptions: str, **more: Any) -> list[dict[str, Any]]:
        """The client subscribes."""
        return self.say({"action": "subscribe", "subscriptions": list(subscriptions), **more})

    def unsubscribe(self, *subscriptions: str, **more: Any) -> list[dict[str, Any]]:
        """The client unsubscribes."""
        return self.say({"action": "unsubscribe", "subscriptions": list(subscriptions), **more})

    def authenticate(self, token: str, **more: Any) -> list[dict[str, Any]]:
        """The client says who it is."""
        return self.say({"action": "authenticate", "token": token, **more})

    def identify(self, identity: Identity | None) -> list[dict[str, Any]]:
        """The credentials have changed; what the server says about it."""
        self.session.identify(identity, self.now)
        return self.answers()

    def tick(self) -> dict[str, Any] | None:
        """A diff is due."""
        frame = self.session.update(self.now)
        return None if frame is None else decoded(frame)

    def heartbeat(self) -> dict[str, Any] | None:
        """A heartbeat is due, and nothing has changed."""
        frame = self.session.heartbeat(self.now)
        return None if frame is None else decoded(frame)

    def poll(self) -> list[dict[str, Any]]:
        """Time has passed for a resume that waits."""
        self.session.poll(self.now)
        return self.answers()

    def answers(self) -> list[dict[str, Any]]:
        """What waits to go out."""
        frames = self.session.outgoing()
        assert all(frame.format is self.format for frame in frames)
        return [decoded(frame) for frame in frames]
