"""What changed since one cursor, in pieces that are encoded once, whoever puts which of them together.

Ten thousand clients with ten thousand watch lists want ten thousand different messages, but these are made of a few hundred
pieces: the change of one key since the cursor at which they all stand. A message costs a look-up and a copy of its pieces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board import MergeKind
from bigboard.wire.assembly import ASSEMBLIES
from bigboard.wire.codec import Frame
from bigboard.wire.messages import DiffUpdate

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bigboard.board import Selection
    from bigboard.wire.assembly import Assembly
    from bigboard.wire.changes import Changes
    from bigboard.wire.codec import Format

__all__ = ["Fragments"]

_MOST_KEPT = 64
"""Frames that are kept for the next who asks. A large group asks for the same one in each of its phases; ten thousand watch
lists ask once each, and to keep what they got would only drive the pieces out of the processor's cache."""


class _Keyed:
    """The changes of a topic of keys, encoded, with the topic's name before them."""

    __slots__ = ("_entries", "_map", "_name", "_whole")

    def __init__(self, topic: str, changes: dict[str, Any], assembly: Assembly) -> None:
        self._map = assembly.map
        self._name = assembly.key(topic)
        self._entries = {key: assembly.key(key) + assembly.encode(change) for key, change in changes.items()}
        self._whole: bytes | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def whole(self) -> bytes:
        """All changes."""
        if self._whole is None:
            self._whole = self._name + self._map(list(self._entries.values()))
        return self._whole

    def some(self, keys: Sequence[str], among: Collection[str]) -> bytes | None:
        """The changes of these keys, given as a list and as a set; ``None`` if there are none."""
        entries = self._entries
        if len(keys) > len(entries):
            found = [entry for key, entry in entries.items() if key in among]
        else:
            # Ten thousand times a tick, so no step of it is left to the interpreter.
            found = list(filter(None, map(entries.get, keys)))
        return self._name + self._map(found) if found else None


class _Rows:
    """The changes of a topic of rows, encoded, with the topic's name before them."""

    __slots__ = ("_array", "_index", "_name", "_records")

    def __init__(self, topic: str, changes: Sequence[dict[str, Any]], id_field: str, assembly: Assembly) -> None:
        self._array = assembly.array
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
        return self._name + self._array(self._records)

    def some(self, keys: Sequence[str], among: Collection[str]) -> bytes | None:  # noqa: ARG002 - asked like keys
        """The changes of these rows, in the order in which they stand among all; ``None`` if there are none."""
        positions = sorted(at for key in keys for at in self._index.get(key, ()))
        return self._name + self._array([self._records[at] for at in positions]) if positions else None


class Fragments:
    """The encoded changes since a cursor, and the frames that are made of them; void after the board's next commit.

    ``stamp`` is the moment of that commit, as messages tell it.
    """

    __slots__ = ("_assembly", "_changes", "_format", "_frames", "_map", "_opened", "_pieces", "encodings")

    def __init__(self, changes: Changes, format: Format, stamp: str) -> None:
        self.encodings = 0
        """How many frames were put together."""
        self._changes = changes
        self._format = format
        self._assembly = assembly = ASSEMBLIES[format]
        self._map = assembly.map
        board = changes.board
        self._opened = assembly.opened(
            DiffUpdate(epoch=board.epoch, since=changes.since, sequence=board.sequence, timestamp=stamp, changes={})
        )
        self._pieces: dict[str, _Keyed | _Rows | None] = {}
        self._frames: dict[Selection, Frame | None] = {}

    def __len__(self) -> int:
        """How many pieces were encoded."""
        return sum(len(piece) for piece in self._pieces.values() if piece is not None)

    def diff(self, selection: Selection) -> Frame | None:
        """The ``diff_update`` of a selection; ``None`` if nothing selected has changed.

        Raises ``CursorUnavailable`` if the board cannot diff from there.
        """
        frames = self._frames
        if selection in frames:
            return frames[selection]
        pieces = self._pieces
        found = []
        for topic, keys, among in selection.parts:
            piece = pieces[topic] if topic in pieces else self._cut(topic)
            if piece is not None:
                part = piece.whole() if keys is None else piece.some(keys, among)
                if part is not None:
                    found.append(part)
        frame = None
        if found:
            self.encodings += 1
            frame = Frame(self._opened + self._map(found) + self._assembly.end, self._format)
        if len(frames) < _MOST_KEPT:
            frames[selection] = frame
        return frame

    def _cut(self, topic: str) -> _Keyed | _Rows | None:
        changes = self._changes.of(topic)
        described = self._changes.board.topics[topic]
        piece: _Keyed | _Rows | None = None
        if changes and described.kind is MergeKind.ROWS:
            piece = _Rows(topic, changes, described.id_field, self._assembly)
        elif changes:
            piece = _Keyed(topic, changes, self._assembly)
        self._pieces[topic] = piece
        return piece
