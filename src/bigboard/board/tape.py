"""The merge kind *tape*: a bounded list of entries per key. Trades."""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import islice
from typing import TYPE_CHECKING, Any

from bigboard.board.node import FieldRules
from bigboard.board.removal import is_removal
from bigboard.board.rules import Invalid
from bigboard.board.table import TableKeys

if TYPE_CHECKING:
    from collections.abc import Collection

    from bigboard.board.limits import Limits
    from bigboard.board.plan import Plan
    from bigboard.board.topics import Topic

__all__ = ["TapeTable"]


class _Tape:
    __slots__ = ("entries", "marks", "sequence")

    def __init__(self, length: int) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=length)
        self.marks: deque[int] = deque(maxlen=length)
        self.sequence = 0

    def extend(self, entries: list[dict[str, Any]], sequence: int) -> None:
        self.entries.extend(entries)
        self.marks.extend([sequence] * min(len(entries), self.marks.maxlen or 0))
        self.sequence = sequence

    def newer(self, since: int) -> list[dict[str, Any]]:
        count = 0
        for mark in reversed(self.marks):
            if mark <= since:
                break
            count += 1
        return list(islice(self.entries, len(self.entries) - count, None))


class TapeTable:
    """State: ``{key: [entry, …]}``, oldest first. A change: the entries that are new."""

    def __init__(self, topic: Topic, limits: Limits) -> None:
        self.sequence = 0
        self.horizon = 0
        self._limits = limits
        self._rules = FieldRules(topic.rules, limits)
        self._keys = TableKeys(topic, limits)
        self._tapes: OrderedDict[str, _Tape] = OrderedDict()

    def __len__(self) -> int:
        return len(self._tapes)

    def check(self, key: str, data: Any, plan: Plan) -> None:
        key = self._keys.spell(key)
        there = plan.has(key, held=key in self._tapes)
        self._keys.admit(key, len(self._tapes) + plan.growth, exists=there)
        if self._check(data) and not there:
            plan.add(key)

    def apply(self, key: str, data: Any, sequence: int) -> bool:
        tape = self._tapes.get(key)
        if tape is None:
            key = self._keys.spell(key)
            self._keys.admit(key, len(self._tapes), exists=key in self._tapes)
            tape = self._tapes.get(key)
        entries = self._check(data)
        if not entries:
            return False
        self._extend(key, tape, entries, sequence)
        return True

    def merge(self, changes: dict[str, list[dict[str, Any]]], sequence: int) -> None:
        for key, entries in changes.items():
            self._extend(key, self._tapes.get(key), entries, sequence)

    def load(self, data: dict[str, list[dict[str, Any]]], sequence: int) -> None:
        self._tapes.clear()
        for key, entries in data.items():
            self._extend(key, None, entries, sequence)
        self.sequence = self.horizon = sequence

    def data(self, keys: Collection[str] | None) -> dict[str, list[dict[str, Any]]]:
        tapes = self._tapes
        if keys is None:
            return {key: list(tape.entries) for key, tape in tapes.items()}
        return {key: list(tape.entries) for key in keys if (tape := tapes.get(key)) is not None}

    def diff(self, since: int, keys: Collection[str] | None) -> dict[str, list[dict[str, Any]]]:
        if self.sequence <= since:
            return {}
        tapes = self._tapes
        if keys is not None:
            return {key: tape.newer(since) for key in keys if (tape := tapes.get(key)) and tape.sequence > since}
        changes: dict[str, list[dict[str, Any]]] = {}
        for key, tape in reversed(tapes.items()):
            if tape.sequence <= since:
                break
            changes[key] = tape.newer(since)
        return changes

    def changed(self, since: int) -> list[str]:
        """See ``Table``."""
        keys: list[str] = []
        if self.sequence > since:
            for key, tape in reversed(self._tapes.items()):
                if tape.sequence <= since:
                    break
                keys.append(key)
        return keys

    def _check(self, data: Any) -> list[dict[str, Any]]:
        if is_removal(data):
            raise Invalid("bad_value", "a tape cannot be removed, only appended to")
        entries = data if type(data) is list else [data]
        most = self._limits.max_items * 10
        if len(entries) > most:
            raise Invalid("too_many_items", f"{len(entries)} entries in one update, at most {most} are taken")
        checked = []
        for entry in entries:
            stored, plain = self._rules.check(entry, None)
            if not plain or not stored:
                raise Invalid("bad_value", "an entry must be an object with at least one field and no null")
            checked.append(stored)
        return checked

    def _extend(self, key: str, tape: _Tape | None, entries: list[dict[str, Any]], sequence: int) -> None:
        if tape is None:
            tape = self._tapes[key] = _Tape(self._limits.tape_length)
        tape.extend(entries, sequence)
        self.sequence = sequence
        self._tapes.move_to_end(key)
