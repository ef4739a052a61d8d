"""What changed since one cursor, in pieces that are encoded once, whoever puts which of them together.

Ten thousand clients with ten thousand watch lists want ten thousand different messages, but these are made of a few hundred
pieces: the change of one key since the cursor at which they all stand. A message costs a look-up and a copy of its pieces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board import MergeKind, Selection, Subscription
from bigboard.wire.assembly import ASSEMBLIES
from bigboard.wire.messages import DiffUpdate

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bigboard.board import Board
    from bigboard.wire.assembly import Assembly
    from bigboard.wire.codec import Format

__all__ = ["Fragments"]


class _Keyed:
    """The changes of a topic of keys, encoded, with the topic's name before them."""

    def __init__(self, topic: str, changes: dict[str, Any], assembly: Assembly) -> None:
        self._assembly = assembly
        self._name = assembly.key(topic)
        self._entries = {key: assembly.key(key) + assembly.encode(change) for key, change in changes.items()}
        self._whole: bytes | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def whole(self) -> bytes:
        """All changes."""
        if self._whole is None:
            self._whole = self._name + self._assembly.map(list(self._entries.values()))
        return self._whole

    def some(self, keys: Collection[str]) -> bytes | None:
        """The changes of these keys; ``None`` if there are none."""
        entries = self._entries
        if len(keys) > len(entries):
            found = [entry for key, entry in entries.items() if key in keys]
        else:
            # Ten thousand times a tick, so no step of it is left to the interpreter.
            found = list(filter(None, map(entries.get, keys)))
        return self._name + self._assembly.map(found) if found else None


class _Rows:
    """The changes of a topic of rows, encoded, with the topic's name before them."""

    def __init__(self, topic: str, changes: Sequence[dict[str, Any]], id_field: str, assembly: Assembly) -> None:
        self._assembly = assembly
        self._name = assembly.key(topic)
        self._records = [assembly.encode(record) for record in changes]
        self._index: dict[str, list[int]] = {}
        for position, record in enumerate(changes):
            # A row that was removed and came back stands in the list twice.
            self._index.setdefault(record[id_field], []).append(position)

    def __len__(self) -> int:
        return len(self._records)

    def whole(self) -> bytes:
        """All changes."""
        return self._name + self._assembly.array(self._records)

    def some(self, keys: Collection[str]) -> bytes | None:
        """The changes of these rows, in the order in which they stand among all; ``None`` if there are none."""
        positions = sorted(at for key in keys for at in self._index.get(key, ()))
        return self._name + self._assembly.array([self._records[at] for at in positions]) if positions else None


class Fragments:
    """The changes after ``since`` up to the board's present; void after its next commit.

    ``stamp`` is the moment of that commit, as messages tell it.
    """

    def __init__(self, board: Board, since: int, stamp: str) -> None:
        self._board = board
        self._since = since
        self._stamp = stamp
        self._changes: dict[str, Any] = {}
        self._pieces: dict[Format, dict[str, _Keyed | _Rows | None]] = {}
        self._opened: dict[Format, bytes] = {}

    def __len__(self) -> int:
        """How many pieces were encoded."""
        return sum(len(piece) for pieces in self._pieces.values() for piece in pieces.values() if piece is not None)

    def diff(self, selection: Selection, format: Format) -> bytes | None:
        """The ``diff_update`` of a selection; ``None`` if nothing selected has changed.

        Raises ``CursorUnavailable`` if the board cannot diff from there.
        """
        pieces = self._pieces.get(format)
        if pieces is None:
            pieces = self._pieces[format] = {}
        found = []
        for topic, keys in selection.topics.items():
            piece = pieces[topic] if topic in pieces else self._cut(topic, format)
            if piece is not None:
                part = piece.whole() if keys is None else piece.some(keys)
                if part is not None:
                    found.append(part)
        return self._message(found, format) if found else None

    def _message(self, topics: list[bytes], format: Format) -> bytes:
        assembly = ASSEMBLIES[format]
        opened = self._opened.get(format)
        if opened is None:
            board = self._board
            empty = DiffUpdate(
                epoch=board.epoch, since=self._since, sequence=board.sequence, timestamp=self._stamp, changes={}
            )
            opened = self._opened[format] = assembly.opened(empty)
        return opened + assembly.map(topics) + assembly.end

    def _cut(self, topic: str, format: Format) -> _Keyed | _Rows | None:
        changes = self._of(topic)
        described = self._board.topics[topic]
        piece: _Keyed | _Rows | None = None
        if changes and described.kind is MergeKind.ROWS:
            piece = _Rows(topic, changes, described.id_field, ASSEMBLIES[format])
        elif changes:
            piece = _Keyed(topic, changes, ASSEMBLIES[format])
        self._pieces[format][topic] = piece
        return piece

    def _of(self, topic: str) -> Any:
        try:
            return self._changes[topic]
        except KeyError:
            # Topic by topic: one that nobody asks for may be behind its horizon, or large.
            diff = self._board.diff(self._since, Selection((Subscription(topic),), self._board.topics))
            changes = self._changes[topic] = diff.changes[topic] if diff is not None else None
            return changes
