"""Where clients stand in the history of a board."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigboard.board import Cursor

__all__ = ["Standing"]


class Standing:
    """A cursor that may be that of many clients.

    A thousand clients that have got the same frames stand at one place, and the next frame takes them all to another. They
    share one of these, so that to move them is one assignment instead of a thousand.
    """

    __slots__ = ("cursor",)

    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
