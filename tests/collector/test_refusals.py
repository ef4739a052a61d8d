"""What Redis refuses: kept until it passes, told once a minute."""

from __future__ import annotations

from bigboard.collector.refusals import Refusals

_ERROR = Exception("NOPERM no permissions")


def test_keys_that_are_refused_are_told_once_a_minute_until_they_are_taken() -> None:
    refusals = Refusals()
    told = [refusals.refuse_keys(_ERROR, float(second), out_of_memory=False) for second in range(121)]
    assert [second for second, due in enumerate(told) if due] == [0, 60, 120]
    assert refusals.detail == "Redis refuses keys: NOPERM no permissions"
    assert refusals.accept_keys()
    assert not refusals.accept_keys(), "it is told once"


def test_what_had_passed_and_is_refused_again_is_news() -> None:
    refusals = Refusals()
    assert refusals.refuse_keys(_ERROR, 1.0, out_of_memory=False)
    assert refusals.accept_keys()
    assert refusals.detail is None
    assert refusals.refuse_keys(_ERROR, 2.0, out_of_memory=True)


def test_a_channel_stays_refused_until_something_passes_on_it() -> None:
    refusals = Refusals()
    assert refusals.refuse_channel("trades:X", _ERROR, 0.0)
    assert not refusals.refuse_channel("batch:collector", _ERROR, 1.0)
    assert not refusals.accept_channel("market_data:X", 2.0)
    assert not refusals.accept_channel("batch:collector", 2.0)
    assert refusals.any_channel
    assert refusals.detail is not None
    assert refusals.accept_channel("trades:X", 3.0)
    assert not refusals.accept_channel("trades:X", 4.0), "it is told once"
    assert refusals.detail is None


def test_a_channel_that_is_tried_no_more_is_forgotten_after_a_minute() -> None:
    refusals = Refusals()
    refusals.refuse_channel("trades:X", _ERROR, 0.0)
    assert not refusals.accept_channel("market_data:X", 59.9)
    assert refusals.accept_channel("market_data:X", 60.0)


def test_another_connection_begins_with_nothing_refused() -> None:
    refusals = Refusals()
    refusals.refuse_keys(_ERROR, 0.0, out_of_memory=False)
    refusals.refuse_channel("trades:X", _ERROR, 0.0)
    refusals.forget()
    assert refusals.detail is None
    assert not refusals.any_channel
