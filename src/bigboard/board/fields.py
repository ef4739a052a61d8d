"""The merge kind *fields*: a map of key to a map of fields. Prices, positions, accounts, strategies, services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board.node import Node
from bigboard.board.nodes import NodesTable
from bigboard.board.removal import is_removal

if TYPE_CHECKING:
    from bigboard.board.limits import Limits
    from bigboard.board.topics import Topic

__all__ = ["FieldsTable"]


class FieldsTable(NodesTable[Node]):
    """State: ``{key: {field: value}}``. A change: an RFC 7396 merge patch of that."""

    def __init__(self, topic: Topic, limits: Limits) -> None:
        super().__init__(topic, limits, Node)

    def apply(self, key: str, data: Any, sequence: int) -> bool:
        """See ``Table``."""
        node = self._nodes.get(key)
        if node is None:
            key = self._keys.spell(key)
            node = self._nodes.get(key)
        if is_removal(data):
            return self._remove(key, node, sequence)
        if node is None or not node.exists:
            return self._create(key, data, node, sequence)
        changed, plain = self._rules.check(data, node)
        if not changed:
            return False
        # The shortest way, without ``_keep``: this is where nearly all updates of a trading system end.
        node.put(changed, sequence, plain=plain)
        if not plain:
            self._bound(node)
        self.sequence = sequence
        self._nodes.move_to_end(key)
        return True

    def _create(self, key: str, data: Any, grave: Node | None, sequence: int) -> bool:
        self._keys.admit(key, len(self))
        # The grave's fields are all tombstones: against them every field given is new, and one removed stays removed.
        changed, plain = self._rules.check(data, grave)
        if not changed:
            return False
        self._keep(key, Node(sequence) if grave is None else grave, changed, sequence, plain=plain)
        return True
