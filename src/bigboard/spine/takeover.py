"""What a new leader does before its first commit: find out which history to go on with, and have its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.board import Diff
from bigboard.errors import CursorUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.board import Board, Cursor
    from bigboard.spine.redis_lease import Standing
    from bigboard.spine.redis_spine import RedisSpine

__all__ = ["take_over"]


async def take_over(spine: RedisSpine, standing: Standing, board: Board, new_epoch: Callable[[], str]) -> bool:
    """Make ``board`` fit to be written on with; ``True`` if its state was replaced by the log's.

    ``board`` is the one that this process has written with, if it has.

    - Nobody else has written since this process did: the board goes on as it is, in the same epoch if the log has all
      that Redis ever took of it, and gets what it lacks. If Redis has lost commits, or everything, in a new epoch.
    - Somebody else has: the board becomes what the log holds, and goes on in the same epoch. If it is not certain that
      the log is whole, or it cannot be read to its end, a new epoch begins with what there is.

    Afterwards the leader saves a snapshot of the board. Raises ``SpineUnavailable`` where Redis goes away meanwhile.
    """
    end = standing.cursor
    if end is None:
        board.begin_epoch(new_epoch())
        return False
    if standing.own:
        if not _has_all(spine.lease.confirmed, end, board) or not await _append_rest(spine, end, board):
            board.begin_epoch(new_epoch())
        return False
    complete = await _read(spine, end, board)
    if not (complete and standing.whole):
        board.begin_epoch(new_epoch())
    return True


def _has_all(confirmed: Cursor | None, end: Cursor, board: Board) -> bool:
    """Whether a log that ends there has every commit of this board that Redis ever took."""
    return (
        confirmed is not None
        and end.epoch == confirmed.epoch == board.epoch
        and confirmed.sequence <= end.sequence <= board.sequence
    )


async def _append_rest(spine: RedisSpine, end: Cursor, board: Board) -> bool:
    """Write what the board has and the log has not, as one diff: no follower stands within. Whether it could be told."""
    board.commit(spine.clock.epoch_ms())
    try:
        rest = board.diff(end.sequence)
    except CursorUnavailable:
        return False  # So much has changed that the board has forgotten what went.
    if rest is not None:
        await spine.append(rest)
    return True


async def _read(spine: RedisSpine, end: Cursor, board: Board) -> bool:
    """Load snapshot and log into the board; whether it came to the log's end."""
    reader = spine.reader()
    arrived = False
    while not arrived:
        steps = await reader.read()
        if not steps:
            return False  # The lease keeps others from writing: what does not come now is not there.
        for step in steps:
            if isinstance(step, Diff):
                board.merge(step, of_log=True)
            else:
                board.load(step)
        arrived = board.cursor == end
    return True
