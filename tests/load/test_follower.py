"""A follower proves what ``ClientSession`` takes for granted: it agrees with it everywhere, and counts what is wrong."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bigboard.board import Board, Cursor, Update
from bigboard.load.follower import Follower
from bigboard.load.tally import Tally
from bigboard.wire import ClientState, Format, Frames, Instant, Replica, ServerSession
from wire.make_fixtures import FIXTURES, NAMES

_NOW = Instant(1.0, 1_759_729_260_000)
_STAMP = "2025-10-06T05:41:00.000Z"
_ARRIVED_US = 1_759_729_260_000_000 + 7_000


class Owner:
    """Writes down what a follower tells."""

    def __init__(self) -> None:
        self.lives: list[bool] = []
        self.checks: list[list[str] | None] = []
        self.pongs: list[tuple[str | int | None, int]] = []

    def live(self, *, resumed: bool) -> None:
        self.lives.append(resumed)

    def checked(self, found: list[str] | None) -> None:
        self.checks.append(found)

    def answered(self, id: str | int | None, server_ms: int) -> None:
        self.pongs.append((id, server_ms))


class Talk:
    """A follower and a real server session, with a board."""

    def __init__(self, *names: str, format: Format = Format.JSON, replica: bool = True) -> None:
        self.board = Board("E1")
        self.commit(Update("market_data", "BTCUSDT", {"last_price": 0.0}))
        self.tally, self.owner = Tally(), Owner()
        self.follower = Follower(
            "client 1", names or ("*",), self.tally, self.owner,
            format=format, replica=Replica() if replica else None,
        )  # fmt: skip
        self.connect()

    def commit(self, *updates: Update) -> None:
        self.board.apply_all(updates)
        self.board.commit(_NOW.wall_ms)

    def price(self, value: float) -> None:
        self.commit(Update("market_data", "BTCUSDT", {"last_price": value}))

    def connect(self) -> None:
        self.session = ServerSession(Frames(self.board), format=self.follower.format)
        self.say(self.follower.connected())

    def say(self, payload: bytes | None) -> None:
        assert payload is not None
        self.session.receive(payload.decode() if self.follower.format is Format.JSON else payload, _NOW)
        self.hear(*(frame.payload for frame in self.session.outgoing()))

    def hear(self, *payloads: bytes) -> None:
        text = self.follower.format is Format.JSON
        answers = [self.follower.receive(payload, _ARRIVED_US, text=text) for payload in payloads]
        # What it says while it reads arrives once the server has said all this.
        for answer in answers:
            if answer is not None:
                self.say(answer)

    def tick(self, *, lost: bool = False) -> None:
        frame = self.session.update(_NOW)
        if frame is not None and not lost:
            self.hear(frame.payload)

    def tell(self, **message: Any) -> None:
        """A message that no server of ours would send."""
        self.hear(msgspec.json.encode(message))

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.follower.epoch, self.follower.sequence)


# It takes the steps of ClientSession.


@pytest.mark.parametrize("ending", ["jsonl", "msgpack"])
@pytest.mark.parametrize("name", NAMES)
def test_it_understands_the_committed_conversations(name: str, ending: str) -> None:
    points = {point["after"]: point for point in _read(f"{name}.expected.json")}
    tally = Tally()
    follower = Follower("client 1", (), tally, Owner(), format=Format.JSON, replica=Replica())
    follower.connected()
    for count, payload in enumerate(_frames(name, ending), start=1):
        follower.receive(payload, _ARRIVED_US, text=ending == "jsonl")
        if count in points:
            assert {"epoch": follower.epoch, "sequence": follower.sequence} == points[count]["cursor"]
            assert follower.replica is not None
            assert follower.replica.data() == points[count]["state"]
    assert (tally.gaps, tally.violations) == (name == "gap", 0)


def _read(file: str) -> Any:
    return msgspec.json.decode((FIXTURES / file).read_bytes())


def _frames(name: str, ending: str) -> list[bytes]:
    content = (FIXTURES / f"{name}.{ending}").read_bytes()
    frames: list[bytes] = content.splitlines() if ending == "jsonl" else msgspec.msgpack.decode(content)
    return frames


@pytest.mark.parametrize("format_", Format)
@pytest.mark.parametrize("replica", [True, False])
def test_it_follows_diffs_and_resumes(format_: Format, *, replica: bool) -> None:
    talk = Talk(format=format_, replica=replica)
    talk.price(1.0)
    talk.tick()
    talk.follower.disconnected()
    assert talk.follower.state is ClientState.DISCONNECTED
    talk.price(2.0)
    talk.connect()
    assert talk.owner.lives == [False, True]
    assert talk.cursor == talk.board.cursor
    assert (talk.tally.window.diffs, talk.tally.window.states) == (2, 1)
    assert (talk.tally.gaps, talk.tally.violations) == (0, 0)
    if talk.follower.replica is not None:
        assert talk.follower.replica.data() == talk.board.snapshot().data


def test_delivery_is_from_commit_to_arrival_and_what_was_missed_does_not_count() -> None:
    talk = Talk()
    talk.price(1.0)
    talk.tick()
    assert talk.tally.window.delivery.count == 1
    assert talk.tally.window.delivery.largest == 7_000
    talk.follower.disconnected()
    talk.price(2.0)
    talk.connect()
    assert talk.tally.window.delivery.count == 1, "the diff of the resume is as old as the client was away"
    talk.price(3.0)
    talk.tick()
    assert talk.tally.window.delivery.count == 2


# It finds what is wrong.


def test_a_lost_diff_is_a_gap_that_is_named_and_mended() -> None:
    talk = Talk()
    talk.price(1.0)
    talk.tick(lost=True)
    talk.price(2.0)
    talk.tick()
    assert talk.tally.gaps == 1
    assert talk.tally.faults == ["client 1 held E1/1, its next diff began at E1/2"]
    assert talk.follower.state is ClientState.LIVE
    assert talk.cursor == talk.board.cursor


def _diff(**fields: Any) -> dict[str, Any]:
    return {
        "type": "diff_update",
        "epoch": "E1",
        "since": 1,
        "sequence": 2,
        "timestamp": _STAMP,
        "changes": {},
    } | fields


@pytest.mark.parametrize("since", [0, 2])
def test_a_diff_from_elsewhere_is_a_gap(since: int) -> None:
    talk = Talk()
    talk.tell(**_diff(since=since, sequence=5))
    assert talk.tally.gaps == 1


def test_a_diff_of_another_epoch_is_a_gap() -> None:
    talk = Talk()
    talk.tell(**_diff(epoch="E2"))
    assert talk.tally.gaps == 1


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (_diff(sequence=1), "a diff from 1 to 1"),
        (_diff(timestamp="today"), "no timestamp"),
        (_diff(changes={"orders": 5}), "another shape"),
        (_diff(changes={"orderbook": {"BTCUSDT": {"bids": [1]}}}), "another shape"),
        (_diff(changes=[]), "not a message"),
        ({"type": "heartbeat", "epoch": "E1", "sequence": 0, "timestamp": _STAMP}, "went back from 1 to 0"),
        ({"type": "heartbeat", "epoch": "E2", "sequence": 9, "timestamp": _STAMP}, "epoch E2"),
        ({"type": "news"}, "not a message"),
        (
            {
                "type": "state_update",
                "epoch": "E1",
                "sequence": 0,
                "timestamp": _STAMP,
                "subscriptions": ["*"],
                "data": {},
            },
            "a state at 0 after 1",
        ),
    ],
)
def test_what_the_protocol_does_not_allow_is_counted_and_named(message: dict[str, Any], words: str) -> None:
    talk = Talk()
    talk.tell(**message)
    assert talk.tally.violations == 1
    assert words in talk.tally.faults[0]


def test_faults_are_told_a_few_times_and_counted_always() -> None:
    talk = Talk()
    for _ in range(200):
        talk.tell(type="news")
    assert talk.tally.violations == 200
    assert len(talk.tally.faults) == 10


def test_errors_are_counted_by_their_words_and_not_without_end() -> None:
    talk = Talk()
    for number in range(200):
        talk.tell(type="error", code="rate_limited", message=f"{number} too many")
    assert talk.tally.errors.total() == 200
    assert len(talk.tally.errors) == 21
    assert talk.tally.errors["rate_limited: 3 too many"] == 1


# It compares its state with the server's at the same place.


def test_a_right_state_is_found_right_while_the_board_moves() -> None:
    talk = Talk()
    for number in range(1, 20):
        talk.commit(
            Update("market_data", "BTCUSDT", {"last_price": float(number)}),
            Update("orders", str(number), {"price": 1.0}),
        )
        if number % 3 == 0:
            talk.tick()
        talk.say(talk.follower.check())
        assert talk.owner.checks == [[]] * number
        assert talk.cursor == talk.board.cursor
    assert talk.tally.gaps == 0


def test_a_wrong_state_is_found_wrong_and_put_right() -> None:
    talk = Talk()
    talk.price(1.0)
    talk.tick(lost=True)
    talk.tell(**_diff(changes={"market_data": {"BTCUSDT": {"last_price": 9.0}}}))
    assert talk.cursor == talk.board.cursor, "by the cursor alone nothing is wrong"
    for _ in range(2):
        talk.say(talk.follower.check())
    assert talk.owner.checks == [["/market_data/BTCUSDT/last_price: the client holds 9.0, the server 1.0"], []]


def test_a_connection_that_is_lost_meanwhile_leaves_the_comparison_open() -> None:
    talk = Talk()
    talk.follower.check()
    talk.follower.disconnected()
    assert talk.owner.checks == [None]


def test_a_gap_meanwhile_leaves_it_open_too() -> None:
    talk = Talk()
    talk.price(1.0)
    talk.tick(lost=True)
    talk.price(2.0)
    talk.say(talk.follower.check())
    assert talk.owner.checks == [None]
    assert talk.follower.state is ClientState.LIVE
    talk.say(talk.follower.check())
    assert talk.owner.checks == [None, []]


def test_a_pong_tells_the_servers_time() -> None:
    talk = Talk()
    talk.say(talk.follower.ping(42))
    assert talk.owner.pongs == [(42, _NOW.wall_ms)]
