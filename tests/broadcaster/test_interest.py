"""A commit touches the groups that it concerns, and no other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import Selection, Subscription, Update
from bigboard.broadcaster.group import Group, GroupKey
from bigboard.broadcaster.interest import Interest
from bigboard.wire import Format
from broadcaster.stage import FakeMember, Stage

if TYPE_CHECKING:
    import pytest

NAMES = [
    "*",
    "orders",
    "orders:1",
    "orders:2",
    "market_data",
    "market_data:BTCUSDT",
    "market_data:ETHUSDT",
    "trades:SOLUSDT",
]
TOUCHED = [
    ("orders", "1"),
    ("orders", "2"),
    ("market_data", "BTCUSDT"),
    ("market_data", "ETHUSDT"),
    ("trades", "SOLUSDT"),
]

selections = st.lists(st.sets(st.sampled_from(NAMES), max_size=4), max_size=8)


@given(selections, st.sets(st.sampled_from(TOUCHED)), st.sets(st.integers(0, 7)))
def test_it_finds_whom_a_change_concerns(wanted: list[set[str]], touched: set[tuple[str, str]], gone: set[int]) -> None:
    interest = Interest()
    groups = [
        Group(GroupKey(Format.JSON, Selection(map(Subscription.parse, names)), 250), 0.0, 0.0) for names in wanted
    ]
    for group in groups:
        interest.add(group)
    for at in gone:
        if at < len(groups):
            interest.discard(groups[at])
    changed: dict[str, set[str]] = {}
    for topic, key in touched:
        changed.setdefault(topic, set()).add(key)
    concerned = {groups.index(group) for group in interest.concerned(changed)}
    assert concerned == {
        at
        for at, names in enumerate(wanted)
        if at not in gone and any(names & {"*", topic, f"{topic}:{key}"} for topic, key in touched)
    }


def test_groups_that_come_and_go_leave_nothing_behind() -> None:
    interest = Interest()
    for number in range(1_000):
        group = Group(GroupKey(Format.JSON, Selection([Subscription("orders", str(number))]), 250), 0.0, 0.0)
        interest.add(group)
        interest.discard(group)
    assert not interest._keys


def test_a_commit_asks_no_group_that_it_does_not_concern(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    watchers = [stage.join(f"market_data:K{number}") for number in range(50)]
    stage.advance(1)
    asked: list[int] = []

    def clear(member: FakeMember) -> bool:
        asked.append(watchers.index(member))
        return True

    monkeypatch.setattr(FakeMember, "clear", property(clear))
    stage.commit(Update("market_data", "K7", {"last_price": 1}))
    assert asked == [7]
    stage.advance(0.25)
    assert stage.exact(watchers[7])
    assert asked == [7]
