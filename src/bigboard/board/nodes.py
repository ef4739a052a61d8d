"""What fields and ladder have in common: a table of nodes by key, in the order of their last change."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bigboard.board.node import FieldRules, Node
from bigboard.board.removal import Graves, is_removal
from bigboard.board.table import TableKeys

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from bigboard.board.limits import Limits
    from bigboard.board.plan import Plan
    from bigboard.board.topics import Topic

__all__ = ["NodesTable"]

N = TypeVar("N", bound=Node)


class NodesTable(Generic[N]):
    """State: ``{key: object}``. A removed key stays as the tombstone of its node, until its grave is forgotten.

    A subclass says how an update is read (``_read``), how a patch is taken (``_take``) and how a node is kept within its
    bounds (``_bound``).
    """

    def __init__(self, topic: Topic, limits: Limits, make: Callable[[int], N]) -> None:
        self.sequence = 0
        self.horizon = 0
        self._limits = limits
        self._make = make
        self._rules = FieldRules(topic.rules, limits)
        self._keys = TableKeys(topic, limits)
        self._nodes: OrderedDict[str, N] = OrderedDict()
        """Every key, the one that changed last at the end; removed ones too."""
        self._graves = Graves(limits.max_tombstones)

    def __len__(self) -> int:
        return len(self._nodes) - len(self._graves)

    def __contains__(self, key: str) -> bool:
        node = self._nodes.get(key)
        return node is not None and node.exists

    def check(self, key: str, data: Any, plan: Plan) -> None:
        """See ``Table``."""
        key = self._keys.spell(key)
        there = plan.has(key, held=key in self)
        if is_removal(data):
            if there:
                plan.remove(key)
            return
        if not there:
            self._keys.admit(key, len(self) + plan.growth)
        held = None if plan.removes(key) else self._nodes.get(key)
        fields, creates = self._read(data)
        changed, _ = self._rules.check(fields, held)
        if not there and (changed or creates):
            plan.add(key)
        named = plan.name(key, fields)
        if named is not None:
            self._rules.check(named, held)

    def merge(self, changes: Mapping[str, dict[str, Any] | None], sequence: int) -> None:
        """See ``Table``."""
        for key, patch in changes.items():
            node = self._nodes.get(key)
            if node is None:
                node = self._make(sequence)
            if patch is None:
                self._bury(key, node, sequence)
            else:
                self._keep(key, node, self._take(node, patch, sequence), sequence, plain=False)
        self.sequence = sequence

    def load(self, data: Mapping[str, dict[str, Any]], sequence: int) -> None:
        """See ``Table``."""
        self._nodes.clear()
        self._graves.clear()
        self.merge(data, sequence)
        self.horizon = sequence

    def data(self, keys: Collection[str] | None) -> dict[str, dict[str, Any]]:
        """See ``Table``."""
        nodes = self._nodes
        if keys is None:
            return {key: node.data() for key, node in nodes.items() if node.exists}
        return {key: node.data() for key in keys if (node := nodes.get(key)) is not None and node.exists}

    def diff(self, since: int, keys: Collection[str] | None) -> dict[str, dict[str, Any] | None]:
        """See ``Table``."""
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

    def changed(self, since: int) -> list[str]:
        """See ``Table``."""
        keys: list[str] = []
        if self.sequence > since:
            for key, node in reversed(self._nodes.items()):
                if node.sequence <= since:
                    break
                keys.append(key)
        return keys

    def _read(self, data: Any) -> tuple[Any, bool]:
        """The fields of an update, and whether it creates its key even if none of them is new. Raises ``Invalid``."""
        return data, False

    def _take(self, node: N, patch: dict[str, Any], sequence: int) -> dict[str, Any]:  # noqa: ARG002 - for ladders
        """Merge what is no field out of a patch; the fields that are left."""
        return patch

    def _bound(self, node: N) -> None:
        """Forget tombstones of a node past its bounds, and move the horizon for them."""
        if len(node.marks) > 2 * self._limits.max_fields or node.children is not None:
            self.horizon = max(self.horizon, node.forget(self._limits.max_fields, node.sequence))

    def _keep(self, key: str, node: N, changed: dict[str, Any], sequence: int, *, plain: bool) -> None:
        """Put fields into a node that may be new or come back, and let it stand last."""
        if not node.exists:
            node.exists = True
            self._graves.exhume(key)
        node.put(changed, sequence, plain=plain)
        self._nodes[key] = node
        self._nodes.move_to_end(key)
        self.sequence = sequence
        self._bound(node)

    def _remove(self, key: str, node: N | None, sequence: int) -> bool:
        if node is None or not node.exists:
            return False
        self._bury(key, node, sequence)
        self.sequence = sequence
        return True

    def _bury(self, key: str, node: N, sequence: int) -> None:
        node.clear(sequence)
        self._nodes[key] = node
        self._nodes.move_to_end(key)
        for forgotten, mark in self._graves.dig(key, sequence):
            del self._nodes[forgotten]
            self.horizon = max(self.horizon, mark)
        self._bound(node)
