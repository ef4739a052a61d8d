"""Law 1, rebuild: a snapshot at a cursor and the diff since make the state now, for every reader and every selection."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given

from bigboard.board import TOPICS, Board, Cursor, Diff, Snapshot
from bigboard.errors import CursorUnavailable, DiffGap
from board.histories import History, histories
from board.playing import EPOCH, cursors, frozen, play, rebuilt, same
from board.reference import Replica


@given(histories())
def test_every_cursor_rebuilds_the_state_at_a_client(history: History) -> None:
    played = play(history)
    board = played.board
    for since in cursors(board):
        held = rebuilt(played.snapshots[since], board.diff(since), limits=history.limits)
        assert same(held, board.snapshot().data), f"from {since}"


@given(histories())
def test_every_commit_brings_a_client_from_one_state_to_the_next(history: History) -> None:
    played = play(history)
    replica = Replica(played.snapshots[0].data, tape_length=history.limits.tape_length)
    for diff in played.commits:
        assert diff.sequence == diff.since + 1
        assert diff.changes
        replica.merge(diff.changes)
        assert same(replica.state, played.snapshots[diff.sequence].data), f"commit {diff.sequence}"


@given(histories())
def test_every_selection_rebuilds_its_part_of_the_state(history: History) -> None:
    starts: dict[int, list[Snapshot]] = {0: [frozen(Board(EPOCH), wanted) for wanted in history.selections]}

    def note(board: Board) -> None:
        starts[board.sequence] = [frozen(board, wanted) for wanted in history.selections]

    board = play(history, at_commit=note).board
    for index, selection in enumerate(history.selections):
        now = board.snapshot(selection).data
        for since in cursors(board, selection):
            held = rebuilt(starts[since][index], board.diff(since, selection), limits=history.limits)
            assert same(held, now), f"{selection} from {since}"


@given(histories())
def test_the_horizon_is_the_last_cursor_that_works(history: History) -> None:
    board = play(history).board
    for selection in (None, *history.selections):
        horizon = board.horizon if selection is None else board.horizon_of(selection)
        board.diff(horizon, selection)
        assert board.reaches(Cursor(EPOCH, horizon), selection)
        for since in (horizon - 1, board.sequence + 1):
            assert not board.reaches(Cursor(EPOCH, since), selection)
            with pytest.raises(CursorUnavailable) as raised:
                board.diff(since, selection)
            assert (raised.value.horizon, raised.value.sequence) == (horizon, board.sequence)
        assert not board.reaches(Cursor("epoch-2", horizon), selection)


@given(histories())
def test_a_follower_from_any_cursor_is_the_same_board(history: History) -> None:
    played = play(history)
    board = played.board
    for since in cursors(board):
        follower = Board("unborn", limits=history.limits)
        follower.load(deepcopy(played.snapshots[since]))
        diff = board.diff(since)
        if diff is not None:
            follower.merge(deepcopy(diff))
            assert follower.cursor == board.cursor
            assert follower.timestamp == board.timestamp
        assert same(follower.snapshot().data, board.snapshot().data), f"from {since}"
        assert follower.sizes() == board.sizes()


@given(histories())
def test_a_follower_commit_by_commit_gives_exact_diffs_itself(history: History) -> None:
    played = play(history)
    start = len(played.commits) // 3
    follower = Board("unborn", limits=history.limits)
    follower.load(deepcopy(played.snapshots[start]))
    for diff in played.commits[start:]:
        follower.merge(deepcopy(diff))
        now = played.snapshots[diff.sequence].data
        assert same(follower.snapshot().data, now)
        for since in cursors(follower):
            held = rebuilt(played.snapshots[since], follower.diff(since), limits=history.limits)
            assert same(held, now), f"{since} to {diff.sequence}"


@given(histories())
def test_a_follower_that_took_a_merged_diff_never_gives_a_wrong_one(history: History) -> None:
    merged: list[Diff] = []

    def note(board: Board) -> None:
        since = max(board.sequence - 3, board.horizon)
        diff = board.diff(since) if board.sequence % 3 == 0 else None
        if diff is not None:
            merged.append(deepcopy(diff))

    played = play(history, at_commit=note)
    follower = Board("unborn", limits=history.limits)
    follower.load(deepcopy(played.snapshots[0]))
    for diff in merged:
        if diff.since != follower.sequence:
            with pytest.raises(DiffGap):
                follower.merge(deepcopy(diff))
            follower.load(deepcopy(played.snapshots[diff.since]))
        follower.merge(deepcopy(diff))
        for selection in (None, *history.selections):
            for since in cursors(follower, selection):
                start = played.snapshots[since]
                whole = selection is None
                data = start.data if whole else _part(start, selection, history)
                held = rebuilt(Snapshot(EPOCH, since, 0, data), follower.diff(since, selection), limits=history.limits)
                assert same(held, follower.snapshot(selection).data), f"{selection} from {since} to {diff.sequence}"


@given(histories())
def test_a_follower_of_a_log_of_merged_diffs_is_exact_from_each_of_its_entries(history: History) -> None:
    entries: list[Diff] = []

    def note(board: Board) -> None:
        since = entries[-1].sequence if entries else 0
        if board.sequence % 3 == 0 and since >= board.horizon:
            diff = board.diff(since)
            if diff is not None:
                entries.append(deepcopy(diff))

    played = play(history, at_commit=note)
    follower = Board("unborn", limits=history.limits)
    follower.load(deepcopy(played.snapshots[0]))
    stops = [0]
    for diff in entries:
        follower.merge(deepcopy(diff), of_log=True)
        stops.append(diff.sequence)
        now = played.snapshots[diff.sequence].data
        for since in stops:
            if since >= follower.horizon:
                held = rebuilt(played.snapshots[since], follower.diff(since), limits=history.limits)
                assert same(held, now), f"{since} to {diff.sequence}"


def _part(start: Snapshot, selection: object, history: History) -> dict[str, object]:
    board = Board("unborn", limits=history.limits)
    board.load(deepcopy(start))
    return deepcopy(board.snapshot(selection).data)  # type: ignore[arg-type]


@given(histories())
def test_what_has_changed_is_told_without_the_changes(history: History) -> None:
    board = play(history).board
    for since in cursors(board):
        diff = board.diff(since)
        told = {topic: set(keys) for topic, keys in board.changed(since).items()}
        assert told == ({} if diff is None else {topic: _names(topic, part) for topic, part in diff.changes.items()})


def _names(topic: str, changes: Any) -> set[str]:
    id_field = TOPICS[topic].id_field
    return {row[id_field] for row in changes} if isinstance(changes, list) else set(changes)
