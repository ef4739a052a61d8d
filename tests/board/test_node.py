"""Objects inside objects: removed, returned, turned into something else, and forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.board import Board, Limits, Update
from bigboard.errors import CursorUnavailable
from board.playing import frozen, rebuilt

LIMITS = Limits(max_fields=3)


def steps_are_exact(*patches: dict[str, Any] | None, limits: Limits = LIMITS) -> dict[str, Any]:
    """Commit each patch of ``balances``; from every cursor on the way the diff must lead to the end, which is returned."""
    board = Board("e", limits=limits)
    starts = [frozen(board)]
    for patch in patches:
        board.apply(Update("account", "main", {"balances": patch}))
        board.commit(0)
        starts.append(frozen(board))
    for start in starts:
        if start.sequence >= board.horizon:
            assert rebuilt(start, board.diff(start.sequence), limits=limits) == board.snapshot().data
    account: dict[str, Any] = board.snapshot().data["account"]["main"]
    return account


def test_an_object_that_returns_brings_nothing_old() -> None:
    assert steps_are_exact({"a": 1, "b": 2}, None, {"c": 3}) == {"balances": {"c": 3}}
    assert steps_are_exact({"x": {"a": 1}}, {"x": None}, {"x": {"b": 2}}) == {"balances": {"x": {"b": 2}}}
    assert steps_are_exact({"x": {"a": 1}}, None, {"x": {}}) == {"balances": {"x": {}}}


@pytest.mark.parametrize("between", [1, "x", True])
def test_an_object_that_was_a_scalar_for_a_while_brings_nothing_old(between: object) -> None:
    end = steps_are_exact({"x": {"a": 1, "b": {"c": 1}}}, {"x": between}, {"x": {"b": {"d": 2}}})
    assert end == {"balances": {"x": {"b": {"d": 2}}}}
    assert steps_are_exact({"x": {"a": 1}}, {"x": between}) == {"balances": {"x": between}}


def test_objects_merge_and_an_empty_one_is_there() -> None:
    assert steps_are_exact({"x": {"a": 1}}, {"x": {"b": 2}}, {"y": {}}) == {
        "balances": {"x": {"a": 1, "b": 2}, "y": {}}
    }


@pytest.mark.parametrize("path", [(), ("x",)])
def test_forgetting_fields_at_any_depth_moves_the_horizon(path: tuple[str, ...]) -> None:
    board = Board("e", limits=LIMITS)
    starts = {}
    for turn in range(12):
        patch: dict[str, Any] = {f"f{turn}": 1, f"f{turn - 1}": None}
        for name in (*path, "balances"):
            patch = {name: patch}
        board.apply(Update("account", "main", patch))
        board.commit(0)
        starts[board.sequence] = frozen(board)
    # Three removals are remembered, those of the commits 10 to 12; commit 9's was given up.
    assert board.horizon == 9
    for since in range(9, 13):
        assert rebuilt(starts[since], board.diff(since), limits=LIMITS) == board.snapshot().data
    with pytest.raises(CursorUnavailable):
        board.diff(8)
