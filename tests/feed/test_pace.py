"""When recorded moments are due."""

from __future__ import annotations

import pytest

from bigboard.feed.pace import Pace


@pytest.mark.parametrize(("speed", "due_s"), [(1.0, 107.0), (10.0, 100.7), (0.5, 114.0)])
def test_recorded_time_passes_at_the_speed(speed: float, due_s: float) -> None:
    pace = Pace(speed)
    assert pace.due_s(50_000_000_000, 100.0) == 100.0
    assert pace.due_s(57_000_000_000, 103.0) == pytest.approx(due_s)


def test_a_long_silence_is_left_out() -> None:
    pace = Pace(1.0)
    pace.due_s(0, 0.0)
    assert pace.due_s(59 * 10**9, 0.0) == pytest.approx(59.0)
    assert pace.due_s(100_000 * 10**9, 59.0) == pytest.approx(60.0)
    assert pace.silence_left_out_s == pytest.approx(100_000 - 59 - 1)
    assert pace.due_s(100_002 * 10**9, 60.0) == pytest.approx(62.0)


def test_asking_twice_changes_nothing() -> None:
    pace = Pace(1.0)
    pace.due_s(0, 0.0)
    assert pace.due_s(90 * 10**9, 0.0) == pace.due_s(90 * 10**9, 0.5)


def test_a_restart_counts_from_the_next_moment() -> None:
    pace = Pace(2.0)
    pace.due_s(0, 0.0)
    pace.due_s(10 * 10**9, 5.0)
    pace.restart()
    assert pace.due_s(0, 5.0) == 5.0
    assert pace.due_s(4 * 10**9, 5.0) == 7.0
