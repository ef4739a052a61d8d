"""Pauses between tries: longer each time up to a bound, never two alike, short again after success."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from bigboard.feed.backoff import Backoff


@given(st.integers(0, 2**32), st.floats(0.01, 5), st.floats(5, 600), st.integers(1, 2_000))
def test_each_pause_is_between_half_and_all_of_the_doubled_one(
    seed: int, first_s: float, most_s: float, failures: int
) -> None:
    backoff = Backoff(Random(seed), first_s=first_s, most_s=most_s)
    longest_s = first_s
    for _ in range(failures):
        assert longest_s / 2 <= backoff.next_s() <= longest_s
        longest_s = min(most_s, 2 * longest_s)


def test_after_success_it_begins_anew() -> None:
    backoff = Backoff(Random(1), first_s=1.0, most_s=64.0)
    for _ in range(5):
        backoff.next_s()
    assert backoff.next_s() >= 16
    backoff.reset()
    assert backoff.next_s() <= 1.0


def test_two_that_were_cut_off_together_do_not_come_back_together() -> None:
    pauses = {Backoff(Random(seed), first_s=1.0).next_s() for seed in range(100)}
    assert len(pauses) == 100
