"""A resume from a cursor that this replica of the board has not reached yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bigboard.board import Board, Cursor, Subscription
    from bigboard.wire.instant import Instant
    from bigboard.wire.messages import Subscribe

__all__ = ["Waiting", "must_wait"]

_LARGEST = 2**63 - 1


def must_wait(cursor: Cursor, board: Board) -> bool:
    """Whether this replica may yet come to where a client stands.

    Another gateway was ahead of this one when the client left it, or this one has just started and has no history yet. To
    answer now would take the client back in time, or give it nothing where it had all.
    """
    return not board.epoch or (cursor.epoch == board.epoch and cursor.sequence > board.sequence)


class Waiting(NamedTuple):
    """What was asked, and until when it may wait, in seconds of the steady clock."""

    message: Subscribe
    cursor: Cursor
    subscriptions: list[Subscription]
    deadline: float

    def is_over(self, board: Board, now: Instant) -> bool:
        """Whether the board is there, can never be there, or has taken too long."""
        return not must_wait(self.cursor, board) or now.monotonic >= self.deadline

    @property
    def may_be_true(self) -> bool:
        """Whether any board can have such a cursor: MessagePack could not say a larger one."""
        return self.cursor.sequence <= _LARGEST
