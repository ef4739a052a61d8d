"""Heartbeats, and where they leave the client's cursor: PROTOCOL sections 1, 3 and 5."""

from __future__ import annotations

import pytest

from bigboard.board import Board, Cursor, Update
from bigboard.wire import Format
from wire.talking import EPOCH, Talk, kinds

PRICE = Update("market_data", "BTCUSDT", {"last_price": 1})
ORDER = Update("orders", "1", {"status": "NEW"})
STAMP = "2025-10-06T05:41:00.000Z"


@pytest.mark.parametrize("format", list(Format))
def test_a_connection_without_subscriptions_gets_nothing_but_heartbeats(format: Format) -> None:
    """Section 1."""
    talk = Talk(format=format)
    talk.commit(PRICE)
    assert talk.answers() == []
    assert talk.tick() is None
    assert talk.heartbeat() == {"type": "heartbeat", "epoch": EPOCH, "sequence": 1, "timestamp": STAMP}


def test_its_timestamp_is_the_moment_of_sending() -> None:
    """Section 3: timestamp."""
    talk = Talk()
    talk.commit(PRICE)
    talk.wait(5.25)
    assert talk.heartbeat() == {
        "type": "heartbeat",
        "epoch": EPOCH,
        "sequence": 1,
        "timestamp": "2025-10-06T05:41:05.250Z",
    }


def test_it_moves_the_cursor_over_commits_that_touched_nothing_subscribed_to() -> None:
    """Section 5: the next diff starts where the heartbeat has left the client."""
    talk = Talk()
    talk.subscribe("orders")
    for _ in range(3):
        talk.commit(PRICE._replace(data={"last_price": talk.board.sequence}))
        assert talk.tick() is None
    beat = talk.heartbeat()
    assert beat is not None
    assert beat["sequence"] == 3
    talk.commit(ORDER)
    diff = talk.tick()
    assert diff is not None
    assert (diff["since"], diff["sequence"]) == (3, 4)


def test_one_that_stays_leaves_the_cursor_before_a_change_that_is_held_back() -> None:
    """Section 5: nothing that the client subscribes to changed up to there."""
    talk = Talk()
    talk.subscribe("orders")
    talk.commit(PRICE)
    talk.commit(ORDER)
    frame = talk.session.heartbeat(talk.now, stay=True)
    assert frame is not None
    assert talk.session.cursor == Cursor(EPOCH, 0)
    diff = talk.tick()
    assert diff is not None
    assert (diff["since"], diff["sequence"]) == (0, 2)


def test_a_client_that_is_ahead_of_the_replica_is_not_taken_back() -> None:
    """Section 5: a heartbeat's sequence is the cursor to hold from then on."""
    ahead = Talk()
    behind = Board("")
    behind.load(ahead.board.snapshot())
    diffs = [ahead.commit(ORDER._replace(data={"price": price})) for price in range(3)]
    talk = Talk(board=behind)
    assert talk.subscribe("orders", resume={"epoch": EPOCH, "sequence": 2}) == []
    beat = talk.heartbeat()
    assert beat is not None
    assert (beat["epoch"], beat["sequence"]) == (EPOCH, 2)
    for diff in diffs:
        assert diff is not None
        behind.merge(diff)
    subscribed, update = talk.poll()
    assert kinds([subscribed, update]) == ["subscribed", "diff_update"]
    assert (update["since"], update["sequence"]) == (2, 3)
