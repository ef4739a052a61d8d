"""Members that are in step: served together, left and joined again, and always exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import Limits, Update
from bigboard.wire import Format
from broadcaster.stage import FakeMember, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

_KEYS = ("BTCUSDT", "ETHUSDT", "XRPUSDT")
_WISHES = (("market_data",), ("market_data:BTCUSDT",), ("market_data", "orders"))


def _price(price: float, key: str = "BTCUSDT") -> Update:
    return Update("market_data", key, {"last_price": price})


def _standings(members: list[FakeMember]) -> int:
    return len({id(member.session.standing) for member in members})


def test_those_who_got_the_same_stand_together_and_move_as_one() -> None:
    stage = Stage()
    members = [stage.join("market_data") for _ in range(5)]
    stage.commit(_price(1))
    stage.advance(1)
    assert _standings(members) == 1
    stage.commit(_price(2))
    assert {member.session.cursor for member in members} == {stage.board.cursor}
    assert all(map(stage.exact, members))


def test_one_that_asks_for_something_leaves_the_others_where_they_are() -> None:
    stage = Stage()
    one, *others = members = [stage.join("market_data") for _ in range(3)]
    stage.commit(_price(1))
    stage.advance(1)
    stood = others[0].session.cursor
    stage.commit(Update("orders", "1", {"status": "NEW"}))  # concerns nobody yet
    one.subscribe("market_data")  # a fresh state of what it holds: it stands at the present alone
    assert one.session.cursor == stage.board.cursor
    assert {member.session.cursor for member in others} == {stood}
    stage.commit(_price(2))
    stage.advance(1)
    assert _standings(members) == 1
    assert [member.client.gaps for member in members] == [0, 0, 0]


def test_one_that_stands_elsewhere_does_not_come_in_step_while_nothing_changes() -> None:
    stage = Stage()
    stage.commit(_price(1))
    members = [stage.join("market_data") for _ in range(2)]
    stage.advance(1)
    stage.commit(Update("orders", "1", {"status": "NEW"}))  # concerns nobody, but the next one is told of a later place
    members.append(stage.join("market_data"))
    stage.advance(1)
    assert _standings(members) == 2
    stage.commit(_price(2))
    stage.advance(1)
    assert _standings(members) == 1
    assert [member.client.gaps for member in members] == [0, 0, 0]


def test_what_a_full_buffer_did_not_take_comes_later_and_first() -> None:
    stage = Stage()
    slow, other = stage.join("market_data"), stage.join("market_data")
    stage.advance(1)
    slow.stuck, slow.room = True, 7
    stage.commit(_price(1))
    stage.advance(1)
    stage.commit(_price(2))
    stage.advance(1)
    assert stage.exact(other)
    slow.stuck = False
    stage.advance(1)
    assert len(slow.times("diff_update")) == 2
    assert stage.exact(slow)
    assert _standings([slow, other]) == 1


def test_a_catch_up_that_finds_nothing_new_does_not_leave_a_stuck_mark() -> None:
    stage = Stage(stuck_s=30, heartbeat_s=1_000)
    client = stage.join("market_data")
    stage.commit(_price(1))
    stage.advance(1)
    client.stuck = True
    stage.commit(_price(2))
    stage.commit(_price(3))
    stage.advance(1)  # skipped
    client.stuck = False
    stage.advance(25)
    stage.commit(_price(4))
    stage.advance(1)
    client.stuck = True
    stage.commit(_price(5))
    stage.advance(10)
    stage.commit(_price(6))
    stage.advance(1)
    assert client.closed is None


_actions = st.lists(
    st.tuples(
        st.sampled_from(("commit", "order", "pass", "stick", "loosen", "ask", "drop", "ping", "go")),
        st.integers(0, 1 << 16),
    ),
    max_size=60,
)


def _drop(stage: Stage, member: FakeMember, name: str, update: Update) -> None:
    member.say({"action": "unsubscribe", "subscriptions": [name]})
    stage.commit(update)
    member.subscribe(name)


def _act(stage: Stage, members: list[FakeMember], action: str, number: int) -> None:
    member = members[number % len(members)]
    wish = _WISHES[number % len(_WISHES)]
    acts: dict[str, Callable[[], object]] = {
        "commit": lambda: stage.commit(_price(number, _KEYS[number % 3]), Update("orders", "1", {"price": number})),
        "order": lambda: stage.commit(Update("orders", "1", {"price": number})),
        "pass": lambda: stage.advance(number % 700 / 100),
        "stick": lambda: setattr(member, "stuck", True),
        "loosen": lambda: setattr(member, "stuck", False),
        "ask": lambda: member.subscribe(*wish),
        "drop": lambda: _drop(stage, member, wish[0], _price(number, _KEYS[number % 3])),
        "ping": lambda: member.say({"action": "ping"}),
        "go": lambda: stage.broadcaster.remove(member),
    }
    member.room = number % 40
    acts[action]()


@given(_actions)
def test_whatever_happens_those_who_stay_have_no_gap_and_end_exact(actions: list[tuple[str, int]]) -> None:
    stage = Stage(stuck_s=1e9, limits=Limits(max_tombstones=4))
    members = [
        stage.join(*wish, format=form) for wish in _WISHES for form in (Format.JSON, Format.MSGPACK) for _ in range(2)
    ]
    for action, number in actions:
        _act(stage, members, action, number)
    for member in members:
        member.stuck = False
    stage.commit(_price(-1), Update("orders", "1", {"price": -1}))
    stage.advance(20)
    for member in members:
        if member not in stage.broadcaster.members:
            continue
        assert member.client.gaps == 0
        assert stage.exact(member)
    assert stage.broadcaster.figures().clients.total() == len(stage.broadcaster.members)
