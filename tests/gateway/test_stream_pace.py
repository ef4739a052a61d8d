"""The rhythm of the plain stream, on a clock of its own (PROTOCOL section 10)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.gateway.stream_pace import StreamPace

if TYPE_CHECKING:
    from collections.abc import Callable


def _sent(
    price_at: Callable[[float], float | None], seconds: float, late: float = 0.0, start: float = 0.0
) -> list[float]:
    """When messages go out, if every look is ``late`` seconds late."""
    pace, now, sent = StreamPace(start), start, []
    while now < start + seconds:
        if pace.due(now, price_at(now - start)):
            sent.append(round(now - start, 3))
        now = pace.next_look + late
    return sent


def test_a_calm_price_is_told_every_500_ms() -> None:
    assert _sent(lambda _: 100.0, 2.2) == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_a_price_that_keeps_moving_is_told_every_100_ms() -> None:
    assert _sent(lambda at: 100.0 * 1.002 ** round(at * 10), 0.55) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


def test_a_jump_is_told_at_the_next_look_and_the_500_ms_count_from_there() -> None:
    assert _sent(lambda at: 100.0 if at < 0.25 else 101.0, 1.5) == [0.0, 0.3, 0.8, 1.3]


@pytest.mark.parametrize(
    ("price", "moves"), [(100.1, False), (100.11, True), (99.9, False), (99.89, True), (-100.0, True)]
)
def test_only_more_than_a_tenth_of_a_percent_is_a_move(price: float, moves: bool) -> None:
    assert (_sent(lambda at: 100.0 if at < 0.05 else price, 0.45) == [0.0, 0.1]) is moves


def test_small_steps_add_up_to_a_move_since_the_last_message() -> None:
    """Steps of 0.04 %: the third one is beyond 0.1 % of what was told."""
    assert _sent(lambda at: 100.0 + 0.04 * round(at * 10), 0.65) == [0.0, 0.3, 0.6]


def test_the_first_price_and_its_loss_are_news() -> None:
    assert _sent(lambda at: None if at < 0.15 else 1.0, 0.45) == [0.0, 0.2]
    assert _sent(lambda at: 1.0 if at < 0.15 else None, 0.45) == [0.0, 0.2]
    assert _sent(lambda _: None, 0.95) == [0.0, 0.5]


def test_a_price_of_zero_is_no_division() -> None:
    assert _sent(lambda at: 0.0 if at < 0.15 else 0.1, 0.45) == [0.0, 0.2]


def test_late_looks_do_not_slow_the_rate_down() -> None:
    assert len(_sent(lambda _: 100.0, 60.0, late=0.02)) == 120
    assert len(_sent(lambda at: 1.01 ** round(at * 10), 10.0, late=0.02)) == 100


def test_looks_that_were_missed_are_not_made_up_for() -> None:
    pace = StreamPace(0.0)
    assert pace.due(0.0, 1.0)
    assert pace.due(7.34, 1.0)
    assert pace.next_look == pytest.approx(7.4)
    assert not pace.due(7.4, 1.0)
    assert not pace.due(7.4, 2.0) or pace.next_look > 7.4


@given(
    st.floats(0, 1e9),
    st.lists(st.tuples(st.floats(0.0, 0.7), st.none() | st.floats(0.5, 2.0)), min_size=1, max_size=60),
)
def test_never_faster_than_100_ms_and_never_silent_for_longer_than_a_look_past_500(
    start: float, looks: list[tuple[float, float | None]]
) -> None:
    pace, now, sent = StreamPace(start), start, [start]
    assert pace.due(now, 1.0)
    for late, price in looks:
        now = pace.next_look + late
        assert now > sent[-1]
        if pace.due(now, price):
            sent.append(now)
        else:
            assert now - sent[-1] < 0.5 + 1e-3
        assert now < pace.next_look <= now + 0.1 + 1e-3
    # A look may be late, the one after it on time: two messages are then closer than 100 ms, but never in one slot.
    assert all(int((b - start) * 10 + 1e-3) > int((a - start) * 10 - 1e-3) for a, b in pairwise(sent))
