"""A map of fields that remembers when each one last changed: the leaf holder of every merge kind but the tape.

A node's state is a JSON object. Its changes since any cursor are an RFC 7396 merge patch, exact also when a field or a
whole object was removed and came back: what did not come back is ``None`` in the patch. To know that, a node keeps the
mark (the sequence of the last change) of removed fields too, as tombstones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board.rules import EXTRA, MAX_FLOAT, MAX_INTEGER, Invalid, Kind, Rule, check_name, check_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bigboard.board.limits import Limits

__all__ = ["FieldRules", "Node"]


class FieldRules:
    """The rules of a topic's fields, sorted so that the hot path asks one set per number."""

    __slots__ = ("limits", "rules", "signed", "unsigned")

    def __init__(self, rules: Mapping[str, Rule], limits: Limits) -> None:
        self.rules = rules
        self.limits = limits
        self.signed = frozenset(name for name, rule in rules.items() if rule.kind is Kind.SIGNED)
        self.unsigned = frozenset(name for name, rule in rules.items() if rule.kind is Kind.UNSIGNED)

    def check(self, patch: object, held: Node | None) -> tuple[dict[str, Any], bool]:
        """The fields of ``patch`` that would change ``held``, checked and as they are stored; raises ``Invalid``.

        The second value says whether all of them are plain values: no removal, no object.

        This is the hottest loop of the aggregator. A finite number of the right sign is let through by two comparisons;
        everything else takes the long way through ``_check_other``.
        """
        if type(patch) is not dict:
            raise Invalid("wrong_type", f"the data must be an object, not {type(patch).__name__}")
        unsigned, signed = self.unsigned, self.signed
        values = held.values if held is not None else {}
        changed: dict[str, Any] = {}
        plain = True
        for name, value in patch.items():
            kind = type(value)
            if kind is float:
                if name in unsigned:
                    if 0.0 <= value <= MAX_FLOAT:
                        if values.get(name) != value:
                            changed[name] = value
                        continue
                elif name in signed and -MAX_FLOAT <= value <= MAX_FLOAT:
                    if values.get(name) != value:
                        changed[name] = value
                    continue
            elif kind is int and 0 <= value <= MAX_INTEGER and (name in unsigned or name in signed):
                if values.get(name) != value:
                    changed[name] = value
                continue
            if not self._check_other(name, value, held, changed):
                plain = False
        # Marks are at least as many as fields, objects among them: few enough of them, and there is nothing to count.
        if len(changed) + (len(held.marks) if held is not None else 0) > self.limits.max_fields:
            self.check_room(changed, held)
        return changed, plain

    def _check_other(self, name: str, value: object, held: Node | None, changed: dict[str, Any]) -> bool:
        """Check any value and add it to ``changed`` if it is one; whether it is a plain value."""
        check_name(name, self.limits)
        if name == "deleted":
            raise Invalid("bad_value", "deleted can only be true, and then it removes the whole record")
        if value is None:
            if held is not None and held.has(name):
                changed[name] = None
            return False
        rule = self.rules.get(name, EXTRA)
        if rule.kind is Kind.OBJECT:
            child = held.child(name) if held is not None else None
            inner = self._check_object(name, value, child, depth=1)
            if inner or child is None:
                changed[name] = inner
            return False
        stored = check_value(name, value, rule, self.limits)
        if held is None or not _same(held.values.get(name), stored):
            changed[name] = stored
        return True

    def _check_object(self, name: str, value: object, held: Node | None, depth: int) -> dict[str, Any]:
        if type(value) is not dict:
            raise Invalid("wrong_type", f"{name} must be an object, not {type(value).__name__}")
        if depth > self.limits.max_depth:
            raise Invalid("too_deep", f"{name} is nested more than {self.limits.max_depth} deep")
        changed: dict[str, Any] = {}
        for inner, item in value.items():
            check_name(inner, self.limits)
            if item is None:
                if held is not None and held.has(inner):
                    changed[inner] = None
            elif type(item) is dict:
                child = held.child(inner) if held is not None else None
                patch = self._check_object(inner, item, child, depth + 1)
                if patch or child is None:
                    changed[inner] = patch
            else:
                stored = check_value(inner, item, EXTRA, self.limits)
                if held is None or not _same(held.values.get(inner), stored):
                    changed[inner] = stored
        self.check_room(changed, held)
        return changed

    def check_room(self, changed: dict[str, Any], held: Node | None) -> None:
        """Raise ``Invalid`` if these changes make an object grow past its bound; one that does not grow always passes."""
        growth = 0
        for name, value in changed.items():
            if value is None:
                growth -= 1
            elif held is None or not held.has(name):
                growth += 1
        if growth > 0 and growth + (len(held) if held is not None else 0) > self.limits.max_fields:
            raise Invalid("too_many_fields", f"an object has at most {self.limits.max_fields} fields")


class Node:
    """A map of fields with marks. ``sequence`` is the greatest mark in it."""

    __slots__ = ("children", "exists", "marks", "sequence", "values")

    def __init__(self, sequence: int) -> None:
        self.values: dict[str, Any] = {}
        """Scalars and arrays, by name."""
        self.children: dict[str, Node] | None = None
        """Objects, by name; one with ``exists`` false is the tombstone of an object."""
        self.marks: dict[str, int] = {}
        """The sequence of each field's last change, tombstones too."""
        self.exists = True
        self.sequence = sequence

    def __len__(self) -> int:
        children = sum(child.exists for child in self.children.values()) if self.children else 0
        return len(self.values) + children

    def has(self, name: str) -> bool:
        """Whether the field is there now."""
        return name in self.values or self.child(name) is not None

    def child(self, name: str) -> Node | None:
        """The object that the field holds now, if it holds one."""
        child = self.children.get(name) if self.children is not None else None
        return child if child is not None and child.exists else None

    def put(self, changed: dict[str, Any], sequence: int, *, plain: bool = False) -> None:
        """Take over fields that were checked: values replace, ``None`` removes, objects merge."""
        self.sequence = sequence
        self.marks.update(dict.fromkeys(changed, sequence))
        if plain and self.children is None:
            self.values.update(changed)
            return
        for name, value in changed.items():
            if value is None:
                self._remove(name, sequence)
            elif type(value) is dict:
                self._put_object(name, value, sequence)
            else:
                self._remove(name, sequence)
                self.values[name] = value

    def _put_object(self, name: str, patch: dict[str, Any], sequence: int) -> None:
        self.values.pop(name, None)
        if self.children is None:
            self.children = {}
        child = self.children.get(name)
        if child is None:
            child = self.children[name] = Node(sequence)
        child.exists = True
        child.put(patch, sequence)

    def _remove(self, name: str, sequence: int) -> None:
        self.values.pop(name, None)
        child = self.child(name)
        if child is not None:
            child.clear(sequence)

    def clear(self, sequence: int) -> None:
        """Remove the object: all its fields become tombstones, in case it comes back."""
        for name in self.values:
            self.marks[name] = sequence
        self.values.clear()
        for name, child in (self.children or {}).items():
            if child.exists:
                child.clear(sequence)
                self.marks[name] = sequence
        self.exists = False
        self.sequence = sequence

    def data(self) -> dict[str, Any]:
        """The state as a fresh object, as it goes on the wire."""
        state = self.values.copy()
        if self.children:
            for name, child in self.children.items():
                if child.exists:
                    state[name] = child.data()
        return state

    def diff(self, since: int) -> dict[str, Any]:
        """The merge patch that brings a state at ``since`` up to now."""
        values = self.values
        if not self.children:
            # The comprehension is the hot path: a group's tick and every commit take it for each object that changed.
            return {name: values.get(name) for name, mark in self.marks.items() if mark > since}
        patch: dict[str, Any] = {}
        for name, mark in self.marks.items():
            if mark > since:
                child = self.child(name)
                patch[name] = values.get(name) if child is None else child.diff(since)
        return patch

    def forget(self, keep: int, before: int) -> int:
        """Drop the oldest tombstones down to ``keep`` at each depth; the greatest mark that was dropped, else 0.

        Marks from ``before`` on, the commit under way, stay: its own diff has yet to tell of them.
        """
        dropped = 0
        for child in (self.children or {}).values():
            dropped = max(dropped, child.forget(keep, before))
        surplus = len(self.marks) - len(self) - keep
        if surplus > 0:
            graves = sorted((mark, name) for name, mark in self.marks.items() if mark < before and not self.has(name))
            for mark, name in graves[:surplus]:
                del self.marks[name]
                if self.children is not None:
                    self.children.pop(name, None)
                dropped = max(dropped, mark)
        return dropped


def _same(held: object, offered: object) -> bool:
    """Equal, and equal for a reader of JSON too: to Python ``1 == True``, on the wire they differ."""
    if held == offered:
        if isinstance(held, list) and isinstance(offered, list):
            return all(map(_same, held, offered))
        return (type(held) is bool) == (type(offered) is bool)
    return False
