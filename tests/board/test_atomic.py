"""What is refused leaves no trace: the board goes on exactly like a twin that never saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from bigboard.board import Board, Update
from bigboard.board.rules import REASONS
from bigboard.errors import UpdateRejected
from board.histories import SMALL, Commit, History, histories
from board.playing import EPOCH
from board.vocabulary import BAD_UPDATES

if TYPE_CHECKING:
    from board.histories import Step


@given(histories())
def test_a_board_that_refused_is_like_one_that_never_saw_it(history: History) -> None:
    board, twin = Board(EPOCH, limits=history.limits), Board(EPOCH, limits=history.limits)
    for number, step in enumerate([*history.steps, Commit()]):
        if isinstance(step, Commit):
            assert board.commit(number) == twin.commit(number)
            assert looks(board) == looks(twin)
        elif takes(board, step):
            one_by_one(twin, step)
        assert (board.snapshot(), board.sizes(), board.anomalies()) == (twin.snapshot(), twin.sizes(), twin.anomalies())


def takes(board: Board, step: Step) -> bool:
    """Apply a step; whether the board took it."""
    try:
        if isinstance(step, Update):
            board.apply(step)
        elif isinstance(step, list):
            board.apply_all(step)
    except UpdateRejected:
        return False
    return True


def one_by_one(twin: Board, step: Step) -> None:
    """A batch that was taken is what its updates are one by one."""
    for update in [step] if isinstance(step, Update) else step if isinstance(step, list) else ():
        twin.apply(update)


def looks(board: Board) -> tuple[object, ...]:
    """All that a reader can learn of a board, at a commit."""
    diffs = [board.diff(since) for since in range(board.horizon, board.sequence + 1)]
    return board.snapshot(), board.cursor, board.horizon, diffs, board.sizes(), board.anomalies()


@pytest.mark.parametrize("bad", BAD_UPDATES, ids=lambda update: ascii(update.data)[:30])
def test_each_bad_update_is_refused_alone_and_spoils_its_batch(bad: Update) -> None:
    board = Board("e", limits=SMALL)
    board.apply(Update("market_data", "BTCUSDT", {"last_price": 1}))
    board.commit(0)
    before = looks(board)
    with pytest.raises(UpdateRejected) as alone:
        board.apply(bad)
    good = [Update(topic, "fresh", {"x1": 1}) for topic in ("market_data", "orders", "orderbook", "trades", "account")]
    with pytest.raises(UpdateRejected) as together:
        board.apply_all([*good, bad])
    assert together.value.reason == alone.value.reason
    assert alone.value.reason in REASONS
    assert len(str(alone.value)) < 1_000
    assert board.commit(1) is None
    assert looks(board) == before
