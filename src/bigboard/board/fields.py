"""The merge kind *fields*: a map of key to a map of fields. Prices, positions, accounts, strategies, services."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from bigboard.board.node import FieldRules, Node
from bigboard.board.removal import Graves, is_removal
from bigboard.board.table import TableKeys

if TYPE_CHECKING:
    from collections.abc import Collection

    from bigboard.board.limits import Limits
    from bigboard.board.plan import Plan
    from bigboard.board.topics import Topic

__all__ = ["FieldsTable"]


class FieldsTable:
    """State: ``{key: {field: value}}``. A change: an RFC 7396 merge patch of that."""

    def __init__(self, topic: Topic, limits: Limits) -> None:
        self.sequence = 0
        self.horizon = 0
        self._limits = limits
        self._rules = FieldRules(topic.rules, limits)
        self._keys = TableKeys(topic, limits)
        self._nodes: OrderedDict[str, Node] = OrderedDict()
        """Every key, the one that changed last at the end; removed ones stay as tombstones."""
        self._graves = Graves(limits.max_tombstones)

    def __len__(self) -> int:
        return len(self._nodes) - len(self._graves)

    def check(self, key: str, data: Any, plan: Plan) -> None:
        key, node = self._find(key)
        there = plan.has(key, held=node is not None and node.exists)
        if is_removal(data):
            if there:
                plan.remove(key)
            return
        if not there:
            self._keys.admit(key, len(self) + plan.growth)
        held = None if plan.removes(key) else node
        changed, _ = self._rules.check(data, held)
        if changed and not there:
            plan.add(key)
        named = plan.name(key, data)
        if named is not None:
            self._rules.check(named, held)

    def apply(self, key: str, data: Any, sequence: int) -> bool:
        node = self._nodes.get(key)
        if node is None:
            key, node = self._find(key)
        if type(data) is dict and data.get("deleted") is True:
            return self._remove(key, node, sequence)
        if node is None or not node.exists:
            return self._create(key, data, node, sequence)
        changed, plain = self._rules.check(data, node)
        if not changed:
            return False
        node.put(changed, sequence, plain=plain)
        if not plain:
            self._bound(node)
        self.sequence = sequence
        self._nodes.move_to_end(key)
        return True

    def merge(self, changes: dict[str, dict[str, Any] | None], sequence: int) -> None:
        for key, patch in changes.items():
            node = self._nodes.get(key)
            if node is None:
                node = self._nodes[key] = Node(sequence)
            if patch is None:
                self._bury(key, node, sequence)
            else:
                self._revive(key, node)
                node.put(patch, sequence)
                self._bound(node)
                self._nodes.move_to_end(key)
        self.sequence = sequence

    def load(self, data: dict[str, dict[str, Any]], sequence: int) -> None:
        self._nodes.clear()
        self._graves.clear()
        for key, fields in data.items():
            node = self._nodes[key] = Node(sequence)
            node.put(fields, sequence)
        self.sequence = self.horizon = sequence

    def data(self, keys: Collection[str] | None) -> dict[str, dict[str, Any]]:
        nodes = self._nodes
        if keys is None:
            return {key: node.data() for key, node in nodes.items() if node.exists}
        return {key: node.data() for key in keys if (node := nodes.get(key)) is not None and node.exists}

    def diff(self, since: int, keys: Collection[str] | None) -> dict[str, dict[str, Any] | None]:
        changes: dict[str, dict[str, Any] | None] = {}
        if self.sequence <= since:
            return changes
        nodes = self._nodes
        if keys is not None:
            for key in keys:
                node = nodes.get(key)
                if node is not None and node.sequence > since:
                    changes[key] = node.diff(since) if node.exists else None
            return changes
        for key, node in reversed(nodes.items()):
            if node.sequence <= since:
                break
            changes[key] = node.diff(since) if node.exists else None
        return changes

    def _find(self, key: str) -> tuple[str, Node | None]:
        """The key in the board's spelling, and what it holds."""
        spelled = self._keys.spell(key)
        return spelled, self._nodes.get(spelled)

    def _create(self, key: str, data: Any, grave: Node | None, sequence: int) -> bool:
        self._keys.admit(key, len(self))
        # The grave's fields are all tombstones: against them every field given is new, and one removed stays removed.
        changed, plain = self._rules.check(data, grave)
        if not changed:
            return False
        node = grave
        if node is None:
            node = self._nodes[key] = Node(sequence)
        self._revive(key, node)
        node.put(changed, sequence, plain=plain)
        self._bound(node)
        self.sequence = sequence
        self._nodes.move_to_end(key)
        return True

    def _revive(self, key: str, node: Node) -> None:
        if not node.exists:
            node.exists = True
            self._graves.exhume(key)

    def _remove(self, key: str, node: Node | None, sequence: int) -> bool:
        if node is None or not node.exists:
            return False
        self._bury(key, node, sequence)
        self.sequence = sequence
        return True

    def _bury(self, key: str, node: Node, sequence: int) -> None:
        self._nodes[key] = node
        self._nodes.move_to_end(key)
        node.clear(sequence)
        for forgotten, mark in self._graves.dig(key, sequence):
            del self._nodes[forgotten]
            self.horizon = max(self.horizon, mark)

    def _bound(self, node: Node) -> None:
        if len(node.marks) > 2 * self._limits.max_fields or node.children is not None:
            self.horizon = max(self.horizon, node.forget(self._limits.max_fields, node.sequence))
