"""Rows: records by id, in order of appearance, with retention."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from bigboard.board import Board, Diff, Limits, Selection, Subscription, Update
from bigboard.errors import UpdateRejected
from board.histories import History, histories
from board.playing import frozen, play
from board.reference import ROWS, Replica

LIMITS = Limits(max_rows=3)
GONE = {"deleted": True}


def put(board: Board, *updates: tuple[str, Any]) -> Diff | None:
    for key, data in updates:
        board.apply(Update("orders", key, data))
    return board.commit(0)


def ids(board: Board, selection: Selection | None = None) -> list[str]:
    return [row["order_id"] for row in board.snapshot(selection).data["orders"]]


def board_with(*updates: tuple[str, Any], limits: Limits = LIMITS) -> Board:
    board = Board("e", limits=limits)
    put(board, *updates)
    return board


@given(histories())
def test_rows_stand_in_order_of_appearance_at_every_client(history: History) -> None:
    """By a model that only knows who appeared when: an id goes to the end when it comes, and leaves when it goes."""
    played = play(history)
    order: dict[str, list[str]] = {topic: [] for topic in ROWS}
    replicas = {0: Replica(played.snapshots[0].data, tape_length=history.limits.tape_length)}
    for diff in played.commits:
        for topic, id_field in ROWS.items():
            for record in diff.changes.get(topic, []):
                name = record[id_field]
                if record.get("deleted"):
                    order[topic] = [held for held in order[topic] if held != name]
                elif name not in order[topic]:
                    order[topic].append(name)
        replicas[diff.sequence] = Replica(played.snapshots[diff.sequence].data, tape_length=history.limits.tape_length)
        for since, replica in replicas.items():
            if since < diff.sequence:
                replica.merge(diff.changes)
            for topic, id_field in ROWS.items():
                assert [row[id_field] for row in replica.state[topic]] == order[topic], f"{topic} held since {since}"


def test_a_new_row_is_sent_whole_and_a_known_one_in_part() -> None:
    board = board_with(("1", {"price": 1.5, "status": "NEW"}))
    diff = put(board, ("1", {"price": 2.5, "status": "NEW"}), ("2", {"price": 1}))
    assert diff is not None
    assert diff.changes["orders"] == [{"order_id": "1", "price": 2.5}, {"order_id": "2", "price": 1}]


def test_a_row_that_returns_is_another_one_and_stands_at_the_end() -> None:
    board = board_with(("1", {"price": 1, "note": "old"}), ("2", {"price": 2}))
    start = frozen(board)
    put(board, ("1", GONE))
    diff = put(board, ("1", {"price": 3}))
    assert diff is not None
    assert diff.changes["orders"] == [{"order_id": "1", "price": 3}]
    since = board.diff(1)
    assert since is not None
    assert since.changes["orders"] == [{"order_id": "1", "deleted": True}, {"order_id": "1", "price": 3}]
    replica = Replica(start.data, tape_length=1)
    replica.merge(since.changes)
    assert replica.state["orders"] == [{"order_id": "2", "price": 2}, {"order_id": "1", "price": 3}]


def test_a_selection_of_rows_keeps_the_order_of_appearance() -> None:
    board = board_with(("3", {"price": 1}), ("1", {"price": 1}), ("2", {"price": 1}))
    assert ids(board, Selection(Subscription("orders", key) for key in ("1", "2", "3", "4"))) == ["3", "1", "2"]


def test_retention_drops_the_closed_row_that_ended_first_then_the_oldest() -> None:
    board = board_with(("1", {"status": "NEW"}), ("2", {"status": "NEW"}), ("3", {"status": "FILLED"}))
    put(board, ("2", {"status": "CANCELED"}))
    put(board, ("4", {"status": "NEW"}))
    assert ids(board) == ["1", "2", "4"]
    put(board, ("5", {"status": "NEW"}))
    assert ids(board) == ["1", "4", "5"]
    put(board, ("6", {"status": "NEW"}))
    assert ids(board) == ["4", "5", "6"]


def test_a_row_that_opens_again_is_an_open_one() -> None:
    board = board_with(("1", {"status": "FILLED"}), ("2", {"status": "FILLED"}), ("3", {"status": "NEW"}))
    put(board, ("1", {"status": "NEW"}))
    put(board, ("4", {"status": "NEW"}))
    assert ids(board) == ["1", "3", "4"]


def test_a_closed_row_that_could_not_stay_makes_no_commit() -> None:
    board = board_with(*((key, {"status": "NEW"}) for key in "123"))
    for _ in range(2):
        assert put(board, ("4", {"status": "FILLED"})) is None
    assert ids(board) == ["1", "2", "3"]


@pytest.mark.parametrize("key", ["None", "1"])
def test_a_row_never_loses_its_id(key: str) -> None:
    board = board_with((key, {"price": 1}))
    with pytest.raises(UpdateRejected) as raised:
        put(board, (key, {"order_id": None, "price": 2}))
    assert raised.value.reason == "bad_key"
    assert board.snapshot().data["orders"] == [{"order_id": key, "price": 1}]


def test_an_integer_id_is_the_key_as_a_string() -> None:
    board = board_with(("42", {"order_id": 42, "price": 1}))
    assert board.snapshot().data["orders"] == [{"order_id": "42", "price": 1}]
    assert put(board, ("42", {"order_id": 42})) is None


def test_an_update_that_names_another_id_is_refused() -> None:
    with pytest.raises(UpdateRejected, match="must be the same"):
        board_with(("42", {"order_id": "43"}))


def test_nothing_makes_no_row() -> None:
    assert ids(board_with(("1", {}), ("2", {"price": None}), ("3", GONE))) == []
