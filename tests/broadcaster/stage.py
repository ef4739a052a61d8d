"""A board, a broadcaster and its clients, on a clock that is moved by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bigboard.board import Board
from bigboard.broadcaster import Broadcaster
from bigboard.wire import ClientSession, Format, Frames, Instant, ServerSession
from wire.talking import decoded

if TYPE_CHECKING:
    from bigboard.board import Limits, Update
    from bigboard.wire import Close, Frame

__all__ = ["FakeMember", "Stage"]

EPOCH = "01J9ZK3Q5T0000000000000001"
START_MS = 1_759_729_260_000


class FakeMember:
    """A connection without a socket. Whatever is written arrives at a real client at once, unless the network is stuck.

    While ``stuck``, frames wait and the member is not clear, as a transport with a full buffer; ``room`` bytes are taken
    before.
    """

    deflates = False
    room = 0

    def __init__(self, stage: Stage, subscriptions: tuple[str, ...], format: Format, client_class: str = "web") -> None:
        self.client_class = client_class
        self.session = ServerSession(stage.frames, format=format)
        self.client = ClientSession(subscriptions, format=format)
        self.arrived: list[tuple[float, dict[str, Any]]] = []
        """When each message arrived, in steady seconds, and the message."""
        self.frames: list[Frame] = []
        self.closed: Close | None = None
        self._stage = stage
        self._waiting: list[Frame] = []
        self._stuck = False
        self._taken = b""

    # What the broadcaster asks

    @property
    def clear(self) -> bool:
        return not self._waiting and self.closed is None

    def waiting_bytes(self) -> int:
        return sum(len(frame.payload) for frame in self._waiting)

    def write(self, frame: Frame) -> None:
        self._waiting.append(frame)
        if self._stuck:
            self._stage.broadcaster.hold(self)
        else:
            self._deliver()

    def prepare(self, frame: Frame) -> bytes:
        self._stage.prepared[frame.payload] = frame
        return frame.payload

    def send(self, data: bytes) -> int:
        assert self.clear, "sent past what waits"
        self._taken = data[: self.room] if self._stuck else data
        if not self._stuck:
            self.write(self._stage.prepared[data])
        elif not self.room:
            raise BlockingIOError
        return len(self._taken)

    @property
    def lane(self) -> FakeMember:
        return self

    def send_rest(self, data: bytes) -> None:
        assert data, "nothing is left"
        self.write(self._stage.prepared[self._taken + data])

    def close(self, close: Close) -> None:
        assert self.closed is None, "closed twice"
        self.closed = close
        self._stage.broadcaster.hold(self)

    # What a test does

    @property
    def stuck(self) -> bool:
        """Whether the client reads nothing: what is written waits."""
        return self._stuck

    @stuck.setter
    def stuck(self, stuck: bool) -> None:
        self._stuck = stuck
        if not stuck:
            self._deliver()

    def say(self, message: dict[str, Any]) -> None:
        """The client sends a message."""
        self._stage.receive(self, msgspec.json.encode(message).decode())

    def subscribe(self, *subscriptions: str, **more: Any) -> None:
        """The client subscribes."""
        self.say({"action": "subscribe", "subscriptions": list(subscriptions), **more})

    def kinds(self) -> list[str]:
        """The kinds of all messages that arrived."""
        return [message["type"] for _, message in self.arrived]

    def times(self, kind: str) -> list[float]:
        """When messages of a kind arrived, in seconds since the beginning."""
        return [round(time, 6) for time, message in self.arrived if message["type"] == kind]

    def _deliver(self) -> None:
        frames, self._waiting = self._waiting, []
        for frame in frames:
            self.arrived.append((self._stage.seconds, decoded(frame)))
            self.frames.append(frame)
            self.client.receive(frame.payload.decode() if frame.text else frame.payload)


class Stage:
    """The scene: time passes only in ``advance``, and every tick that the broadcaster asks for happens on time."""

    bursts = True
    """Whether there is a ``Burst``; each test runs with it and without."""

    def __init__(self, *, heartbeat_s: float = 5.0, stuck_s: float = 30.0, limits: Limits | None = None) -> None:
        self.board = Board(EPOCH, limits=limits)
        self.frames = Frames(self.board)
        self.broadcaster = Broadcaster(
            self.frames, heartbeat_s=heartbeat_s, stuck_s=stuck_s, burst=_burst if self.bursts else None
        )
        self.prepared: dict[bytes, Frame] = {}
        self.seconds = 0.0
        self.ticks = 0
        self._due: float | None = None
        self._price = 0

    @property
    def now(self) -> Instant:
        """This moment."""
        return Instant(self.seconds, START_MS + round(self.seconds * 1000))

    def join(
        self,
        *subscriptions: str,
        format: Format = Format.JSON,
        interval_ms: int | None = None,
        client_class: str = "web",
    ) -> FakeMember:
        """A new client; it subscribes at once, unless to nothing. Its interval is that of a web client, unless given."""
        member = FakeMember(self, subscriptions, format, client_class)
        if interval_ms is not None:
            member.session.interval_ms = interval_ms
        self.broadcaster.add(member, self.now)
        if subscriptions:
            member.client.connected()
            for frame in member.client.outgoing():
                self.receive(member, frame.payload.decode() if frame.text else frame.payload)
        self.tick(committed=True)
        return member

    def receive(self, member: FakeMember, payload: str | bytes) -> None:
        """A client's message arrives: what a gateway does with it."""
        member.session.receive(payload, self.now)
        self.broadcaster.answer(member, self.now)
        self.tick(committed=True)

    def commit(self, *updates: Update) -> None:
        """A commit, and the tick that follows it."""
        self.board.apply_all(updates)
        self.board.commit(self.now.wall_ms)
        self.tick(committed=True)

    def tick(self, *, committed: bool = False) -> None:
        """One tick now."""
        self.ticks += 1
        self._due = self.broadcaster.tick(self.now, committed=committed)

    def advance(self, seconds: float) -> None:
        """Let time pass; the broadcaster is called whenever it has asked for it."""
        end = self.seconds + seconds
        calls = 0
        while self._due is not None and self._due <= end:
            self.seconds = max(self.seconds, self._due)
            self.tick()
            calls += 1
            assert calls < 10_000, "the broadcaster asks to be called again and again in the same moment"
        self.seconds = end

    def exact(self, member: FakeMember) -> bool:
        """Whether the client holds what the board holds, for what it subscribes to."""
        return member.client.replica.data() == self.board.snapshot(member.session.selection).data


def _burst(lanes: list[Any], data: bytes, /) -> list[tuple[int, int]]:
    """See ``Burst``; a lane is a member."""
    took = [_taken(lane, data) for lane in lanes]
    return [(place, taken) for place, taken in enumerate(took) if taken < len(data)]


def _taken(member: FakeMember, data: bytes) -> int:
    try:
        return member.send(data)
    except OSError:
        return 0
