"""A client's replica, naive on purpose: the merge rules of PROTOCOL section 4 on plain dicts and lists.

It is written from the protocol's words and shares nothing with the board, not even the table of topics, so that a fault
in the board cannot be a fault here too. It checks nothing, versions nothing, and copies whatever it is given.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

__all__ = ["Replica", "exact"]

FIELDS = ("market_data", "candles", "positions", "account", "strategies", "risk", "metrics", "services")
ROWS = {"orders": "order_id", "alerts": "alert_id"}
TAPES = ("trades",)
LADDERS = ("orderbook",)


class Replica:
    """State by topic, as ``state_update`` and ``diff_update`` leave it."""

    def __init__(self, data: dict[str, Any], *, tape_length: int) -> None:
        self.state: dict[str, Any] = deepcopy(data)
        self.tape_length = tape_length

    def merge(self, changes: dict[str, Any]) -> None:
        """Apply the ``changes`` of one ``diff_update``."""
        for topic, change in deepcopy(changes).items():
            if topic in FIELDS:
                self.state[topic] = merge_patch(self.state[topic], change)
            elif topic in ROWS:
                self._merge_rows(self.state[topic], change, ROWS[topic])
            elif topic in TAPES:
                self._merge_tapes(self.state[topic], change)
            elif topic in LADDERS:
                self._merge_books(self.state[topic], change)
            else:
                raise KeyError(topic)

    def _merge_rows(self, rows: list[dict[str, Any]], records: list[dict[str, Any]], id_field: str) -> None:
        for record in records:
            at = next((index for index, row in enumerate(rows) if row[id_field] == record[id_field]), None)
            if record.get("deleted") is True:
                if at is not None:
                    del rows[at]
            elif at is None:
                rows.append(merge_patch({}, record))
            else:
                rows[at] = merge_patch(rows[at], record)

    def _merge_tapes(self, tapes: dict[str, list[Any]], change: dict[str, list[Any]]) -> None:
        for key, entries in change.items():
            tapes[key] = [*tapes.get(key, []), *entries][-self.tape_length :]

    def _merge_books(self, books: dict[str, dict[str, Any]], change: dict[str, dict[str, Any] | None]) -> None:
        for key, patch in change.items():
            if patch is None:
                books.pop(key, None)
                continue
            book = books.get(key, {"bids": [], "asks": []})
            sides = {
                name: _merge_levels(book[name], patch.pop(name, []), reverse=name == "bids")
                for name in ("bids", "asks")
            }
            books[key] = {**merge_patch(book, patch), **sides}


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, line by line."""
    if not isinstance(patch, dict):
        return patch
    if not isinstance(target, dict):
        target = {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merge_patch(target.get(name), value)
    return target


def _merge_levels(held: list[list[float]], changed: list[list[float]], *, reverse: bool) -> list[list[float]]:
    levels = {price: size for price, size in held}  # noqa: C416 - a level is a list, which dict() would take too
    for price, size in changed:
        if size == 0:
            levels.pop(price, None)
        else:
            levels[price] = size
    return [[price, levels[price]] for price in sorted(levels, reverse=reverse)]


def exact(value: Any) -> Any:
    """A form in which ``True`` and ``1`` differ, as they do for a reader of JSON, while ``1`` and ``1.0`` are one number."""
    if isinstance(value, dict):
        return {name: exact(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [exact(item) for item in value]
    return ("flag", value) if isinstance(value, bool) else value
