"""Keeps a replica of the board in step with the spine."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from bigboard.board import Cursor, Diff
from bigboard.errors import DiffGap

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.board import Board, Snapshot
    from bigboard.spine.base import Spine

__all__ = ["Follower"]


class Follower:
    """Rebuilds a board from snapshot and diffs, and says so after each step.

    ``on_step`` is called when the board has taken the snapshot or diff: a gateway wakes its broadcaster there, a recorder
    writes it down.
    """

    def __init__(self, spine: Spine, board: Board, on_step: Callable[[Snapshot | Diff], None]) -> None:
        self._spine = spine
        self._board = board
        self._on_step = on_step
        self.snapshots = 0
        """Snapshots taken: one at the start, one for each epoch, and one whenever the log did not reach back."""

    async def run(self) -> None:
        """Follow until the spine closes or the task is cancelled."""
        cursor: Cursor | None = None
        while True:
            try:
                # A generator that an error leaves half-way is closed by nobody else, and may hold a connection.
                async with aclosing(self._spine.follow(cursor)) as steps:
                    async for step in steps:
                        self._take(step)
                        cursor = step.cursor
            except DiffGap:
                # The replica and the log do not fit: only a snapshot can mend it.
                cursor = None
            else:
                return

    def _take(self, step: Snapshot | Diff) -> None:
        if isinstance(step, Diff):
            self._board.merge(step, of_log=True)
        else:
            self._board.load(step)
            self.snapshots += 1
        self._on_step(step)
