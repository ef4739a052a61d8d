"""A crowd is spread over its interval; a few clients are not, and nobody's interval is shortened."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import Update
from bigboard.broadcaster.phases import PHASE_SIZE, Phases
from broadcaster.stage import Stage

CROWD = 4 * PHASE_SIZE


def _price(stage: Stage) -> Update:
    return Update("market_data", "BTCUSDT", {"last_price": stage.board.sequence})


@given(st.floats(0, 1e6), st.sampled_from([20, 100, 250, 10_000]), st.floats(0, 0.999), st.booleans())
def test_an_interval_is_stretched_by_a_quarter_at_most_and_never_shortened(
    now: float, interval_ms: int, phase: float, crowded: bool
) -> None:
    phases = Phases()
    for _ in range(PHASE_SIZE + crowded):
        phases.join(interval_ms)
    wait = phases.after(now, now, interval_ms, phase) - now
    # Groups of one place have one and the same time, to a thousandth of their interval.
    assert 0.999 * interval_ms / 1000 - 1e-6 <= wait <= (1.25 if crowded else 1.0) * interval_ms / 1000 + 1e-6


@given(
    st.floats(0, 1e6), st.sampled_from([20, 100, 250]), st.integers(0, 63), st.lists(st.floats(0, 0.19), max_size=20)
)
def test_a_group_stays_at_its_place_however_late_it_is_served(
    start: float, interval_ms: int, number: int, lateness: list[float]
) -> None:
    interval = interval_ms / 1000
    phases = Phases()
    for _ in range(CROWD):
        phases.join(interval_ms)
    due = (int(start) + number / 64) * interval
    for number_of_tick, late in enumerate(lateness, 1):
        expected = (int(start) + number_of_tick + number / 64) * interval
        due = phases.after(due + late * interval, due, interval_ms, number / 64)
        assert due == expected


def test_one_that_is_far_too_late_gets_a_whole_interval() -> None:
    phases = Phases()
    for _ in range(CROWD):
        phases.join(250)
    assert phases.after(100.2, 100.0, 250, 0.0) >= 100.45 - 1e-9


def test_places_are_spread_evenly_however_many_are_given() -> None:
    phases = Phases()
    given = [phases.next_phase() for _ in range(128)]
    assert Counter(Counter(given).values()) == {2: 64}
    for count in (2, 4, 8, 16, 32):
        taken = sorted(given[: count - 1])
        assert max(later - earlier for earlier, later in pairwise([*taken, 1.0])) <= 2 / count


def test_who_has_gone_is_no_crowd() -> None:
    phases = Phases()
    for _ in range(CROWD):
        phases.join(250)
    for _ in range(CROWD):
        phases.leave(250)
    assert not phases.crowded(250)
    assert not phases._crowds


def test_a_large_group_ticks_in_phases_and_its_first_change_goes_to_all_at_once() -> None:
    stage = Stage()
    members = [stage.join("market_data") for _ in range(CROWD)]
    assert stage.broadcaster.groups == 1
    assert stage.broadcaster.phases == 4
    stage.advance(4)
    stage.commit(_price(stage))
    assert all(member.times("diff_update") == [4] for member in members)
    for _ in range(250):
        stage.advance(0.01)
        stage.commit(_price(stage))
    for member in members:
        times = member.times("diff_update")
        assert min(later - earlier for earlier, later in pairwise(times)) >= 0.25 - 1e-6
        assert max(later - earlier for earlier, later in pairwise(times)) <= 0.3125 + 1e-6
        assert member.client.gaps == 0
    last = Counter(member.times("diff_update")[-1] for member in members)
    assert max(last.values()) == PHASE_SIZE
    stage.advance(0.3125)
    assert all(stage.exact(member) for member in members)


def test_a_phase_costs_one_encoding() -> None:
    stage = Stage()
    for _ in range(CROWD):
        stage.join("market_data")
    stage.advance(1)
    stage.commit(_price(stage))
    stage.advance(0.01)
    stage.commit(_price(stage))
    before = stage.frames.encodings
    stage.advance(0.3125)
    assert stage.frames.encodings - before <= 4


def test_many_small_groups_are_spread_too() -> None:
    stage = Stage()
    members = [stage.join("market_data:BTCUSDT", f"orders:{number}") for number in range(PHASE_SIZE + 100)]
    for _ in range(300):
        stage.advance(0.01)
        stage.commit(_price(stage))
    bursts = Counter(member.times("diff_update")[-1] for member in members)
    assert max(bursts.values()) < len(members) / 10
    stage.advance(0.3125)
    assert all(stage.exact(member) for member in members)


def test_the_heartbeats_of_an_idle_crowd_are_spread() -> None:
    stage = Stage()
    members = [stage.join("market_data") for _ in range(CROWD)]
    stage.advance(20)
    beats = Counter(time for member in members for time in member.times("heartbeat"))
    assert max(beats.values()) <= PHASE_SIZE
    for member in members:
        times = [0.0, *member.times("heartbeat")]
        assert max(later - earlier for earlier, later in pairwise(times)) <= 5.0 + 1e-6
