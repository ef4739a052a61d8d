"""The law of the interval: two diffs to one client are never closer than it, whenever commits come."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import Update
from bigboard.wire import Format
from broadcaster.stage import FakeMember, Stage

GAPS_MS = st.sampled_from([0, 1, 5, 19, 20, 21, 99, 100, 101, 249, 250, 251, 400, 1_000, 4_999, 5_000, 5_001, 12_000])
INTERVALS_MS = (20, 100, 250, 10_000)
LATENESS_S = 1e-6

commits = st.lists(st.tuples(GAPS_MS, st.booleans()), min_size=1, max_size=40)


def _change(stage: Stage, *, order: bool) -> None:
    number = stage.board.sequence
    stage.commit(
        Update("orders", "1", {"price": number}) if order else Update("market_data", "BTCUSDT", {"last_price": number})
    )


def _closest(member: FakeMember) -> float:
    return min((later - earlier for earlier, later in pairwise(member.times("diff_update"))), default=1e9)


@given(commits)
def test_the_interval_is_never_undercut_and_never_exceeded_by_a_change(history: list[tuple[int, bool]]) -> None:
    stage = Stage()
    clients = [
        (interval_ms, stage.join(*subscriptions, format=form, interval_ms=interval_ms))
        for interval_ms in INTERVALS_MS
        for subscriptions, form in ((("orders",), Format.JSON), (("orders", "market_data"), Format.MSGPACK))
    ]
    for gap_ms, order in history:
        stage.advance(gap_ms / 1000)
        _change(stage, order=order)
        for interval_ms, client in clients:
            assert _closest(client) >= interval_ms / 1000 - LATENESS_S
    for interval_ms, client in clients:
        stage.advance(interval_ms / 1000 + LATENESS_S)
        assert stage.exact(client)
        assert client.client.gaps == 0


@given(commits, st.lists(st.tuples(st.integers(0, 39), st.booleans()), max_size=12))
def test_it_holds_for_clients_that_are_slow_at_times(
    history: list[tuple[int, bool]], moves: list[tuple[int, bool]]
) -> None:
    stage = Stage(stuck_s=1e9)
    slow, other = stage.join("orders", "market_data"), stage.join("orders", "market_data")
    for index, (gap_ms, order) in enumerate(history):
        for when, stuck in moves:
            if when == index:
                slow.stuck = stuck
        stage.advance(gap_ms / 1000)
        _change(stage, order=order)
        assert _closest(other) >= 0.25 - LATENESS_S
    slow.stuck = False
    stage.advance(0.5 + LATENESS_S)
    assert stage.exact(slow)
    assert stage.exact(other)
    assert slow.client.gaps == 0


@given(commits)
def test_a_server_is_never_silent_for_longer_than_five_seconds(history: list[tuple[int, bool]]) -> None:
    stage = Stage()
    clients = [stage.join(), stage.join("orders"), stage.join("orders", "market_data", interval_ms=10_000)]
    for gap_ms, order in history:
        stage.advance(gap_ms / 1000)
        _change(stage, order=order)
    for client in clients:
        times = [0.0, *(time for time, _ in client.arrived), stage.seconds]
        assert max(later - earlier for earlier, later in pairwise(times)) <= 5 + LATENESS_S
