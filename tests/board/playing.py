"""Playing a history on a board, and looking on from outside: what a client saw at each commit."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bigboard.board import Board, Diff, Selection, Snapshot
from bigboard.errors import UpdateRejected
from board.histories import Commit
from board.reference import Replica, exact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bigboard.board import Limits
    from board.histories import History, Step

__all__ = ["Played", "accept", "cursors", "play", "rebuilt", "same"]

EPOCH = "epoch-1"


@dataclass
class Played:
    """A board at the end of a history, with the snapshot at every commit and the diff of every commit."""

    board: Board
    snapshots: dict[int, Snapshot]
    commits: list[Diff] = field(default_factory=list)


def accept(board: Board, step: Step) -> bool:
    """Apply one step, if the board takes it; whether it changed anything."""
    try:
        return board.apply_all(step) if isinstance(step, list) else board.apply(step)  # type: ignore[arg-type]
    except UpdateRejected:
        return False


def play(history: History, *, at_commit: Callable[[Board], None] = lambda _: None) -> Played:
    """Play a history to its end and commit there; ``at_commit`` is told of each commit."""
    board = Board(EPOCH, limits=history.limits)
    played = Played(board, {0: frozen(board)})
    for number, step in enumerate([*history.steps, Commit()]):
        if not isinstance(step, Commit):
            accept(board, step)
            continue
        diff = board.commit(1_000 + number)
        if diff is not None:
            played.commits.append(deepcopy(diff))
            played.snapshots[board.sequence] = frozen(board)
            at_commit(board)
    return played


def frozen(board: Board, selection: Selection | None = None) -> Snapshot:
    """A snapshot that no later change of the board can reach."""
    return deepcopy(board.snapshot(selection))


def cursors(board: Board, selection: Selection | None = None) -> Iterator[int]:
    """Every sequence that the board says it can diff from."""
    horizon = board.horizon if selection is None else board.horizon_of(selection)
    return iter(range(horizon, board.sequence + 1))


def rebuilt(start: Snapshot, *diffs: Diff | None, limits: Limits) -> dict[str, object]:
    """What a client holds that took a snapshot and then these diffs."""
    replica = Replica(start.data, tape_length=limits.tape_length)
    for diff in diffs:
        if diff is not None:
            replica.merge(diff.changes)
    return replica.state


def same(held: object, wanted: object) -> bool:
    """Equal for a reader of JSON: the order of keys does not count, the order of rows and the type of a flag do."""
    return bool(exact(held) == exact(wanted))
