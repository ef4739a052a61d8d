"""Tombstones are given up past a bound: never too early, and the horizon says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bigboard.board import Board, Limits, Update
from bigboard.errors import CursorUnavailable
from board.playing import frozen, rebuilt

if TYPE_CHECKING:
    from collections.abc import Iterable

LIMITS = Limits(max_tombstones=2, max_level_tombstones=2, max_fields=4, max_rows=50)


def committed(board: Board, updates: Iterable[Update]) -> Board:
    for update in updates:
        board.apply(update)
    board.commit(0)
    return board


def one_commit_is_exact(before: list[Update], updates: list[Update]) -> Board:
    """Play ``before`` and commit, then ``updates`` as one commit, whose diff must lead from the one state to the other."""
    board = committed(Board("e", limits=LIMITS), before)
    start = frozen(board)
    for update in updates:
        board.apply(update)
    diff = board.commit(1)
    assert diff is not None
    assert rebuilt(start, diff, limits=LIMITS) == board.snapshot().data
    follower = Board("unborn", limits=LIMITS)
    follower.load(start)
    follower.merge(diff)
    assert follower.snapshot().data == board.snapshot().data
    return board


@pytest.mark.parametrize(
    ("topic", "data"),
    [
        ("risk", {"exposure": 1}),
        ("orders", {"price": 1}),
        ("orderbook", {"bids": [], "asks": []}),
    ],
)
def test_a_commit_that_removes_more_keys_than_are_remembered_is_exact(topic: str, data: dict[str, object]) -> None:
    keys = [f"K{number}" for number in range(5)]
    board = one_commit_is_exact(
        [Update(topic, key, data) for key in keys], [Update(topic, key, {"deleted": True}) for key in keys]
    )
    assert board.horizon <= board.sequence


def test_a_commit_that_replaces_more_levels_than_are_remembered_is_exact() -> None:
    def book(base: int) -> Update:
        return Update("orderbook", "X", {"bids": [[base - n, 1] for n in range(4)], "asks": [[base + 9, 1]]})

    one_commit_is_exact([book(100)], [book(200), book(300), book(400)])


@pytest.mark.parametrize(("topic", "path"), [("risk", None), ("orders", None), ("account", "balances")])
def test_a_commit_that_removes_more_fields_than_are_remembered_is_exact(topic: str, path: str | None) -> None:
    def turn(number: int) -> list[Update]:
        names = [f"f{number}{letter}" for letter in "abc"]
        given = [dict.fromkeys(names, 1), dict.fromkeys(names)]
        return [Update(topic, "X", {path: patch} if path else patch) for patch in given]

    put, remove = turn(0)
    one_commit_is_exact([put], [remove, *turn(1), *turn(2), *turn(3), *turn(4)])


@pytest.mark.parametrize("topic", ["risk", "orders", "orderbook"])
def test_a_removal_past_the_bound_moves_the_horizon_to_itself(topic: str) -> None:
    board = Board("e", limits=LIMITS)
    committed(board, [Update(topic, key, {"x": 1}) for key in "abcde"])
    for key in "abcd":
        committed(board, [Update(topic, key, {"deleted": True})])
    assert board.sequence == 5
    assert board.horizon == 3
    diff = board.diff(3)
    assert diff is not None
    assert len(diff.changes[topic]) == 2
    with pytest.raises(CursorUnavailable):
        board.diff(2)


def test_what_one_commit_removed_is_remembered_down_to_the_bound_by_the_next() -> None:
    board = Board("e", limits=LIMITS)
    committed(board, [Update("risk", key, {"exposure": 1}) for key in "abcdef"])
    committed(board, [Update("risk", key, {"deleted": True}) for key in "abcde"])
    assert board.horizon == 0
    committed(board, [Update("risk", "f", {"deleted": True})])
    assert board.horizon == 2
    assert board.diff(2) is not None
