"""A position in the history of one board."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Cursor"]


class Cursor(NamedTuple):
    """``(epoch, sequence)``: which history, and how far into it.

    The sequence alone would not do. Say a board loses its log and starts again from 1. A client that was at 500 would come
    back when the new board is at 600 and take the changes from 500 to 600 on top of a state that has nothing to do with
    them. The epoch names the history, so the new board sees that this cursor is none of its own and sends a snapshot.
    """

    epoch: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.epoch}@{self.sequence}"
