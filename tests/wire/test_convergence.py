"""The law of the whole protocol: whatever happens on the way, in the end every client holds what the board holds.

A writer commits; two gateways follow it, each at its own pace. A client subscribes, unsubscribes, loses frames, loses its
connection, comes back to this gateway or the other. At each message the rule of section 5 is checked, and whatever a
client takes is compared with the writer's state at just that sequence: so no commit is ever seen half-applied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import Board, Limits, Selection, Snapshot, Subscription
from bigboard.wire import ClientSession, ClientState, Format, Frames, Instant, ServerSession
from bigboard.wire.messages import DiffUpdate, StateUpdate
from wire.choices import Script
from wire.random_updates import random_subscription, random_update

if TYPE_CHECKING:
    from bigboard.board import Diff
    from bigboard.wire import Frame

SMALL = Limits(tape_length=4, max_rows=3, max_levels=4, max_tombstones=2, max_level_tombstones=3)
LARGE = Limits(tape_length=9, max_tombstones=500)


class Gateway:
    """A follower of the writer's board."""

    def __init__(self, writer: Board) -> None:
        self.board = Board("", limits=writer.limits)
        self.board.load(writer.snapshot())
        self.frames = Frames(self.board)
        self.log: list[Diff | Snapshot] = []
        """What the writer did and this replica has not seen yet."""

    def follow(self, steps: int) -> None:
        for step in self.log[:steps]:
            if isinstance(step, Snapshot):
                self.board.load(step)
            else:
                self.board.merge(step)
        del self.log[:steps]


class World:
    """A writer, two gateways and one client."""

    def __init__(self, script: Script, format: Format) -> None:
        self.script = script
        self.format = format
        self.limits = script.pick((SMALL, SMALL, LARGE))
        self.epochs = 0
        self.writer = Board("epoch0", limits=self.limits)
        self.history: dict[tuple[str, int], Snapshot] = {}
        self._remember()
        self.gateways = [Gateway(self.writer), Gateway(self.writer)]
        subscriptions = [random_subscription(script) for _ in range(1 + script.below(4))]
        self.client = ClientSession(subscriptions, format=format)
        self.seconds = 0.0
        self.wire: list[Frame] = []
        self.hole = False
        """Whether a frame was lost and no whole state has come since."""
        self.connect()

    @property
    def now(self) -> Instant:
        return Instant(self.seconds, 1_759_729_260_000 + round(self.seconds * 1000))

    # What may happen

    def step(self) -> None:
        kind = self.script.below(32)
        if kind < 12:
            self.commit()
        elif kind < 17:
            self.script.pick(self.gateways).follow(1 + self.script.below(3))
        elif kind < 24:
            self.tick()
        elif kind < 26:
            self.deliver(1 + self.script.below(2))
        elif kind < 27:
            self.lose()
        elif kind < 28:
            self.heartbeat()
        elif kind < 29:
            self.reconnect()
        elif kind < 31:
            self.say_more()
        elif self.script.below(3) == 0:
            self.new_epoch()

    def commit(self) -> None:
        for _ in range(1 + self.script.below(3)):
            self.writer.apply(random_update(self.script))
        diff = self.writer.commit(self.now.wall_ms)
        if diff is not None:
            self._remember()
            for gateway in self.gateways:
                gateway.log.append(diff)

    def new_epoch(self) -> None:
        self.epochs += 1
        self.writer = Board(f"epoch{self.epochs}", limits=self.limits)
        self._remember()
        for gateway in self.gateways:
            gateway.log.append(self.writer.snapshot())

    def tick(self) -> None:
        self.seconds += 0.1
        self.session.poll(self.now)
        self.wire += self.session.outgoing()
        frame = self.session.update(self.now)
        if frame is not None:
            self.wire.append(frame)

    def heartbeat(self) -> None:
        self.tick()
        if self.hole:
            return  # It cannot show that something is missing before it either.
        frame = self.session.heartbeat(self.now)
        if frame is not None:
            self.wire.append(frame)

    def lose(self) -> None:
        """A frame is lost. No state may follow it: one of a part cannot show that something is missing before it."""
        if self.wire and [_kind(frame) for frame in self.wire] == ["diff_update"] * len(self.wire):
            del self.wire[0]
            self.hole = True

    def connect(self) -> None:
        self.gateway = self.script.pick(self.gateways)
        self.session = ServerSession(self.gateway.frames, format=self.format)
        self.client.connected()
        self._send()

    def reconnect(self) -> None:
        self.wire.clear()
        self.hole = False
        self.client.disconnected()
        if self.script.below(3) == 0:
            # Another selection is no continuation: nothing may be left of the old one.
            self.client.subscriptions = [random_subscription(self.script) for _ in range(1 + self.script.below(4))]
        self.connect()

    def say_more(self) -> None:
        """Subscribe again to a part, or unsubscribe from what is held beside something wider: legal at any time."""
        if self.hole:
            return
        part = self.script.pick(self.client.subscriptions)
        self.session.receive(msgspec.json.encode({"action": "subscribe", "subscriptions": [part]}).decode(), self.now)
        wider = random_subscription(self.script)
        if wider not in self.client.subscriptions:
            self.session.receive(
                msgspec.json.encode({"action": "unsubscribe", "subscriptions": [wider]}).decode(), self.now
            )
        self.wire += self.session.outgoing()

    def deliver(self, count: int) -> None:
        for frame in self.wire[:count]:
            self.take(frame)
        del self.wire[:count]

    # The client

    def take(self, frame: Frame) -> None:
        held, gaps = self.client.cursor, self.client.gaps
        live = self.client.state is ClientState.LIVE
        message = self.client.receive(frame.payload.decode() if frame.text else frame.payload)
        if isinstance(message, DiffUpdate) and live:
            continues = held is not None and (held.epoch, held.sequence) == (message.epoch, message.since)
            assert self.client.gaps == gaps + (not continues)
        if isinstance(message, StateUpdate | DiffUpdate) and self.client.state is ClientState.LIVE:
            self.check()
        if isinstance(message, StateUpdate) and self.client.state is ClientState.LIVE:
            self.hole = False
        self._send()

    def check(self) -> None:
        """What the client holds is what the writer held at the client's cursor."""
        cursor = self.client.cursor
        assert cursor is not None
        snapshot = self.history[cursor]
        then = Board("", limits=self.limits)
        then.load(snapshot)
        selection = Selection([Subscription.parse(name) for name in self.client.subscriptions])
        assert_same(self.client.replica.data(), then.snapshot(selection).data)

    def settle(self) -> None:
        """Quiescence: every replica catches up, every frame arrives, every wait ends."""
        for gateway in self.gateways:
            gateway.follow(len(gateway.log))
        for _ in range(10):
            self.tick()
            self.deliver(len(self.wire))
            self.seconds += 1
            if self.hole:
                # The last frame of all was lost; only the next one would show it, or the next connection mends it.
                self.hole = False
                self.client.disconnected()
                self.connect()

    def _send(self) -> None:
        for frame in self.client.outgoing():
            self.session.receive(frame.payload.decode() if frame.text else frame.payload, self.now)
        self.wire += self.session.outgoing()

    def _remember(self) -> None:
        self.history[self.writer.cursor] = self.writer.snapshot()


def _kind(frame: Frame) -> str:
    message: dict[str, Any] = (msgspec.json if frame.text else msgspec.msgpack).decode(frame.payload)
    kind: str = message["type"]
    return kind


def assert_same(held: dict[str, Any], expected: dict[str, Any]) -> None:
    assert held == expected
    # To Python True equals 1; a reader of JSON sees a difference.
    assert msgspec.json.encode(held, order="deterministic") == msgspec.json.encode(expected, order="deterministic")


@pytest.mark.parametrize("format", list(Format))
@given(st.binary(min_size=200, max_size=1_500))
def test_after_whatever_happened_the_client_holds_what_the_board_holds(format: Format, code: bytes) -> None:
    """Section 5, in both formats."""
    script = Script(code)
    world = World(script, format)
    while not script.ended:
        world.step()
    world.settle()
    assert world.client.state is ClientState.LIVE
    selection = Selection([Subscription.parse(name) for name in world.client.subscriptions])
    assert_same(world.client.replica.data(), world.writer.snapshot(selection).data)
    assert world.client.cursor is not None
    assert world.client.cursor.epoch == world.writer.epoch
