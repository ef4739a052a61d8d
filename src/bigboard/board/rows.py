"""The merge kind *rows*: a list of records with an id. Orders and alerts."""

from __future__ import annotations

from collections import OrderedDict
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from bigboard.board.node import FieldRules, Node
from bigboard.board.removal import Graves, is_removal
from bigboard.board.rules import Invalid, Kind, Rule
from bigboard.board.table import TableKeys

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from bigboard.board.limits import Limits
    from bigboard.board.plan import Plan
    from bigboard.board.topics import Topic

__all__ = ["RowsTable"]


class _Row(Node):
    """A record: its fields, when it appeared, and where it stands."""

    __slots__ = ("created", "id", "position")

    def __init__(self, id: str, position: int, sequence: int) -> None:
        super().__init__(sequence)
        self.id = id
        self.position = position
        self.created = sequence


_by_position = attrgetter("position")


class RowsTable:
    """State: records in order of first appearance. A change: partial records by id, and removals.

    A row that was removed and came back is another row: it stands at the end, and a client that held the old one is told
    of the removal first.
    """

    def __init__(self, topic: Topic, limits: Limits) -> None:
        self.sequence = 0
        self.horizon = 0
        self._limits = limits
        self._id_field = topic.id_field
        self._closed_statuses = topic.closed_statuses
        rules = {**topic.rules, topic.id_field: Rule(Kind.IDENTIFIER)}
        self._rules = FieldRules(rules, limits)
        self._keys = TableKeys(topic, limits)
        self._rows: OrderedDict[str, _Row] = OrderedDict()
        """The rows that are there, the one that changed last at the end."""
        self._standing: dict[str, _Row] = {}
        """The same rows in order of appearance."""
        self._closed: dict[str, None] = {}
        """Rows that are over, in the order in which they ended: retention takes from here first."""
        self._graves = Graves(limits.max_tombstones)
        self._position = 0

    def __len__(self) -> int:
        return len(self._rows)

    def check(self, key: str, data: Any, plan: Plan) -> None:
        key = self._admit(key)
        if is_removal(data):
            plan.remove(key)
            return
        row = None if plan.removes(key) else self._rows.get(key)
        self._check(key, data, row)
        named = plan.name(key, data)
        if named is not None:
            self._check(key, named, row)

    def apply(self, key: str, data: Any, sequence: int) -> bool:
        key = self._admit(key)
        if is_removal(data):
            return self._remove(key, sequence)
        row = self._rows.get(key)
        changed, plain = self._check(key, data, row)
        if row is None:
            if not changed or self._falls_at_once(changed):
                return False
            row = self._append(key, sequence)
        elif not changed:
            return False
        self._put(row, changed, sequence, plain=plain)
        self._retain(sequence)
        return True

    def merge(self, changes: Iterable[dict[str, Any]], sequence: int) -> None:
        for record in changes:
            key = record[self._id_field]
            if is_removal(record):
                self._bury(key, sequence)
                continue
            row = self._rows.get(key)
            if row is None:
                row = self._append(key, sequence)
                fields = record
            else:
                fields = {name: value for name, value in record.items() if name != self._id_field}
            self._put(row, fields, sequence, plain=False)
        self.sequence = sequence

    def load(self, data: Iterable[dict[str, Any]], sequence: int) -> None:
        for held in (self._rows, self._standing, self._closed, self._graves):
            held.clear()
        for record in data:
            row = self._append(record[self._id_field], sequence)
            self._put(row, record, sequence, plain=False)
        self.sequence = self.horizon = sequence

    def data(self, keys: Collection[str] | None) -> list[dict[str, Any]]:
        if keys is None:
            return [row.data() for row in self._standing.values()]
        rows = (row for key in keys if (row := self._rows.get(key)) is not None)
        return [row.data() for row in sorted(rows, key=_by_position)]

    def diff(self, since: int, keys: Collection[str] | None) -> list[dict[str, Any]]:
        if self.sequence <= since:
            return []
        removed = self._removed(since, keys)
        records: list[dict[str, Any]] = [{self._id_field: key, "deleted": True} for key in removed]
        new: list[_Row] = []
        for row in self._changed(since, keys):
            if row.created > since:
                new.append(row)
            else:
                records.append({self._id_field: row.id, **row.diff(since)})
        new.sort(key=_by_position)
        records.extend(row.data() for row in new)
        return records

    def changed(self, since: int) -> list[str]:
        """See ``Table``."""
        if self.sequence <= since:
            return []
        return [*self._removed(since, None), *(row.id for row in self._changed(since, None))]

    def _changed(self, since: int, keys: Collection[str] | None) -> Iterable[_Row]:
        if keys is not None:
            return [row for key in keys if (row := self._rows.get(key)) is not None and row.sequence > since]
        changed = []
        for row in reversed(self._rows.values()):
            if row.sequence <= since:
                break
            changed.append(row)
        return changed

    def _removed(self, since: int, keys: Collection[str] | None) -> list[str]:
        if keys is not None:
            return [key for key in keys if self._graves.mark(key) > since]
        removed = []
        for key, mark in self._graves.newest_first():
            if mark <= since:
                break
            removed.append(key)
        return removed

    def _admit(self, key: str) -> str:
        key = self._keys.spell(key)
        self._keys.admit(key, 0, exists=True)
        return key

    def _check(self, key: str, data: Any, row: _Row | None) -> tuple[dict[str, Any], bool]:
        changed, plain = self._rules.check(data, row)
        if row is None and changed and self._id_field not in changed:
            changed = {self._id_field: key, **changed}
            self._rules.check_room(changed, None)
        if self._id_field in data:
            given = data[self._id_field]
            if given is None or str(given) != key:
                raise Invalid(
                    "bad_key", f"{self._id_field} is {given!r}, but the key is {key!r}: they must be the same"
                )
        return changed, plain

    def _append(self, key: str, sequence: int) -> _Row:
        self._position += 1
        row = self._rows[key] = self._standing[key] = _Row(key, self._position, sequence)
        return row

    def _put(self, row: _Row, changed: dict[str, Any], sequence: int, *, plain: bool) -> None:
        row.put(changed, sequence, plain=plain)
        if not plain and len(row.marks) > 2 * self._limits.max_fields:
            self.horizon = max(self.horizon, row.forget(self._limits.max_fields, sequence))
        if "status" in changed:
            if changed["status"] in self._closed_statuses:
                self._closed.setdefault(row.id)
            else:
                self._closed.pop(row.id, None)
        self.sequence = sequence
        self._rows.move_to_end(row.id)

    def _remove(self, key: str, sequence: int) -> bool:
        if key not in self._rows:
            return False
        self._bury(key, sequence)
        self.sequence = sequence
        return True

    def _bury(self, key: str, sequence: int) -> None:
        self._rows.pop(key, None)
        self._standing.pop(key, None)
        self._closed.pop(key, None)
        for _, mark in self._graves.dig(key, sequence):
            self.horizon = max(self.horizon, mark)

    def _falls_at_once(self, record: dict[str, Any]) -> bool:
        """Whether retention would drop this new row first: it is over, there is no room, and all others are open.

        To take it in and drop it would be a commit that changes nothing, each time that a source sends it.
        """
        over = record.get("status") in self._closed_statuses
        return over and not self._closed and len(self._rows) >= self._limits.max_rows

    def _retain(self, sequence: int) -> None:
        while len(self._rows) > self._limits.max_rows:
            # An open order must not vanish because there are many: those that are over go first.
            self._bury(next(iter(self._closed), None) or next(iter(self._standing)), sequence)
