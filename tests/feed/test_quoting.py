"""Best bid and ask have one source at a time, and never none while any source is alive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bigboard.feed.quoting import Quoting


def test_without_a_stream_the_ticker_tells_until_the_book_is_there() -> None:
    quoting = Quoting()
    assert quoting.day_ticker("X")
    assert quoting.booked("X"), "a ticker has told them once, so it has to go on"
    assert not quoting.day_ticker("X")
    quoting.book_lost("X")
    assert quoting.day_ticker("X")


def test_a_book_that_was_there_first_is_read_by_whoever_reads_books() -> None:
    quoting = Quoting()
    assert not quoting.booked("X")
    assert not quoting.day_ticker("X")


def test_the_book_steps_in_for_a_stream_that_is_gone() -> None:
    quoting = Quoting()
    assert not quoting.booked("X")
    quoting.streamed("X")
    assert not quoting.booked("X")
    quoting.stream_lost("X")
    assert quoting.booked("X")
    assert not quoting.booked("Y")
    quoting.streamed("X")
    assert not quoting.booked("X")


@given(st.lists(st.sampled_from(["streamed", "stream_lost", "booked", "book_lost", "day_ticker"]), max_size=40))
def test_of_the_sources_that_are_alive_the_best_one_tells(steps: list[str]) -> None:
    quoting, streamed, booked, told = Quoting(), False, False, False
    for step in steps:
        told = told or step == "streamed" or (step == "day_ticker" and not streamed and not booked)
        expected = {"booked": told and not streamed, "day_ticker": not streamed and not booked}.get(step)
        streamed = step == "streamed" or (streamed and step != "stream_lost")
        booked = step == "booked" or (booked and step != "book_lost")
        assert getattr(quoting, step)("X") is expected
