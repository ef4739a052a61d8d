"""The frames of a board: each diff is made and encoded once, whoever asks for it.

Clients with the same format, subscriptions and cursor get the same bytes. A tick of ten thousand such clients asks ten
thousand times here, and one diff and one encoding is done. Clients at the same cursor with different subscriptions share
the encoded pieces of their diffs; see ``fragments.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.wire.changes import Changes
from bigboard.wire.codec import Format, Frame, encode
from bigboard.wire.fragments import Fragments
from bigboard.wire.messages import DiffUpdate, Heartbeat, StateUpdate, rfc3339

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from bigboard.board import Board, Cursor, Selection, Subscription

__all__ = ["Frames"]

_JSON = Format.JSON
_NOT_MADE = Frame(b"", Format.JSON)
_MOST_CACHED = 4_096
_MOST_STATES = 32
"""A state may be megabytes, so few are kept; clients that all need one at once mostly need the same."""
_MOST_SHARED = 64
"""Cursors whose changes are kept in pieces: the phases of some intervals. More come only from clients that resume."""


class Frames:
    """Encoded messages about one board, cached until its next commit."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._diffs: dict[tuple[bool, int, Selection], Frame | None] = {}
        self._states: dict[tuple[Format, Selection, tuple[Subscription, ...]], Frame] = {}
        self._heartbeats: dict[tuple[Format, Cursor], Frame] = {}
        self._heartbeats_at = 0
        self._asked: set[int] = set()
        """The cursors from which a diff was asked for once, or more often."""
        self._changes: dict[int, Changes] = {}
        self._in_json: dict[int, Fragments] = {}
        self._in_msgpack: dict[int, Fragments] = {}
        self._encodings = 0
        self._earlier_fragments = 0
        self._cached_at = board.cursor
        self._stamp = rfc3339(board.timestamp)
        """The moment of the commit at which it was cached, as messages tell it."""

    @property
    def encodings(self) -> int:
        """How many diffs and states were encoded, ever."""
        return self._encodings + sum(fragments.encodings for fragments in self._all_fragments())

    @property
    def fragments(self) -> int:
        """How many pieces of diffs were encoded to be shared, ever."""
        return self._earlier_fragments + sum(map(len, self._all_fragments()))

    def diff(self, format: Format, selection: Selection, since: int) -> Frame | None:
        """The ``diff_update`` from ``since`` to now; ``None`` if nothing selected has changed.

        Raises ``CursorUnavailable`` if the board cannot diff from there.
        """
        if self._cached_at is not self.board.cursor:
            self._forget_the_past()
        # Not by the format itself: to hash a member of an enumeration costs as much as all the rest of this.
        cut = self._in_json if format is _JSON else self._in_msgpack
        fragments = cut.get(since)
        if fragments is None:
            key = (format is _JSON, since, selection)
            frame = self._diffs.get(key, _NOT_MADE)
            if frame is not _NOT_MADE:
                return frame
            if not self._worth_cutting(since):
                if len(self._diffs) >= _MOST_CACHED:
                    self._diffs.clear()
                frame = self._diffs[key] = self._encode_diff(format, selection, since)
                return frame
            fragments = cut[since] = Fragments(self._changes_since(since), format, self._stamp)
        return fragments.diff(selection)

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
        # The selection too: `*` names what is covered, and selects what each client may see.
        key = (format, selection, tuple(names))
        frame = self._states.get(key)
        if frame is None:
            frame = self._encode_state(format, selection, key[2], wall_ms)
            # Before the first commit there is no moment of a commit to tell, and the moment of sending is not shared.
            if self.board.timestamp and len(self._states) < _MOST_STATES:
                self._states[key] = frame
        return frame

    def heartbeat(self, format: Format, cursor: Cursor, wall_ms: int) -> Frame:
        """The ``heartbeat`` that leaves a client at ``cursor``."""
        if wall_ms != self._heartbeats_at or len(self._heartbeats) > _MOST_CACHED:
            self._heartbeats.clear()
            self._heartbeats_at = wall_ms
        frame = self._heartbeats.get((format, cursor))
        if frame is None:
            message = Heartbeat(epoch=cursor.epoch, sequence=cursor.sequence, timestamp=rfc3339(wall_ms))
            frame = self._heartbeats[format, cursor] = encode(message, format)
        return frame

    def touched(self, since: Cursor) -> Mapping[str, Collection[str]] | None:
        """The keys that changed after a cursor, by topic; ``None`` if the board cannot tell."""
        if not self.board.reaches(since):
            return None
        return self.board.changed(since.sequence)

    def _forget_the_past(self) -> None:
        if self._cached_at != self.board.cursor:
            self._encodings, self._earlier_fragments = self.encodings, self.fragments
            for made in (self._diffs, self._states, self._asked, self._changes, self._in_json, self._in_msgpack):
                made.clear()
            self._cached_at = self.board.cursor
            self._stamp = rfc3339(self.board.timestamp)

    def _all_fragments(self) -> Iterator[Fragments]:
        yield from self._in_json.values()
        yield from self._in_msgpack.values()

    def _encode_state(self, format: Format, selection: Selection, names: Iterable[Subscription], wall_ms: int) -> Frame:
        snapshot = self.board.snapshot(selection)
        self._encodings += 1
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
        self._encodings += 1
        board = self.board
        message = DiffUpdate(
            epoch=board.epoch, since=since, sequence=board.sequence, timestamp=self._stamp, changes=diff.changes
        )
        return encode(message, format)

    def _worth_cutting(self, since: int) -> bool:
        """Whether to cut what changed after a cursor into pieces.

        The first question from a cursor may be the only one. It is answered alone, because to cut all that changed into
        pieces costs more, the more so the longer a client was away.
        """
        if since in self._asked:
            return True
        if len(self._asked) < _MOST_SHARED:
            self._asked.add(since)
        return False

    def _changes_since(self, since: int) -> Changes:
        """What changed after a cursor, diffed once for both formats."""
        changes = self._changes.get(since)
        if changes is None:
            changes = self._changes[since] = Changes(self.board, since)
        return changes
