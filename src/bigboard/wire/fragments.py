"""What changed since one cursor, in pieces that are encoded once, whoever puts which of them together.

Ten thousand clients with ten thousand watch lists want ten thousand different messages, but these are made of a few hundred
pieces: the change of one key since the cursor at which they all stand. msgspec copies an encoded piece into a message as it
is, in JSON and MessagePack alike, so a message costs a copy of its pieces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from bigboard.board import MergeKind, Selection, Subscription
from bigboard.wire.codec import Format

if TYPE_CHECKING:
    from collections.abc import Collection

    from bigboard.board import Board

__all__ = ["Fragments"]

_ENCODERS: dict[Format, msgspec.json.Encoder | msgspec.msgpack.Encoder] = {
    Format.JSON: msgspec.json.Encoder(),
    Format.MSGPACK: msgspec.msgpack.Encoder(),
}


class _Encoded(dict[Any, msgspec.Raw]):
    """Pieces by name, each encoded when it is first asked for; afterwards it costs no call."""

    def __init__(self, parts: Any, encoder: msgspec.json.Encoder | msgspec.msgpack.Encoder) -> None:
        super().__init__()
        self._parts = parts
        self._encoder = encoder

    def __missing__(self, name: Any) -> msgspec.Raw:
        piece = self[name] = msgspec.Raw(self._encoder.encode(self._parts[name]))
        return piece


class _Pieces:
    """The changes of one topic in one format; ``parts`` are what can be asked for one by one."""

    __slots__ = ("_encoded", "_encoder", "_index", "_parts", "_whole")

    def __init__(self, changes: Any, id_field: str | None, format: Format) -> None:
        self._encoder = _ENCODERS[format]
        self._whole: msgspec.Raw | None = None
        self._encoded = _Encoded(changes, self._encoder)
        self._parts: Any = changes
        self._index: dict[str, list[int]] | None = None
        if id_field is not None:
            # A row that was removed and came back stands in the list twice.
            self._index = {}
            for position, record in enumerate(changes):
                self._index.setdefault(record[id_field], []).append(position)

    def __len__(self) -> int:
        return len(self._encoded) + (self._whole is not None)

    def whole(self) -> msgspec.Raw:
        """All changes."""
        if self._whole is None:
            self._whole = msgspec.Raw(self._encoder.encode(self._parts))
        return self._whole

    def some(self, keys: Collection[str]) -> dict[str, msgspec.Raw] | list[msgspec.Raw]:
        """The changes of these keys; rows in the order in which they stand among all."""
        if self._index is not None:
            index = self._index
            return [self._encoded[at] for at in sorted(at for key in keys for at in index.get(key, ()))]
        parts, encoded = self._parts, self._encoded
        if len(keys) > len(parts):
            return {key: encoded[key] for key in parts if key in keys}
        return {key: encoded[key] for key in keys if key in parts}


class Fragments:
    """The changes after ``since`` up to the board's present; void after its next commit."""

    def __init__(self, board: Board, since: int) -> None:
        self._board = board
        self._since = since
        self._changes: dict[str, Any] = {}
        self._pieces: dict[tuple[str, Format], _Pieces] = {}

    def __len__(self) -> int:
        """How many pieces were encoded."""
        return sum(map(len, self._pieces.values()))

    def changes(self, selection: Selection, format: Format) -> dict[str, Any]:
        """``diff_update.changes`` of a selection, of encoded pieces; empty if nothing selected has changed.

        Raises ``CursorUnavailable`` if the board cannot diff from there.
        """
        changes: dict[str, Any] = {}
        for topic, keys in selection.topics.items():
            if not self._of(topic):
                continue
            pieces = self._pieces.get((topic, format))
            if pieces is None:
                pieces = self._pieces[topic, format] = self._cut(topic, format)
            found = pieces.whole() if keys is None else pieces.some(keys)
            if found:
                changes[topic] = found
        return changes

    def _of(self, topic: str) -> Any:
        try:
            return self._changes[topic]
        except KeyError:
            # Topic by topic: one that nobody asks for may be behind its horizon, or large.
            diff = self._board.diff(self._since, Selection((Subscription(topic),), self._board.topics))
            changes = self._changes[topic] = diff.changes[topic] if diff is not None else None
            return changes

    def _cut(self, topic: str, format: Format) -> _Pieces:
        described = self._board.topics[topic]
        id_field = described.id_field if described.kind is MergeKind.ROWS else None
        return _Pieces(self._changes[topic], id_field, format)
