"""What a diff costs: the work for the leaves that changed, not for the state. Counted in bytecodes, not in seconds.

``sys.settrace`` reports each bytecode that the interpreter runs, so the count is exact and the same on every machine.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from bigboard.board import Board, Limits, Selection, Subscription, Update

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

LIMITS = Limits(max_rows=100_000, max_levels=100_000, max_items=100_000, tape_length=100_000)


def bytecodes(work: Callable[[], object]) -> int:
    """How many bytecodes ``work`` runs."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        if event == "opcode":
            count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def fields(size: int) -> Board:
    return filled([Update("market_data", f"S{number}", {"last_price": number, "note": "x"}) for number in range(size)])


def nested(size: int) -> Board:
    return filled(
        [Update("account", f"a{number}", {"equity": 1, "balances": {"X": {"total": 1}}}) for number in range(size)]
    )


def rows(size: int) -> Board:
    return filled([Update("orders", str(number), {"price": number, "status": "NEW"}) for number in range(size)])


def tape(size: int) -> Board:
    return filled([Update("trades", "S1", [{"price": number} for number in range(size)])])


def ladder(size: int) -> Board:
    levels = [[number, 1] for number in range(1, size + 1)]
    return filled([Update("orderbook", "S1", {"bids": levels[::-1], "asks": []})])


def filled(updates: list[Update]) -> Board:
    board = Board("e", limits=LIMITS)
    board.apply_all(updates)
    board.commit(0)
    return board


CHANGES: dict[Callable[[int], Board], list[Update]] = {
    fields: [Update("market_data", f"S{n}", {"last_price": -n}) for n in (5, 3, 9)]
    + [Update("market_data", "S7", {"deleted": True})],
    nested: [Update("account", f"a{n}", {"balances": {"X": {"total": n}}}) for n in (5, 3, 9)],
    rows: [Update("orders", str(n), {"price": -n}) for n in (5, 3, 9)] + [Update("orders", "7", {"deleted": True})],
    tape: [Update("trades", "S1", [{"price": -1}, {"price": -2}])],
    ladder: [Update("orderbook", "S1", {"partial": True, "bids": [[5, 7], [3, 0], [9.5, 1]]})],
}


def diff_cost(make: Callable[[int], Board], size: int, selection: Selection | None) -> int:
    board = make(size)
    for update in CHANGES[make]:
        assert board.apply(update)
    diff = board.commit(1)
    assert diff is not None
    return bytecodes(lambda: board.diff(1, selection))


@pytest.mark.parametrize("make", CHANGES)
def test_a_diff_costs_the_same_on_a_state_of_ten_times_the_size(make: Callable[[int], Board]) -> None:
    assert 0 < diff_cost(make, 100, None) == diff_cost(make, 1_000, None)


@pytest.mark.parametrize("make", CHANGES)
def test_a_diff_of_some_keys_costs_the_same_too(make: Callable[[int], Board]) -> None:
    topic = CHANGES[make][0].topic
    selection = Selection(Subscription(topic, key) for key in ("S1", "S5", "a5", "a6", "5", "7"))
    assert 0 < diff_cost(make, 100, selection) == diff_cost(make, 1_000, selection)


@pytest.mark.parametrize("make", CHANGES)
def test_a_commit_costs_the_same_on_a_state_of_ten_times_the_size(make: Callable[[int], Board]) -> None:
    def cost(size: int) -> int:
        board = make(size)
        for update in CHANGES[make]:
            board.apply(update)
        return bytecodes(lambda: board.commit(1))

    assert 0 < cost(100) == cost(1_000)


def test_nothing_new_costs_next_to_nothing() -> None:
    board = fields(1_000)
    assert bytecodes(lambda: board.diff(board.sequence)) < 1_000


def test_a_diff_grows_with_the_changes() -> None:
    def cost(changes: int) -> int:
        board = fields(1_000)
        for number in range(changes):
            board.apply(Update("market_data", f"S{number}", {"last_price": -1}))
        board.commit(1)
        return bytecodes(lambda: board.diff(1))

    one, ten = cost(10), cost(100)
    assert 5 * one < ten < 11 * one
