"""The offset between two clocks from pongs that tell whole milliseconds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bigboard.load import clock_offset
from bigboard.load.clock_offset import ClockOffset, ServerClock

if TYPE_CHECKING:
    import pytest

_START_US = 1_759_729_260_000_000


def _ping(offset: ClockOffset, at_us: int, true_us: int, there_us: int, back_us: int) -> int:
    """One round trip with the server ``true_us`` ahead; the time afterwards."""
    server_us = at_us + there_us + true_us
    arrived = at_us + there_us + back_us
    offset.answered(at_us, arrived, server_us // 1_000)
    return arrived


@given(
    st.integers(-(10**9), 10**9),
    st.lists(st.tuples(st.integers(1, 50_000), st.integers(1, 50_000), st.integers(0, 10**6)), min_size=1, max_size=30),
)
def test_the_true_offset_is_always_within_what_is_told(true_us: int, trips: list[tuple[int, int, int]]) -> None:
    offset = ClockOffset()
    now = _START_US
    for there, back, pause in trips:
        now = _ping(offset, now, true_us, there, back) + pause
        assert offset.low_us <= true_us <= offset.high_us
        assert abs(offset.offset_us - true_us) <= offset.uncertainty_us + 1
    assert offset.jumps == 0


def test_before_the_first_answer_nothing_is_known() -> None:
    offset = ClockOffset()
    assert offset.offset_us == 0
    assert math.isinf(offset.uncertainty_us)


def test_clocks_that_may_be_the_same_are_not_corrected() -> None:
    offset = ClockOffset()
    now = _START_US
    for step in range(8):
        now = _ping(offset, now, 0, 150, 150) + 137 * step
    assert offset.agrees
    assert offset.offset_us == 0
    assert offset.uncertainty_us <= 1_150


def test_several_answers_tell_more_than_a_millisecond() -> None:
    offset = ClockOffset()
    now = _START_US
    for step in range(40):
        now = _ping(offset, now, 4_321, 100, 100) + 1_037 + step
    assert not offset.agrees
    assert abs(offset.offset_us - 4_321) <= offset.uncertainty_us < 300


def test_a_clock_that_drifts_is_followed() -> None:
    offset = ClockOffset()
    now, true_us = _START_US, 10_000.0
    for _ in range(600):
        now = _ping(offset, now, round(true_us), 200, 200) + 1_000_000
        true_us += 50  # 50 ppm
        assert abs(offset.offset_us - true_us) <= offset.uncertainty_us + 51
    assert offset.jumps == 0


def test_a_clock_that_is_set_is_noticed() -> None:
    offset = ClockOffset()
    now = _ping(offset, _START_US, 0, 200, 200)
    _ping(offset, now + 1_000_000, 60_000_000, 200, 200)
    assert offset.jumps == 1
    assert abs(offset.offset_us - 60_000_000) <= offset.uncertainty_us < 1_500


def test_a_process_that_loses_the_processor_between_two_readings_is_not_misled(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = 0
    true_ns = 1_759_729_260_000_000_000

    class Time:
        """Every reading takes 100 ns, and nearly every time the process is away for 5 ms after the wall clock's."""

        now_ns = 0

        def monotonic_ns(self) -> int:
            self.now_ns += 100
            return self.now_ns

        def time_ns(self) -> int:
            nonlocal readings
            readings += 1
            self.now_ns += 100
            told = true_ns + self.now_ns
            self.now_ns += 0 if readings == 7 else 5_000_000
            return told

    now = Time()
    monkeypatch.setattr(clock_offset, "time", now)
    clock = ServerClock()
    assert abs(clock.ours_us() - (true_ns + now.now_ns) // 1_000) <= 1
