"""The board as a whole: cursors, commits, loading, merging, and what it says of itself."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

import bigboard.board
from bigboard.board import TOPICS, Board, Cursor, Diff, Limits, Snapshot, Update, UpdateBatch
from bigboard.errors import CursorUnavailable, DiffGap


def board_with(*updates: Update) -> Board:
    board = Board("e")
    board.apply_all(updates)
    board.commit(5)
    return board


RISK = Update("risk", "main", {"exposure": 1})


def test_a_cursor_names_its_history() -> None:
    assert str(Cursor("e", 5)) == "e@5"
    assert Cursor("e", 5) != Cursor("f", 5)
    assert Board("e").cursor == ("e", 0)


def test_a_commit_numbers_by_one_and_time_never_goes_back() -> None:
    board = board_with(RISK)
    assert (board.sequence, board.timestamp) == (1, 5)
    assert board.commit(6) is None
    assert board.timestamp == 5
    board.apply(RISK._replace(data={"exposure": 2}))
    assert board.commit(3) == Diff("e", 1, 2, 5, {"risk": {"main": {"exposure": 2}}})


def test_a_snapshot_of_a_new_board_has_every_topic() -> None:
    snapshot = Board("e").snapshot()
    assert snapshot.data == {name: [] if topic.id_field else {} for name, topic in TOPICS.items()}
    assert (snapshot.cursor, snapshot.timestamp) == (("e", 0), 0)


def test_a_diff_says_where_it_leads() -> None:
    diff = board_with(RISK).diff(0)
    assert diff is not None
    assert (diff.since, diff.cursor) == (0, ("e", 1))


@pytest.mark.parametrize("since", [-1, 2])
def test_a_cursor_outside(since: int) -> None:
    with pytest.raises(CursorUnavailable, match="holds 0 to 1") as raised:
        board_with(RISK).diff(since)
    assert raised.value.cursor == ("e", since)


@pytest.mark.parametrize(("epoch", "since"), [("other", 1), ("e", 0), ("e", 2)])
def test_a_diff_that_does_not_continue_is_refused_and_harms_nothing(epoch: str, since: int) -> None:
    board = board_with(RISK)
    before = board.snapshot()
    with pytest.raises(DiffGap):
        board.merge(Diff(epoch, since, 9, 9, {"risk": {"main": None}}))
    assert board.snapshot() == before


def test_a_diff_without_changes_moves_the_cursor_alone() -> None:
    board = board_with(RISK)
    board.merge(Diff("e", 1, 7, 9, {}))
    assert board.cursor == ("e", 7)
    assert board.diff(1) is None
    assert board.diff(0) is not None


def test_a_topic_of_a_newer_writer_is_passed_over() -> None:
    board = board_with(RISK)
    board.merge(Diff("e", 1, 2, 9, {"weather": {"here": {"rain": True}}, "risk": {"main": None}}))
    assert board.snapshot().data["risk"] == {}


def test_loading_starts_anew_with_the_horizon_at_the_snapshot() -> None:
    board = board_with(RISK)
    board.load(Snapshot("f", 40, 7, {"account": {"main": {"equity": 1}}}))
    assert (board.cursor, board.timestamp, board.horizon) == (("f", 40), 7, 40)
    assert board.sizes() == dict.fromkeys(TOPICS, 0) | {"account": 1}
    with pytest.raises(CursorUnavailable):
        board.diff(39)


def test_a_follower_can_become_the_writer() -> None:
    writer = board_with(RISK)
    heir = Board("unborn")
    heir.load(writer.snapshot())
    heir.apply(Update("risk", "main", {"exposure": 2, "note": "x"}))
    assert heir.commit(9) == Diff("e", 1, 2, 9, {"risk": {"main": {"exposure": 2, "note": "x"}}})


def test_what_a_source_changes_afterwards_does_not_reach_the_board() -> None:
    symbols, inner, trade, levels = ["A"], {"X": {"total": 1}}, {"price": 1}, [[1, 1]]
    board = board_with(
        Update("strategies", "s", {"symbols": symbols}),
        Update("account", "a", {"balances": inner}),
        Update("trades", "T", [trade]),
        Update("orderbook", "O", {"bids": levels, "asks": []}),
    )
    before = repr(board.snapshot())
    symbols.append("B")
    inner["X"]["total"] = 2
    trade["price"] = 2
    levels[0][1] = 2
    assert repr(board.snapshot()) == before


def test_a_flag_and_a_number_are_two_values() -> None:
    board = board_with(Update("risk", "main", {"note": 1, "breaches": [1]}))
    assert board.apply(Update("risk", "main", {"note": True, "breaches": [True]}))
    assert repr(board.snapshot().data["risk"]["main"]) == "{'note': True, 'breaches': [True]}"
    assert not board.apply(Update("risk", "main", {"note": True, "breaches": [True]}))


def test_sizes_count_keys_and_rows() -> None:
    board = board_with(RISK, Update("orders", "1", {"price": 1}), Update("orders", "2", {"price": 1}))
    board.apply(Update("risk", "main", {"deleted": True}))
    assert {name: size for name, size in board.sizes().items() if size} == {"orders": 2}


def test_limits_cannot_be_changed_under_a_board() -> None:
    limits = Limits()
    with pytest.raises(FrozenInstanceError):
        limits.max_rows = 1  # type: ignore[misc]
    assert Board("e").limits == limits


def test_a_batch_lists_updates_and_needs_no_commit_of_its_own() -> None:
    batch = UpdateBatch([RISK])
    assert not batch.barrier
    assert Board("e").apply_all(batch.updates)


def test_the_facade_is_complete_and_sorted() -> None:
    names = bigboard.board.__all__
    assert len(names) == len(set(names))
    assert all(hasattr(bigboard.board, name) for name in names)
