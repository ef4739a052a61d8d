"""The state that a client holds: what the server's messages make of it (PROTOCOL section 4).

It is a plain object per topic and knows no schema beyond the merge kinds. The TypeScript client has the same class, and
both are checked against the same conversations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board.topics import TOPICS, MergeKind

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Replica", "merge_patch"]


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: ``patch`` applied to ``target``. Objects merge, ``None`` removes, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


class _Book:
    """A ladder: levels by price per side, other fields beside them."""

    __slots__ = ("asks", "bids", "fields")

    def __init__(self) -> None:
        self.bids: dict[float, float] = {}
        self.asks: dict[float, float] = {}
        self.fields: dict[str, Any] = {}

    def apply(self, patch: dict[str, Any]) -> None:
        for side, name in ((self.bids, "bids"), (self.asks, "asks")):
            for price, size in patch.get(name, ()):
                if not isinstance(price, int | float):
                    raise TypeError(f"a price must be a number, not {price!r:.40}")
                if size:
                    side[price] = size
                else:
                    side.pop(price, None)
        rest = {name: value for name, value in patch.items() if name not in ("bids", "asks")}
        self.fields = merge_patch(self.fields, rest)

    def data(self) -> dict[str, Any]:
        return {
            "bids": [[price, self.bids[price]] for price in sorted(self.bids, reverse=True)],
            "asks": [[price, self.asks[price]] for price in sorted(self.asks)],
            **self.fields,
        }


class Replica:
    """What a client holds of a board, in the shape that suits merging; ``data`` gives the shape of the wire."""

    def __init__(self, tape_length: int = 100) -> None:
        self.tape_length = tape_length
        self._topics: dict[str, dict[str, Any]] = {}

    def data(self) -> dict[str, Any]:
        """The state in the shape of ``state_update.data``; every topic that was ever named is there."""
        return {topic: self._topic_data(topic) for topic in self._topics}

    def topic(self, topic: str) -> Any:
        """The state of one topic in the same shape; empty if nothing is known."""
        return self._topic_data(topic)

    def limit_tapes(self, length: int) -> None:
        """Keep so many entries per tape from now on. A client that resumes may meet a server that keeps fewer."""
        self.tape_length = length
        for topic, held in self._topics.items():
            if TOPICS[topic].kind is MergeKind.TAPE:
                self._topics[topic] = {key: _last(entries, length) for key, entries in held.items()}

    def clear(self) -> None:
        """Hold nothing, as before the first message."""
        self._topics.clear()

    def drop(self, subscriptions: Iterable[str]) -> None:
        """Forget what is held under these subscriptions."""
        for subscription in subscriptions:
            if subscription == "*":
                self._topics.clear()
                continue
            topic, colon, key = subscription.partition(":")
            if topic not in TOPICS:
                continue  # A newer server may have topics that no one here knows; see apply_changes.
            held = self._topics.setdefault(topic, {})
            if colon:
                held.pop(key, None)
            else:
                held.clear()

    def apply_state(self, subscriptions: Iterable[str], data: dict[str, Any]) -> None:
        """Take a ``state_update``: drop what it covers, then take its data."""
        self.drop(subscriptions)
        self.apply_changes(data)

    def apply_changes(self, changes: dict[str, Any]) -> None:
        """Take the ``changes`` of a ``diff_update``; topics that no one here knows are left out."""
        for topic, change in changes.items():
            kind = TOPICS[topic].kind if topic in TOPICS else None
            held = self._topics.setdefault(topic, {}) if kind else {}
            match kind:
                case MergeKind.FIELDS:
                    _apply_fields(held, change)
                case MergeKind.ROWS:
                    _apply_rows(held, change, TOPICS[topic].id_field)
                case MergeKind.TAPE:
                    for key, entries in change.items():
                        held[key] = _last([*held.get(key, ()), *entries], self.tape_length)
                case MergeKind.LADDER:
                    _apply_books(held, change)

    def _topic_data(self, topic: str) -> Any:
        held = self._topics.get(topic, {})
        match TOPICS[topic].kind:
            case MergeKind.ROWS:
                return list(held.values())
            case MergeKind.LADDER:
                return {key: book.data() for key, book in held.items()}
            case _:
                return held


def _last(entries: list[Any], length: int) -> list[Any]:
    return entries[max(0, len(entries) - length) :]


def _apply_fields(held: dict[str, Any], changes: dict[str, Any]) -> None:
    # Key by key, where a merge patch of the whole topic would copy the map of all keys for each diff.
    for key, patch in changes.items():
        if patch is None:
            held.pop(key, None)
        else:
            held[key] = merge_patch(held.get(key), patch)


def _apply_rows(held: dict[str, Any], records: list[dict[str, Any]], id_field: str) -> None:
    for record in records:
        key = record[id_field]
        if record.get("deleted") is True:
            held.pop(key, None)
        else:
            held[key] = merge_patch(held.get(key), record)


def _apply_books(held: dict[str, Any], changes: dict[str, Any]) -> None:
    for key, patch in changes.items():
        if patch is None:
            held.pop(key, None)
        else:
            book = held.get(key)
            if book is None:
                book = held[key] = _Book()
            book.apply(patch)
