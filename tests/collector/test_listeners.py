"""Newcomers on the channels, seen in the answers of Redis."""

from __future__ import annotations

from bigboard.collector.listeners import Listeners


def _listeners(*receivers: int) -> Listeners:
    listeners = Listeners()
    for count in receivers:
        listeners.published(count, steady=True)
    return listeners


def test_those_who_were_there_from_the_start_are_told_nothing_twice() -> None:
    assert not _listeners(2, 2, 2).new(0.0)


def test_one_more_is_new_and_one_less_is_not() -> None:
    assert _listeners(1, 2).new(0.0)
    assert not _listeners(2, 1).new(0.0)


def test_the_first_to_hear_anything_is_new() -> None:
    listeners = _listeners(0, 0)
    assert not listeners.new(0.0), "there is nobody to tell"
    listeners.published(1, steady=True)
    assert listeners.new(0.0)
    assert not listeners.new(9.0), "told once"


def test_one_that_took_the_place_of_another_is_new_if_anything_was_said_between_the_two() -> None:
    listeners = _listeners(1)
    listeners.published(0, steady=False)
    assert not listeners.new(0.0)
    listeners.published(1, steady=True)
    assert listeners.new(0.0)


def test_other_channels_have_listeners_of_their_own() -> None:
    listeners = _listeners(1)
    listeners.published(5, steady=False)
    listeners.published(1, steady=True)
    assert not listeners.new(0.0)


def test_they_may_come_and_go_as_they_like_and_are_told_every_two_seconds() -> None:
    listeners = _listeners(1)
    told = []
    for quarter in range(24):
        listeners.published(1 + quarter % 2, steady=True)
        if listeners.new(quarter / 4):
            told.append(quarter / 4)
    assert told == [0.25, 2.25, 4.25]
