"""The frames of a board: each diff is made and encoded once, whoever asks for it.

Clients with the same format, subscriptions and cursor get the same bytes. A tick of ten thousand such clients asks ten
thousand times here, and one diff and one encoding is done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.wire.codec import Format, Frame, encode
from bigboard.wire.messages import DiffUpdate, Heartbeat, StateUpdate, rfc3339

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigboard.board import Board, Cursor, Selection, Subscription

__all__ = ["Frames"]

_MOST_CACHED = 4_096
_MOST_STATES = 32
"""A state may be megabytes, so few are kept; clients that all need one at once mostly need the same."""


class Frames:
    """Encoded messages about one board, cached until its next commit."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.encodings = 0
        """How many diffs and states were encoded, ever."""
        self._cache: dict[tuple[Format, Selection, int], Frame | None] = {}
        self._states: dict[tuple[Format, tuple[Subscription, ...]], Frame] = {}
        self._cached_at = board.cursor

    def diff(self, format: Format, selection: Selection, since: int) -> Frame | None:
        """The ``diff_update`` from ``since`` to now; ``None`` if nothing selected has changed.

        Raises ``CursorUnavailable`` if the board cannot diff from there.
        """
        self._forget_the_past()
        key = (format, selection, since)
        try:
            return self._cache[key]
        except KeyError:
            frame = self._cache[key] = self._encode_diff(format, selection, since)
            return frame

    def state(
        self,
        format: Format,
        selection: Selection,
        names: Iterable[Subscription],
        wall_ms: int,
    ) -> Frame:
        """The ``state_update`` of a selection; ``names`` are the subscriptions that it covers.

        After a change of epoch every client needs one in the same tick: those who hold the same share it.
        """
        self._forget_the_past()
        key = (format, tuple(names))
        frame = self._states.get(key)
        if frame is None:
            frame = self._encode_state(format, selection, key[1], wall_ms)
            # Before the first commit there is no moment of a commit to tell, and the moment of sending is not shared.
            if self.board.timestamp and len(self._states) < _MOST_STATES:
                self._states[key] = frame
        return frame

    def heartbeat(self, format: Format, cursor: Cursor, wall_ms: int) -> Frame:
        """The ``heartbeat`` that leaves a client at ``cursor``."""
        return encode(Heartbeat(epoch=cursor.epoch, sequence=cursor.sequence, timestamp=rfc3339(wall_ms)), format)

    def _forget_the_past(self) -> None:
        if self._cached_at != self.board.cursor or len(self._cache) > _MOST_CACHED:
            self._cache.clear()
            self._states.clear()
            self._cached_at = self.board.cursor

    def _encode_state(self, format: Format, selection: Selection, names: Iterable[Subscription], wall_ms: int) -> Frame:
        snapshot = self.board.snapshot(selection)
        self.encodings += 1
        message = StateUpdate(
            epoch=snapshot.epoch,
            sequence=snapshot.sequence,
            timestamp=rfc3339(snapshot.timestamp or wall_ms),
            subscriptions=[str(name) for name in names],
            data=snapshot.data,
        )
        return encode(message, format)

    def _encode_diff(self, format: Format, selection: Selection, since: int) -> Frame | None:
        diff = self.board.diff(since, selection)
        if diff is None:
            return None
        self.encodings += 1
        message = DiffUpdate(
            epoch=diff.epoch,
            since=diff.since,
            sequence=diff.sequence,
            timestamp=rfc3339(diff.timestamp),
            changes=diff.changes,
        )
        return encode(message, format)
