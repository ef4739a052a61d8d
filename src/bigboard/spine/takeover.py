"""What a new leader does before its first commit: find out which history to go on with, and have its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.board import Diff

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.board import Board
    from bigboard.spine.redis_lease import Standing
    from bigboard.spine.redis_spine import RedisSpine

__all__ = ["take_over"]


async def take_over(spine: RedisSpine, standing: Standing, board: Board, new_epoch: Callable[[], str]) -> bool:
    """Make ``board`` fit to be written on with; ``True`` if its state was replaced by the log's.

    - Nobody else led since this process wrote last, and the log has all that it wrote: the board goes on as it is.
    - Redis has lost commits that this process wrote, or the whole history: the board goes on in a new epoch.
    - Somebody else led: the board becomes what the log holds, and goes on in the same epoch. If it is not certain that
      the log is whole, or it cannot be read to its end, a new epoch begins with what there is.

    Afterwards the leader saves a snapshot of the board. Raises ``SpineUnavailable`` where Redis goes away meanwhile.
    """
    end = standing.cursor
    if end is None:
        board.begin_epoch(new_epoch())
        return False
    confirmed = spine.lease.confirmed
    if standing.own and confirmed is not None and end.epoch == confirmed.epoch == board.epoch:
        if not confirmed.sequence <= end.sequence <= board.sequence:
            board.begin_epoch(new_epoch())
        return False
    complete = await _read(spine, standing, board)
    if not (complete and standing.whole):
        board.begin_epoch(new_epoch())
    return True


async def _read(spine: RedisSpine, standing: Standing, board: Board) -> bool:
    """Load snapshot and log into the board; whether it came to the log's end."""
    reader = spine.reader()
    while board.cursor != standing.cursor or not board.sequence:
        steps = await reader.read()
        for step in steps:
            if isinstance(step, Diff):
                board.merge(step)
            else:
                board.load(step)
        if board.cursor == standing.cursor:
            return True
        if not steps:
            return False  # The lease keeps others from writing: what does not come now is not there.
    return True
