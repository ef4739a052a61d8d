"""Law 2, compose: two diffs, one after the other, give what the one over both gives."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from hypothesis import given

from board.histories import History, histories
from board.playing import play, rebuilt, same

if TYPE_CHECKING:
    from bigboard.board import Board, Diff


@given(histories())
def test_two_diffs_give_what_one_gives(history: History) -> None:
    diffs: dict[tuple[int, int], Diff | None] = {}

    def note(board: Board) -> None:
        for since in range(max(board.horizon, board.sequence - 4), board.sequence):
            diffs[since, board.sequence] = deepcopy(board.diff(since))

    played = play(history, at_commit=note)
    for (start, middle), first in diffs.items():
        for end in range(middle + 1, min(middle + 4, played.board.sequence) + 1):
            if (middle, end) in diffs and (start, end) in diffs:
                origin = played.snapshots[start]
                twice = rebuilt(origin, first, diffs[middle, end], limits=history.limits)
                once = rebuilt(origin, diffs[start, end], limits=history.limits)
                assert same(twice, once), f"{start} to {middle} to {end}"
