"""Resume: PROTOCOL sections 2, 3 and 5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bigboard.board import Board, Limits, Update
from bigboard.wire import Format, SessionLimits, SessionState
from wire.talking import EPOCH, Talk, kinds

if TYPE_CHECKING:
    from bigboard.board import Diff

FORMATS = list(Format)


def _order(price: float, key: str = "1") -> Update:
    return Update("orders", key, {"price": price})


def _at(sequence: int, epoch: str = EPOCH) -> dict[str, Any]:
    return {"epoch": epoch, "sequence": sequence}


def _played(format: Format = Format.JSON, limits: Limits | None = None) -> Talk:
    """A board with three commits."""
    talk = Talk(format=format, limits=limits)
    for price in (1, 2, 3):
        talk.commit(_order(price))
    return talk


def _lagging(count: int, **more: Any) -> tuple[Talk, list[Diff]]:
    """A gateway that has the first ``count`` of five commits, and the other commits."""
    writer = Talk()
    behind = Board("")
    behind.load(writer.board.snapshot())
    diffs = [diff for price in range(5) if (diff := writer.commit(_order(price))) is not None]
    for diff in diffs[:count]:
        behind.merge(diff)
    return Talk(board=behind, **more), diffs[count:]


@pytest.mark.parametrize("format", FORMATS)
def test_what_changed_since_comes_as_one_diff(format: Format) -> None:
    """Section 5: subscribed with resumed, then one diff_update."""
    talk = _played(format)
    subscribed, diff = talk.subscribe("orders", resume=_at(1), id=4)
    assert (subscribed["type"], subscribed["resumed"], subscribed["sequence"]) == ("subscribed", True, 3)
    assert subscribed["id"] == 4
    assert (diff["type"], diff["since"], diff["sequence"]) == ("diff_update", 1, 3)
    assert diff["changes"] == {"orders": [{"order_id": "1", "price": 3}]}


def test_without_a_change_the_answer_stands_alone() -> None:
    """Section 5: if anything changed since."""
    talk = _played()
    talk.commit(Update("risk", "main", {"exposure": 1}))
    for sequence in (3, 4):
        answers = Talk(board=talk.board).subscribe("orders", resume=_at(sequence))
        assert [(answer["type"], answer["resumed"]) for answer in answers] == [("subscribed", True)]


def test_the_next_diff_starts_at_the_cursor_that_the_client_gave() -> None:
    """Section 5: since equals the sequence that the client holds."""
    talk = _played()
    talk.commit(Update("risk", "main", {"exposure": 1}))
    talk.subscribe("orders", resume=_at(3))
    talk.commit(_order(9))
    diff = talk.tick()
    assert diff is not None
    assert (diff["since"], diff["sequence"]) == (3, 5)


def test_a_cursor_of_another_epoch_gets_a_state() -> None:
    """Section 5: else."""
    subscribed, state = _played().subscribe("orders", resume=_at(2, "another"))
    assert (subscribed["resumed"], state["type"], state["sequence"]) == (False, "state_update", 3)


def test_a_cursor_of_another_epoch_that_is_ahead_does_not_wait() -> None:
    assert kinds(_played().subscribe("orders", resume=_at(500, "another"))) == ["subscribed", "state_update"]


def test_a_cursor_behind_the_horizon_gets_a_state() -> None:
    """Section 5: if the server's board can still diff from that cursor."""
    talk = _played(limits=Limits(max_tombstones=1))
    for key in ("2", "3"):
        talk.commit(_order(1, key))
    for key in ("1", "2"):
        talk.commit(Update("orders", key, {"deleted": True}))
    assert talk.board.horizon == 6
    assert Talk(board=talk.board).subscribe("orders", resume=_at(5))[0]["resumed"] is False
    assert Talk(board=talk.board).subscribe("orders", resume=_at(6))[0]["resumed"] is True
    # What another topic has forgotten does not matter.
    assert Talk(board=talk.board).subscribe("risk", resume=_at(1))[0]["resumed"] is True


def test_removal_and_return_while_away() -> None:
    """Section 4: the removal, then the whole row."""
    talk = _played()
    talk.commit(Update("orders", "1", {"deleted": True}))
    talk.commit(Update("orders", "1", {"status": "NEW"}))
    diff = talk.subscribe("orders", resume=_at(3))[1]
    assert diff["changes"]["orders"] == [
        {"order_id": "1", "deleted": True},
        {"order_id": "1", "status": "NEW"},
    ]


def test_a_resume_from_nothing() -> None:
    """Sequence 0 is a cursor as any other."""
    subscribed, diff = _played().subscribe("orders", resume=_at(0))
    assert subscribed["resumed"] is True
    assert diff["since"] == 0


@pytest.mark.parametrize("format", FORMATS)
def test_a_cursor_ahead_waits_until_the_replica_is_there(format: Format) -> None:
    """Section 5: a cursor that is ahead of this server's replica waits."""
    talk, diffs = _lagging(2, format=format)
    assert talk.subscribe("orders", resume=_at(4), id=1) == []
    talk.board.merge(diffs[0])
    assert talk.poll() == []
    assert talk.tick() is None
    talk.board.merge(diffs[1])
    (subscribed,) = talk.poll()
    assert (subscribed["resumed"], subscribed["sequence"], subscribed["id"]) == (True, 4, 1)
    talk.board.merge(diffs[2])
    diff = talk.tick()
    assert diff is not None
    assert (diff["since"], diff["sequence"]) == (4, 5)


def test_a_replica_that_runs_past_the_cursor_at_once() -> None:
    talk, diffs = _lagging(1)
    talk.subscribe("orders", resume=_at(3))
    for diff in diffs:
        talk.board.merge(diff)
    subscribed, update = talk.poll()
    assert subscribed["resumed"] is True
    assert (update["since"], update["sequence"]) == (3, 5)


def test_waiting_in_vain_ends_with_a_state() -> None:
    talk, _ = _lagging(2, session_limits=SessionLimits(resume_wait=5))
    talk.subscribe("orders", resume=_at(4))
    talk.wait(4.9)
    assert talk.poll() == []
    talk.wait(0.1)
    subscribed, state = talk.poll()
    assert (subscribed["resumed"], subscribed["sequence"]) == (False, 2)
    assert (state["type"], state["sequence"]) == ("state_update", 2)
    assert talk.poll() == []


def test_a_new_epoch_ends_the_wait() -> None:
    talk, _ = _lagging(2)
    talk.subscribe("orders", resume=_at(4))
    talk.board.load(Board("another").snapshot())
    subscribed, state = talk.poll()
    assert (subscribed["resumed"], subscribed["epoch"], state["epoch"]) == (False, "another", "another")


def test_a_snapshot_that_jumps_over_the_cursor_ends_the_wait_with_a_state() -> None:
    talk, _ = _lagging(2)
    talk.subscribe("orders", resume=_at(4))
    writer = _played()
    for price in range(7):
        writer.commit(_order(price + 10))
    talk.board.load(writer.board.snapshot())
    subscribed, state = talk.poll()
    assert (subscribed["resumed"], state["sequence"]) == (False, 10)


def test_messages_during_the_wait_are_answered_after_it_in_order() -> None:
    talk, diffs = _lagging(3)
    talk.subscribe("orders", resume=_at(4), id=0)
    assert talk.say({"action": "ping", "id": 1}) == []
    assert talk.subscribe("risk", resume=_at(1), id=2) == []
    assert talk.subscribe("market", id=3) == []
    assert talk.unsubscribe("orders", id=4) == []
    talk.board.merge(diffs[0])
    answers = talk.poll()
    assert kinds(answers) == ["subscribed", "pong", "subscribed", "state_update", "error", "unsubscribed"]
    assert [answer["id"] for answer in answers if "id" in answer] == [0, 1, 2, 3, 4]
    assert answers[2]["resumed"] is False
    assert answers[5]["subscriptions"] == ["risk"]


def test_what_is_no_message_is_answered_during_the_wait_and_may_close() -> None:
    talk, _ = _lagging(3)
    talk.subscribe("orders", resume=_at(4))
    assert kinds(talk.send("{")) == ["error"]
    talk.send("[]")
    assert talk.session.close is not None
    assert talk.session.state is SessionState.CLOSING
    talk.wait(60)
    assert talk.poll() == []


def test_a_flood_during_the_wait_is_refused() -> None:
    """Section 6: rate_limited."""
    talk, _ = _lagging(3, session_limits=SessionLimits(max_deferred=4))
    talk.subscribe("orders", resume=_at(4))
    for number in range(4):
        assert talk.say({"action": "ping", "id": number}) == []
    (error,) = talk.say({"action": "ping", "id": 4})
    assert (error["code"], error["id"]) == ("rate_limited", 4)
    talk.wait(60)
    assert kinds(talk.poll()) == ["subscribed", "state_update", "pong", "pong", "pong", "pong"]


def test_only_the_first_subscribe_resumes() -> None:
    """Section 2: resume is for the first subscribe of a connection."""
    talk = _played()
    talk.subscribe("risk")
    subscribed, state = talk.subscribe("orders", resume=_at(1))
    assert (subscribed["resumed"], state["type"]) == (False, "state_update")
    assert kinds(talk.subscribe("orders", resume=_at(500))) == ["subscribed", "state_update"]


def test_a_subscribe_that_was_refused_was_not_the_first() -> None:
    talk = _played()
    talk.subscribe("market", resume=_at(1))
    talk.say({"action": "ping"})
    assert talk.subscribe("orders", resume=_at(1))[0]["resumed"] is True


def test_the_interval_holds_for_a_resumed_connection_too() -> None:
    assert _played().subscribe("orders", resume=_at(1), interval_ms=100)[0]["interval_ms"] == 100


@pytest.mark.parametrize("sequence", [2**53, 2**64 - 1, 10**30])
def test_a_cursor_from_far_ahead_waits_and_gets_a_state(sequence: int) -> None:
    talk = _played()
    message = {"action": "subscribe", "subscriptions": ["orders"], "resume": _at(sequence)}
    assert talk.say(message, binary=False) == []
    talk.wait(60)
    assert kinds(talk.poll()) == ["subscribed", "state_update"]


@pytest.mark.parametrize("format", list(Format))
def test_a_heartbeat_never_names_what_its_format_cannot_say(format: Format) -> None:
    talk = Talk(format=format)
    resume = f'{{"epoch":"{talk.board.epoch}","sequence":{10**30}}}'
    talk.send(f'{{"action":"subscribe","subscriptions":["orders"],"resume":{resume}}}')
    assert talk.heartbeat() is None
