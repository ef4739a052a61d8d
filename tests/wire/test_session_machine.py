"""A session and a client through any order of events: commits, epochs, garbage, credentials, resumes.

Nothing raises; a cursor never goes back within an epoch; and whenever the client is live and has heard all, it holds what
the board has of what it asked for.
"""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bigboard.board import Board, Cursor, Limits, Selection, Subscription
from bigboard.wire import ClientSession, ClientState, Door, Format, Frames, Instant, ServerSession, SessionState
from wire.choices import Script
from wire.random_updates import random_subscription, random_update
from wire.test_convergence import assert_same
from wire.wallet import Wallet, person

_SMALL = Limits(tape_length=4, max_rows=3, max_levels=4, max_tombstones=2, max_level_tombstones=3)
_SCRIPTS = st.binary(min_size=8, max_size=40).map(Script)
_GARBAGE = st.text(max_size=20) | st.binary(max_size=20) | st.sampled_from(
    ['{"action": "fly"}', "[]", '{"action": "subscribe", "subscriptions": ["weather"]}', '{"action": "authenticate"}']
)  # fmt: skip


class SessionMachine(RuleBasedStateMachine):
    """One board, one client, and a connection that is made anew when it ends."""

    @initialize(format=st.sampled_from(Format), script=_SCRIPTS)
    def begin(self, format: Format, script: Script) -> None:
        self.epochs = 0
        self.seconds = 0.0
        self.board = Board("E0", limits=_SMALL)
        self.frames = Frames(self.board)
        self.format = format
        self.reached: Cursor | None = None
        self.wallet = Wallet(good=person("desk", "*"))
        self.client = ClientSession([random_subscription(script) for _ in range(1 + script.below(3))], format=format)
        self.connect()

    @property
    def now(self) -> Instant:
        return Instant(self.seconds, 1_759_729_260_000 + round(self.seconds * 1000))

    def connect(self) -> None:
        self.session = ServerSession(self.frames, format=self.format, door=Door(self.wallet, deadline=1e9))
        self.say({"action": "authenticate", "token": "good"})
        self.client.connected()
        self.exchange()

    def say(self, message: dict[str, Any]) -> None:
        self.session.receive(msgspec.json.encode(message).decode(), self.now)

    def exchange(self) -> None:
        """All that either side has to say arrives."""
        for _ in range(5):
            for frame in self.client.outgoing():
                self.session.receive(frame.payload.decode() if frame.text else frame.payload, self.now)
            for frame in self.session.outgoing():
                self.client.receive(frame.payload.decode() if frame.text else frame.payload)

    def send(self, frame: Any) -> None:
        if frame is not None:
            self.client.receive(frame.payload.decode() if frame.text else frame.payload)
        self.exchange()

    @rule(script=_SCRIPTS)
    def commit(self, script: Script) -> None:
        for _ in range(1 + script.below(3)):
            self.board.apply(random_update(script))
        self.board.commit(self.now.wall_ms)

    @rule()
    def new_epoch(self) -> None:
        self.epochs += 1
        self.board.load(Board(f"E{self.epochs}", limits=_SMALL).snapshot())

    @rule()
    def tick(self) -> None:
        self.seconds += 0.25
        self.session.poll(self.now)
        self.exchange()
        self.send(self.session.update(self.now))

    @rule()
    def heartbeat(self) -> None:
        self.tick()
        self.send(self.session.heartbeat(self.now))

    @rule(payload=_GARBAGE)
    def garbage(self, payload: str | bytes) -> None:
        self.session.receive(payload, self.now)
        self.exchange()

    @rule(script=_SCRIPTS)
    def subscribe_again(self, script: Script) -> None:
        """To a part of what is held, which changes nothing but brings a state."""
        self.say({"action": "subscribe", "subscriptions": [script.pick(self.client.subscriptions)]})
        self.exchange()

    @rule(script=_SCRIPTS)
    def unsubscribe_from_nothing(self, script: Script) -> None:
        name = random_subscription(script)
        if name not in self.client.subscriptions:
            self.say({"action": "unsubscribe", "subscriptions": [name]})
            self.exchange()

    @rule(token=st.sampled_from(["good", "good", "bad"]))
    def authenticate(self, token: str) -> None:
        self.say({"action": "authenticate", "token": token})
        self.exchange()

    @rule()
    def withdraw(self) -> None:
        self.session.identify(None, self.now)
        self.exchange()

    @rule(permissions=st.sampled_from([("*",), ("*", "orders")]))
    def change_permissions(self, permissions: tuple[str, ...]) -> None:
        """Of others: what this client may see stays."""
        self.session.identify(person("desk", *permissions), self.now)
        self.exchange()

    @rule()
    def reconnect(self) -> None:
        self.client.disconnected()
        self.connect()

    @invariant()
    def a_session_is_closing_exactly_if_it_says_why(self) -> None:
        assert (self.session.close is not None) == (self.session.state is SessionState.CLOSING)
        assert self.session.close is None or self.session.close.reason

    @invariant()
    def a_cursor_never_goes_back(self) -> None:
        # The client's: a session begins at the present, and goes back to where a client resumes.
        cursor, reached = self.client.cursor, self.reached
        if cursor is not None and reached is not None and cursor.epoch == reached.epoch:
            assert cursor.sequence >= reached.sequence
        self.reached = cursor

    @invariant()
    def a_client_that_has_heard_all_holds_all(self) -> None:
        if self.client.state is not ClientState.LIVE or self.client.cursor != self.board.cursor:
            return
        if self.session.state is SessionState.OPEN:
            selection = Selection([Subscription.parse(name) for name in self.client.subscriptions])
            assert_same(self.client.replica.data(), self.board.snapshot(selection).data)

    def teardown(self) -> None:
        if not hasattr(self, "client"):
            return
        self.reconnect()
        self.tick()
        self.tick()
        assert self.client.state is ClientState.LIVE
        assert self.client.cursor is not None
        assert self.client.cursor.epoch == self.board.epoch
        selection = Selection([Subscription.parse(name) for name in self.client.subscriptions])
        assert_same(self.client.replica.data(), self.board.snapshot(selection).data)


TestSessionMachine = SessionMachine.TestCase
TestSessionMachine.settings = settings(max_examples=max(20, settings().max_examples // 5), stateful_step_count=40)
