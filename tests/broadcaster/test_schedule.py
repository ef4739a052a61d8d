"""The times of groups: whatever is put, each group comes up once, at the time that was set last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import Selection
from bigboard.broadcaster.group import Group, GroupKey
from bigboard.broadcaster.schedule import Schedule
from bigboard.wire import Format

KEY = GroupKey(Format.JSON, Selection(()), 250)

moves = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 20), st.sampled_from(["put", "drop", "due"])), max_size=60)


@given(moves)
def test_a_group_comes_up_once_at_the_time_that_was_set_last(history: list[tuple[int, int, str]]) -> None:
    groups = [Group(KEY, 0.0, 0.0) for _ in range(5)]
    schedule = Schedule()
    expected: dict[int, int] = {}
    for number, time, move in history:
        if move == "put":
            schedule.put(groups[number], time)
            expected[number] = time
        elif move == "drop":
            schedule.drop(groups[number])
            expected.pop(number, None)
        else:
            came = sorted(groups.index(group) for group in schedule.due(time))
            assert came == sorted(at for at, when in expected.items() if when <= time)
            for at in came:
                del expected[at]
        assert schedule.next() == min(expected.values(), default=None)


def test_postponing_again_and_again_costs_no_memory() -> None:
    group, schedule = Group(KEY, 0.0, 0.0), Schedule()
    for time in range(10_000):
        schedule.put(group, time)
        schedule.next()
    assert (len(schedule._times), len(schedule._groups)) == (1, 1)
