"""The market's time: by events alone in a replay, moving on by itself in a live market."""

from __future__ import annotations

from bigboard.collector.clock import EventClock


def test_only_a_later_event_moves_it() -> None:
    clock = EventClock(moves_alone=False)
    assert clock.observe(100, 0)
    assert not clock.observe(100, 5)
    assert not clock.observe(50, 9)
    assert (clock.latest, clock.seen_at) == (100, 0)


def test_a_replay_stands_still_without_events() -> None:
    clock = EventClock(moves_alone=False)
    clock.observe(100, 0)
    assert clock.at(1_000_000) == 100


def test_a_live_market_moves_on_whatever_the_skew() -> None:
    clock = EventClock(moves_alone=True)
    assert clock.at(5_000) == -1
    clock.observe(100_000, 5_000)
    assert clock.at(5_700) == 100_700
    assert clock.at(4_000) == 100_000
