"""The client's side: what it says, what it takes, how it heals. PROTOCOL section 5."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bigboard.board import Board, Cursor, Limits, Update
from bigboard.errors import WireError
from bigboard.wire import ClientSession, ClientState, Format, Frames, Instant, ServerSession
from wire.talking import EPOCH

NOW = Instant(0.0, 1_759_729_260_000)


def _order(price: float, key: str = "1") -> Update:
    return Update("orders", key, {"price": price})


class Pair:
    """A client and a server with a wire between them that may be cut."""

    def __init__(self, *subscriptions: str, board: Board | None = None, format: Format = Format.MSGPACK) -> None:
        self.board = board or Board(EPOCH)
        self.client = ClientSession(subscriptions, format=format)
        self.connect()

    def connect(self, board: Board | None = None) -> list[dict[str, Any]]:
        """Connect; what the client said first."""
        self.board = board or self.board
        self.client.disconnected()
        self.server = ServerSession(Frames(self.board), format=self.client.format)
        self.client.connected()
        return self.exchange()

    def exchange(self, answers: int = 99) -> list[dict[str, Any]]:
        """What the client has to say goes to the server, and so many answers come back; what it said."""
        said = []
        for frame in self.client.outgoing():
            payload = frame.payload.decode() if frame.text else frame.payload
            said.append((msgspec.json if frame.text else msgspec.msgpack).decode(frame.payload))
            self.server.receive(payload, NOW)
        for frame in self.server.outgoing()[:answers]:
            self.client.receive(frame.payload.decode() if frame.text else frame.payload)
        return said

    def commit(self, *updates: Update, lost: bool = False) -> None:
        """A commit and its diff."""
        self.board.apply_all(updates)
        self.board.commit(NOW.wall_ms)
        frame = self.server.update(NOW)
        if frame is not None and not lost:
            self.client.receive(frame.payload.decode() if frame.text else frame.payload)

    @property
    def data(self) -> dict[str, Any]:
        return self.client.replica.data()


@pytest.mark.parametrize("format", list(Format))
def test_it_subscribes_and_follows(format: Format) -> None:
    pair = Pair("orders", format=format)
    assert pair.client.state is ClientState.LIVE
    assert pair.client.cursor == Cursor(EPOCH, 0)
    pair.commit(_order(1))
    pair.commit(_order(2, "2"))
    assert pair.data == {"orders": [{"order_id": "1", "price": 1}, {"order_id": "2", "price": 2}]}
    assert pair.client.cursor == Cursor(EPOCH, 2)


def test_it_asks_for_its_interval() -> None:
    client = ClientSession(["orders"], format=Format.JSON, interval_ms=500)
    client.connected()
    (frame,) = client.outgoing()
    assert msgspec.json.decode(frame.payload) == {
        "action": "subscribe",
        "subscriptions": ["orders"],
        "interval_ms": 500,
    }
    assert client.outgoing() == []


def test_a_gap_is_healed_by_asking_for_everything_again() -> None:
    pair = Pair("orders", "risk")
    pair.commit(_order(1))
    pair.commit(_order(2, "2"), lost=True)
    before = pair.data
    pair.commit(_order(3, "3"))
    assert pair.client.state is ClientState.SYNCING
    assert pair.data == before
    # More diffs before the answer are no more gaps.
    pair.commit(_order(4, "4"))
    assert pair.client.gaps == 1
    assert pair.exchange() == [{"action": "subscribe", "subscriptions": ["orders", "risk"]}]
    assert pair.data == pair.board.snapshot(pair.server.selection).data
    pair.commit(_order(5))
    assert pair.data == pair.board.snapshot(pair.server.selection).data
    assert pair.client.gaps == 1


def test_a_diff_of_another_epoch_is_a_gap_though_the_numbers_fit() -> None:
    pair = Pair("orders")
    pair.client.receive(
        msgspec.json.encode(
            {"type": "diff_update", "epoch": "x", "since": 0, "sequence": 1, "timestamp": "", "changes": {}}
        ).decode()
    )
    assert pair.client.gaps == 1


def test_it_resumes_where_it_stands() -> None:
    pair = Pair("orders")
    pair.commit(_order(1))
    pair.client.disconnected()
    pair.board.apply(_order(2))
    pair.board.commit(1)
    (said,) = pair.connect()
    assert said["resume"] == {"epoch": EPOCH, "sequence": 1}
    assert pair.client.resumes == 1
    assert pair.data == {"orders": [{"order_id": "1", "price": 2}]}
    assert pair.client.cursor == Cursor(EPOCH, 2)


def test_other_subscriptions_are_no_continuation() -> None:
    pair = Pair("orders", "risk")
    pair.commit(_order(1), Update("risk", "main", {"exposure": 1}))
    pair.client.subscriptions = ["orders", "account"]
    (said,) = pair.connect()
    assert "resume" not in said
    # Nothing of what is not subscribed to any more stays.
    assert pair.data == {"orders": [{"order_id": "1", "price": 1}], "account": {}}


def test_a_connection_lost_between_the_answer_and_its_state_leaves_nothing_to_resume_with() -> None:
    pair = Pair("orders")
    pair.commit(_order(1), Update("risk", "main", {"exposure": 1}))
    pair.client.subscriptions = ["orders", "risk"]
    pair.client.disconnected()
    pair.server = ServerSession(Frames(pair.board), format=pair.client.format)
    pair.client.connected()
    pair.exchange(answers=1)
    (said,) = pair.connect()
    assert "resume" not in said
    assert pair.data == pair.board.snapshot(pair.server.selection).data


@pytest.mark.parametrize("length", [0, 1, 2])
def test_a_server_that_keeps_shorter_tapes_is_followed_at_once(length: int) -> None:
    """Section 5: after a message has been applied, the client's state equals the server's."""
    pair = Pair("trades", "orders")
    pair.commit(Update("trades", "A", [{"trade_id": number} for number in range(5)]))
    other = Board("", limits=Limits(tape_length=length))
    other.load(pair.board.snapshot())
    pair.connect(other)
    assert pair.client.resumes == 1
    assert pair.data == other.snapshot(pair.server.selection).data
    pair.commit(Update("trades", "A", {"trade_id": 9}))
    assert pair.data == other.snapshot(pair.server.selection).data


def test_a_new_epoch_brings_a_state() -> None:
    pair = Pair("orders")
    pair.commit(_order(1))
    fresh = Board("another")
    fresh.apply(_order(9, "9"))
    fresh.commit(1)
    pair.connect(fresh)
    assert pair.client.resumes == 0
    assert pair.client.cursor == Cursor("another", 1)
    assert pair.data == {"orders": [{"order_id": "9", "price": 9}]}


def test_a_state_of_a_part_mends_no_gap() -> None:
    pair = Pair("orders", "risk")
    pair.commit(_order(1), lost=True)
    pair.commit(_order(2))
    assert pair.client.state is ClientState.SYNCING
    pair.client.receive(
        msgspec.json.encode(
            {"type": "state_update", "epoch": EPOCH, "sequence": 2, "timestamp": "", "subscriptions": ["risk"]}
            | {"data": {"risk": {}}}
        ).decode()
    )
    assert pair.client.state is ClientState.SYNCING
    assert pair.client.cursor == Cursor(EPOCH, 0)
    pair.exchange()
    assert pair.data == pair.board.snapshot(pair.server.selection).data


def test_a_heartbeat_before_the_first_state_sets_no_cursor() -> None:
    client = ClientSession(["orders"], format=Format.JSON)
    client.connected()
    client.receive('{"type":"heartbeat","epoch":"E","sequence":5,"timestamp":""}')
    assert client.cursor is None
    assert client.state is ClientState.SYNCING


def test_what_waited_to_be_sent_goes_with_its_connection() -> None:
    client = ClientSession(["orders"], format=Format.JSON)
    client.connected()
    client.disconnected()
    assert client.outgoing() == []
    client.connected()
    assert len(client.outgoing()) == 1


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"type":"dance"}',
        '{"type":"heartbeat"}',
        b"",
        b"\xc1",
        b"\x80",
        "[" * 30_000,
        b"\x91" * 30_000,
        '{"type":"pong","timestamp":1}',
        '{"type":"diff_update","epoch":"E","since":"0"}',
        "\ud800",
    ],
)
def test_what_is_no_message_raises_and_changes_nothing(payload: str | bytes) -> None:
    pair = Pair("orders")
    pair.commit(_order(1))
    with pytest.raises(WireError):
        pair.client.receive(payload)
    assert pair.client.state is ClientState.LIVE
    assert pair.data == {"orders": [{"order_id": "1", "price": 1}]}
