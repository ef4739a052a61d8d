"""What changed on a board since one cursor, asked topic by topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board import Selection, Subscription

if TYPE_CHECKING:
    from bigboard.board import Board

__all__ = ["Changes"]


class Changes:
    """The changes after ``since`` up to the board's present, each topic's diffed once; void after the next commit.

    Topic by topic, because one that nobody asks for may be behind its horizon, or large.
    """

    def __init__(self, board: Board, since: int) -> None:
        self.board = board
        self.since = since
        self._topics: dict[str, Any] = {}

    def of(self, topic: str) -> Any:
        """The changes of a topic, in the shape that its merge kind gives them; ``None`` if there are none.

        Raises ``CursorUnavailable`` if the board cannot diff the topic from there.
        """
        if topic in self._topics:
            return self._topics[topic]
        diff = self.board.diff(self.since, Selection((Subscription(topic),), self.board.topics))
        changes = self._topics[topic] = diff.changes[topic] if diff is not None else None
        return changes
