"""A flood of lines of one kind is cut short and counted, and takes nothing from the others."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bigboard.line_budget import LineBudget

_REFUSED = ("access", "refused", "origin")
_FAILED = ("gateway", "failed", "")


def test_lines_beyond_the_budget_are_counted_and_reported_once() -> None:
    budget = LineBudget(lines=3, window_s=60.0)
    assert [budget.take(_REFUSED, now) for now in (0.0, 1.0, 2.0, 3.0, 59.0)] == [True, True, True, False, False]
    assert budget.take(_FAILED, 59.0)
    assert budget.suppressed(59.9) == {}
    assert budget.suppressed(60.0) == {_REFUSED: 2}
    assert budget.suppressed(1_000.0) == {}
    assert budget.take(_REFUSED, 61.0)


def test_the_count_of_a_window_is_not_lost_when_the_next_one_begins() -> None:
    budget = LineBudget(lines=1, window_s=60.0)
    assert [budget.take(_REFUSED, now) for now in (0.0, 1.0, 60.0, 61.0, 62.0)] == [True, False, True, False, False]
    assert budget.suppressed(62.0) == {_REFUSED: 1}
    assert budget.suppressed(62.0, at_end=True) == {_REFUSED: 2}


def test_kinds_that_somebody_thinks_up_share_one_budget_and_no_memory() -> None:
    budget = LineBudget(lines=1, kinds=5)
    shown = sum(budget.take(("library", f"text {number}", ""), 0.0) for number in range(1_000))
    assert shown == 6
    assert len(budget._windows) == 6
    assert sum(budget.suppressed(0.0, at_end=True).values()) == 994


@given(
    steps=st.lists(st.tuples(st.integers(0, 8), st.floats(0, 40), st.booleans()), max_size=200),
    lines=st.integers(1, 4),
    kinds=st.integers(1, 5),
)
def test_every_line_is_shown_or_counted(steps: list[tuple[int, float, bool]], lines: int, kinds: int) -> None:
    budget = LineBudget(lines=lines, window_s=60.0, kinds=kinds)
    now, shown, counted = 0.0, 0, 0
    for number, passed, asks in steps:
        now += passed
        shown += budget.take(("logger", str(number), ""), now)
        if asks:
            counted += sum(budget.suppressed(now).values())
    counted += sum(budget.suppressed(now, at_end=True).values())
    assert shown + counted == len(steps)
    assert shown <= (now // 60 + 1) * lines * (kinds + 1) + lines * (kinds + 1)
