"""A connection that carries nothing is noticed, and a market that is merely quiet is not asked for more than it has."""

from __future__ import annotations

from bigboard.feed.silence import LONGEST_PATIENCE_S, Silence


def test_one_silent_symbol_is_enough_where_each_has_to_speak() -> None:
    silence = Silence(["A", "B"], limit_s=10, each=True)
    silence.begin(100)
    silence.heard("A", 109)
    assert silence.judge(110) is None
    assert silence.judge(110.5) == "nothing of B for 10 s"


def test_where_quiet_is_usual_all_have_to_be_silent() -> None:
    silence = Silence(["A", "B", "C"], limit_s=10, each=False)
    silence.begin(0)
    silence.heard("B", 9)
    assert silence.judge(18) is None
    assert silence.judge(19.5) == "nothing for 20 s"


def test_several_silent_ones_are_named_by_the_first() -> None:
    silence = Silence(["A", "B", "C"], limit_s=10, each=True)
    silence.begin(0)
    silence.heard("C", 10)
    assert silence.judge(12) == "nothing of A and others for 12 s"


def test_who_reconnects_in_vain_waits_twice_as_long_until_something_comes() -> None:
    silence = Silence(["A"], limit_s=10, each=True)
    now_s, waits = 0.0, []
    for _ in range(9):
        silence.begin(now_s)
        begun_s = now_s
        while silence.judge(now_s) is None:
            now_s += 1
        waits.append(now_s - begun_s)
    assert waits == [11, 21, 41, 81, 161, 321, 601, 601, 601]
    assert LONGEST_PATIENCE_S == 600
    silence.begin(now_s)
    silence.heard("A", now_s)
    assert silence.judge(now_s + 10) is None
    assert silence.judge(now_s + 10.5) is not None


def test_whether_anything_came_on_this_connection() -> None:
    silence = Silence(["A"], limit_s=10, each=True)
    spoke = []
    for heard in (False, True, False):
        silence.begin(0)
        if heard:
            silence.heard("A", 1)
        spoke.append(silence.spoke)
    assert spoke == [False, True, False]
