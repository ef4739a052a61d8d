"""Law 3, silence: what changes nothing makes no diff and no sequence."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hypothesis import given

from bigboard.board import TOPICS, Board, MergeKind, Update
from board.histories import Commit, History, histories
from board.playing import EPOCH, accept, frozen, play, same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from board.histories import Step


def has_tape(step: Step) -> bool:
    """Whether a step appends to a tape, where the same entry again is another entry."""
    updates = step if isinstance(step, list) else [step]
    return any(isinstance(update, Update) and update.topic == "trades" for update in updates)


@given(histories())
def test_an_update_that_leaves_the_state_as_it_was_makes_no_commit(history: History) -> None:
    board = Board(EPOCH, limits=history.limits)
    for step in history.steps:
        if isinstance(step, (Commit, list)) or has_tape(step):
            continue
        before = frozen(board)
        changed = accept(board, step)
        diff = board.commit(before.timestamp + 1)
        assert changed is (diff is not None)
        assert changed is not same(board.snapshot().data, before.data), step
        if diff is None:
            assert board.snapshot() == before


@given(histories())
def test_the_same_update_again_is_silent(history: History) -> None:
    board = Board(EPOCH, limits=history.limits)
    for step in history.steps:
        if not isinstance(step, Update) or has_tape(step):
            continue
        accept(board, step)
        board.commit(1)
        sequence = board.sequence
        assert not accept(board, step), step
        assert board.commit(2) is None
        assert board.sequence == sequence


@given(histories())
def test_the_state_sent_in_again_is_silent(history: History) -> None:
    board = play(history).board
    before = frozen(board)
    updates = list(as_updates(before.data))
    assert not board.apply_all(updates)
    for update in updates:
        assert not board.apply(update), update
    assert board.commit(before.timestamp + 1) is None
    assert board.snapshot() == before
    assert all(board.diff(since) is None for since in range(board.sequence, board.sequence + 1))


def as_updates(data: dict[str, Any]) -> Iterator[Update]:
    """A state as the updates that a service would send on a refresh; tapes apart."""
    for topic, state in deepcopy(data).items():
        kind = TOPICS[topic].kind
        if kind is MergeKind.ROWS:
            yield from (Update(topic, row[TOPICS[topic].id_field], row) for row in state)
        elif kind is not MergeKind.TAPE:
            yield from (Update(topic, key, fields) for key, fields in state.items())


def test_an_empty_list_of_trades_is_silent() -> None:
    board = Board("e")
    assert not board.apply(Update("trades", "X", []))
    assert board.commit(1) is None
    assert board.snapshot().data["trades"] == {}
