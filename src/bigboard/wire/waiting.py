"""A resume from a cursor that this replica of the board has not reached yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from bigboard.board import Board, Cursor, Subscription
    from bigboard.wire.instant import Instant
    from bigboard.wire.messages import Subscribe

__all__ = ["Waiting"]

_LARGEST = 2**63 - 1


class Waiting(NamedTuple):
    """What was asked, and until when it may wait, in seconds of the steady clock."""

    message: Subscribe
    cursor: Cursor
    subscriptions: list[Subscription]
    deadline: float

    def is_over(self, board: Board, now: Instant) -> bool:
        """Whether the board is there, can never be there, or has taken too long."""
        there = board.sequence >= self.cursor.sequence or board.epoch != self.cursor.epoch
        return there or now.monotonic >= self.deadline

    @property
    def may_be_true(self) -> bool:
        """Whether any board can have such a cursor: MessagePack could not say a larger one."""
        return self.cursor.sequence <= _LARGEST
