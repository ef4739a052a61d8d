"""Law 4, bounded: whatever comes in, every buffer of the board stays within its limit. Looks inside on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given

from bigboard.board import Board, Limits, Update
from bigboard.board.fields import FieldsTable
from bigboard.board.ladder import LadderTable
from bigboard.board.rows import RowsTable
from bigboard.board.tape import TapeTable
from board.histories import Commit, History, histories
from board.playing import EPOCH, accept, frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigboard.board.node import Node
    from bigboard.board.side import Side


@given(histories())
def test_no_history_makes_a_board_grow_past_its_limits(history: History) -> None:
    board = Board(EPOCH, limits=history.limits)
    follower = Board("unborn", limits=history.limits)
    follower.load(frozen(board))
    pending = most = 0
    for step in history.steps:
        if isinstance(step, Commit):
            pending = 0
            diff = board.commit(1)
            if diff is not None:
                follower.merge(diff)
            holds_its_limits(follower, most)
        else:
            accept(board, step)
            pending += 1 if isinstance(step, Update) else len(step)
            most = max(most, pending)
        holds_its_limits(board, most)


def test_churn_for_a_long_time_leaves_no_trace() -> None:
    limits = Limits(
        max_tombstones=5, max_level_tombstones=5, max_fields=6, max_rows=5, max_levels=5, max_keys=5, tape_length=5
    )
    board = Board("e", limits=limits)
    for turn in range(2_000):
        for topic in ("risk", "account", "orders"):
            board.apply(Update(topic, f"k{turn}", {"x": 1}))
            board.apply(Update(topic, "stays", {f"f{turn}": 1, f"f{turn - 1}": None}))
            board.apply(Update(topic, f"k{turn}", {"deleted": True}))
        board.apply(Update("account", "stays", {"balances": {f"b{turn}": {f"c{turn}": 1}, f"b{turn - 1}": None}}))
        board.apply(Update("account", "stays", {"balances": {"one": {f"c{turn}": 1, f"c{turn - 1}": None}}}))
        board.apply(
            Update("orderbook", "X", {"partial": True, "bids": [[turn, 1], [turn - 3, 0]], "asks": [[9e9 - turn, 1]]})
        )
        board.apply(Update("trades", "X", {"price": turn}))
        board.commit(turn)
        holds_its_limits(board, updates=2)
    assert board.horizon > 1_900


def holds_its_limits(board: Board, updates: int) -> None:
    """Assert every bound; tombstones may pass theirs by what one commit of so many updates can remove."""
    for table in board._tables.values():
        if isinstance(table, TapeTable):
            _tape(table, board.limits)
        elif isinstance(table, RowsTable):
            _rows(table, board.limits, updates)
        elif isinstance(table, FieldsTable | LadderTable):
            _keyed(table, board.limits, updates)
        assert table.horizon <= board.sequence


def _tape(table: TapeTable, limits: Limits) -> None:
    assert len(table) <= limits.max_keys
    for tape in table._tapes.values():
        assert len(tape.entries) == len(tape.marks) <= limits.tape_length


def _rows(table: RowsTable, limits: Limits, updates: int) -> None:
    assert len(table._rows) == len(table._standing) <= limits.max_rows
    assert table._closed.keys() <= table._rows.keys()
    assert len(table._graves) <= limits.max_tombstones + updates
    _nodes(list(table._rows.values()), limits, updates)


def _keyed(table: FieldsTable | LadderTable, limits: Limits, updates: int) -> None:
    nodes: dict[str, Node] = dict(table._nodes)
    assert len(table) == sum(node.exists for node in nodes.values()) <= limits.max_keys
    assert set(table._graves._marks) == {key for key, node in nodes.items() if not node.exists}
    assert len(table._graves) <= limits.max_tombstones + updates
    _nodes(list(nodes.values()), limits, updates)
    for book in table._nodes.values() if isinstance(table, LadderTable) else ():
        _side(book.bids, limits, updates)
        _side(book.asks, limits, updates)


def _nodes(nodes: Sequence[Node], limits: Limits, updates: int, depth: int = 0) -> None:
    assert depth <= limits.max_depth or not nodes
    for node in nodes:
        assert len(node) <= limits.max_fields
        # Twice the bound before the oldest are dropped, and a removal of the whole adds the fields that were there.
        assert len(node.marks) <= (4 + updates) * limits.max_fields
        assert node.values.keys() <= node.marks.keys()
        assert (node.children or {}).keys() <= node.marks.keys()
        _nodes(list((node.children or {}).values()), limits, updates, depth + 1)


def _side(side: Side, limits: Limits, updates: int) -> None:
    assert len(side) <= limits.max_levels
    assert side._sizes.keys() <= side._marks.keys()
    graves = len(side._marks) - len(side._sizes)
    assert graves <= 2 * limits.max_level_tombstones + (1 + updates) * (limits.max_levels + 8)
    assert side.best == (side._choose(side._sizes) if side._sizes else None)
