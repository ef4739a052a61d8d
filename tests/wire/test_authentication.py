"""Who may see what (PROTOCOL section 7), without a socket."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.board import Subscription, Update
from bigboard.wire import Door, Identity, SessionState
from wire.talking import Talk, kinds
from wire.wallet import Wallet, person

NOW_MS = 1_759_729_260_000
DESK = person("desk-1", "market_data", "account:main")
BOSS = person("boss", "*")


def stranger(wallet: Wallet | None = None, **options: Any) -> Talk:
    """A connection that has not said yet who it is; its time is up at 110 s of the steady clock."""
    wallet = wallet or Wallet(desk=DESK, boss=BOSS)
    talk = Talk(door=Door(wallet, deadline=110.0), **options)
    talk.commit(
        Update("market_data", "BTCUSDT", {"last_price": 1.0}),
        Update("account", "main", {"equity": 2.0}),
        Update("account", "other", {"equity": 3.0}),
        Update("orders", "1", {"symbol": "BTCUSDT"}),
    )
    return talk


def known(holder: str = "desk", **options: Any) -> Talk:
    """A connection that has authenticated."""
    talk = stranger(**options)
    assert kinds(talk.authenticate(holder)) == ["authenticated"]
    return talk


def close_code(talk: Talk) -> int | None:
    """The code that the connection is to be closed with."""
    return talk.session.close.code if talk.session.close is not None else None


def test_where_nobody_is_asked_everybody_is_anonymous_and_may_see_everything() -> None:
    talk = Talk()
    assert talk.authenticate("anything", id=4) == [
        {"type": "authenticated", "subject": "anonymous", "permissions": ["*"], "id": 4}
    ]
    assert talk.session.seconds_left(talk.now) is None


@pytest.mark.parametrize("action", ["subscribe", "unsubscribe"])
def test_a_stranger_is_told_to_authenticate_first(action: str) -> None:
    talk = stranger()
    (error,) = talk.say({"action": action, "subscriptions": ["market_data"], "id": 1})
    assert (error["code"], error["id"]) == ("unauthenticated", 1)
    assert close_code(talk) is None


def test_a_stranger_may_ping_and_gets_nothing_else() -> None:
    talk = stranger()
    assert kinds(talk.say({"action": "ping"})) == ["pong"]
    talk.commit(Update("market_data", "BTCUSDT", {"last_price": 2.0}))
    assert talk.tick() is None
    assert talk.heartbeat() is None


def test_a_good_token_opens_the_door() -> None:
    talk = stranger(Wallet(desk=person("desk-1", "market_data", expires_ms=NOW_MS + 60_500)))
    assert talk.authenticate("desk", id="a") == [
        {
            "type": "authenticated", "subject": "desk-1", "permissions": ["market_data"],
            "expires": "2025-10-06T05:42:00.500Z", "id": "a",
        }
    ]  # fmt: skip
    assert kinds(talk.subscribe("market_data")) == ["subscribed", "state_update"]
    assert talk.session.seconds_left(talk.now) == 60.5


def test_a_bad_token_is_answered_and_closes_with_4401() -> None:
    talk = stranger()
    (error,) = talk.authenticate("forged", id=9)
    assert (error["code"], error["id"]) == ("unauthenticated", 9)
    assert close_code(talk) == 4401
    assert "forged" not in error["message"] + str(talk.session.close)


def test_whoever_does_not_authenticate_in_time_is_closed_with_4401() -> None:
    talk = stranger()
    talk.wait(9.9)
    talk.session.expire(talk.now)
    assert close_code(talk) is None
    assert talk.session.seconds_left(talk.now) == pytest.approx(0.1)
    talk.wait(0.2)
    talk.session.expire(talk.now)
    assert close_code(talk) == 4401
    assert talk.session.seconds_left(talk.now) is None


def test_an_expired_token_closes_with_4401_and_a_renewal_moves_the_end() -> None:
    wallet = Wallet(
        first=person("desk-1", "market_data", expires_ms=NOW_MS + 10_000),
        second=person("desk-1", "market_data", expires_ms=NOW_MS + 30_000),
    )
    talk = stranger(wallet)
    talk.authenticate("first")
    talk.subscribe("market_data")
    talk.wait(9)
    assert kinds(talk.authenticate("second")) == ["authenticated"]
    talk.wait(20)
    talk.session.expire(talk.now)
    assert close_code(talk) is None
    talk.wait(1)
    talk.session.expire(talk.now)
    assert close_code(talk) == 4401


def test_a_renewal_with_a_bad_token_closes_too() -> None:
    talk = known()
    talk.authenticate("forged")
    assert close_code(talk) == 4401


def test_a_connection_keeps_its_subject() -> None:
    talk = known()
    (error,) = talk.authenticate("boss", id=2)
    assert (error["code"], error["id"]) == ("forbidden", 2)
    assert close_code(talk) is None
    assert talk.session.identity == DESK


@pytest.mark.parametrize(
    ("wanted", "permitted"),
    [
        ("market_data", True),
        ("market_data:BTCUSDT", True),
        ("account:main", True),
        ("account", False),
        ("account:other", False),
        ("orders", False),
        ("*", True),
    ],
)
def test_a_subscription_is_permitted_or_forbidden_by_name(wanted: str, permitted: bool) -> None:
    answers = known().subscribe(wanted, id=3)
    if permitted:
        assert kinds(answers) == ["subscribed", "state_update"]
        return
    (error,) = answers
    assert (error["code"], error["id"]) == ("forbidden", 3)
    assert wanted in error["message"]
    assert "market_data, account:main" in error["message"]


def test_what_is_permitted_is_not_cut_off_by_what_is_not() -> None:
    error, subscribed, state = known().subscribe("orders", "market_data", "account:other")
    assert error["code"] == "forbidden"
    assert "orders, account:other" in error["message"]
    assert subscribed["subscriptions"] == ["market_data"]
    assert state["data"] == {"market_data": {"BTCUSDT": {"last_price": 1.0}}}


def test_an_error_names_some_of_a_thousand_refused_patterns() -> None:
    (error,) = known().subscribe(*(f"orders:{number}" for number in range(1_000)))
    assert "orders:0, orders:1" in error["message"]
    assert "980 more" in error["message"]
    assert len(error["message"]) < 1_000


def test_everything_means_all_that_is_permitted() -> None:
    talk = known()
    subscribed, state = talk.subscribe("*")
    assert subscribed["subscriptions"] == state["subscriptions"] == ["*"]
    assert state["data"] == {"market_data": {"BTCUSDT": {"last_price": 1.0}}, "account": {"main": {"equity": 2.0}}}
    talk.commit(Update("account", "other", {"equity": 4.0}), Update("orders", "2", {"symbol": "X"}))
    assert talk.tick() is None
    talk.commit(Update("account", "other", {"equity": 5.0}), Update("account", "main", {"equity": 6.0}))
    diff = talk.tick()
    assert diff is not None
    assert diff["changes"] == {"account": {"main": {"equity": 6.0}}}


def test_two_who_hold_everything_share_no_state_if_they_may_see_different_things() -> None:
    limited, unlimited = known("desk"), known("boss")
    unlimited.session._frames = limited.session._frames
    assert set(limited.subscribe("*")[-1]["data"]) == {"market_data", "account"}
    assert {"orders", "trades"} < set(unlimited.subscribe("*")[-1]["data"])
    assert set(limited.subscribe("*")[-1]["data"]) == {"market_data", "account"}
    assert limited.session.view == DESK.permissions
    assert unlimited.session.view is None


def test_rows_that_a_key_permits_come_alone() -> None:
    talk = stranger(Wallet(one=person("one", "orders:1")))
    talk.authenticate("one")
    talk.commit(Update("orders", "2", {"symbol": "X"}))
    talk.subscribe("*")
    _, _, state = [{}, *talk.subscribe("orders:1")]
    assert [row["order_id"] for row in state["data"]["orders"]] == ["1"]


def test_a_resume_of_everything_that_one_may_see_gets_a_state() -> None:
    # What a client saw as `*` depends on what it was allowed then, and a cursor does not tell.
    talk = known()
    resume = {"epoch": talk.board.epoch, "sequence": talk.board.sequence}
    subscribed, state = talk.subscribe("*", resume=resume)
    assert not subscribed["resumed"]
    assert state["type"] == "state_update"


def test_a_resume_of_named_topics_goes_on() -> None:
    talk = known()
    resume = {"epoch": talk.board.epoch, "sequence": talk.board.sequence}
    (subscribed,) = talk.subscribe("market_data", resume=resume)
    assert subscribed["resumed"]


def test_a_resume_that_is_forbidden_in_part_gets_a_state_of_the_rest() -> None:
    talk = known()
    resume = {"epoch": talk.board.epoch, "sequence": talk.board.sequence}
    error, subscribed, state = talk.subscribe("market_data", "orders", resume=resume)
    assert error["code"] == "forbidden"
    assert not subscribed["resumed"]
    assert list(state["data"]) == ["market_data"]


def test_a_withdrawn_credential_closes_with_4401() -> None:
    talk = known()
    talk.subscribe("market_data")
    talk.identify(None)
    assert close_code(talk) == 4401


def test_a_permission_that_is_withdrawn_closes_with_4403_if_it_is_in_use() -> None:
    talk = known()
    talk.subscribe("market_data")
    assert talk.identify(person("desk-1", "market_data")) == []
    assert close_code(talk) is None
    talk.identify(person("desk-1", "account:main"))
    assert close_code(talk) == 4403
    assert "market_data" in str(talk.session.close)


def test_everything_changes_with_the_permissions() -> None:
    talk = known()
    talk.subscribe("*")
    (state,) = talk.identify(person("desk-1", "account"))
    assert state["subscriptions"] == ["*"]
    assert state["data"] == {"account": {"main": {"equity": 2.0}, "other": {"equity": 3.0}}}
    assert talk.tick() is None
    talk.commit(Update("market_data", "BTCUSDT", {"last_price": 9.0}))
    assert talk.tick() is None


def test_a_renewal_with_other_permissions_answers_first_and_then_tells_the_state() -> None:
    wallet = Wallet(desk=DESK)
    talk = stranger(wallet)
    talk.authenticate("desk")
    talk.subscribe("*")
    wallet.holders["desk"] = person("desk-1", "account")
    assert kinds(talk.authenticate("desk")) == ["authenticated", "state_update"]


def test_a_resume_that_waits_may_be_renewed_and_is_closed_if_it_is_forbidden_meanwhile() -> None:
    talk = known()
    resume = {"epoch": talk.board.epoch, "sequence": talk.board.sequence + 5}
    assert talk.subscribe("market_data", resume=resume) == []
    assert talk.session.state is SessionState.WAITING
    assert kinds(talk.authenticate("desk")) == ["authenticated"]
    talk.identify(person("desk-1", "orders"))
    assert close_code(talk) == 4403


@pytest.mark.parametrize(
    ("permissions", "wanted", "seen"),
    [
        (["*"], ["*"], ["*"]),
        (["*"], ["orders", "account:main"], ["orders", "account:main"]),
        (["orders"], ["*"], ["orders"]),
        (["orders:1", "account"], ["*"], ["orders:1", "account"]),
        (["orders:1", "orders:2"], ["orders"], ["orders:1", "orders:2"]),
        (["orders"], ["orders:1", "orders:1", "account"], ["orders:1"]),
        (["orders:1"], ["orders:2"], []),
        ([], ["*"], []),
    ],
)
def test_what_may_be_seen_is_what_both_select(permissions: list[str], wanted: list[str], seen: list[str]) -> None:
    identity = Identity("x", tuple(map(Subscription.parse, permissions)))
    assert [str(one) for one in identity.restrict(map(Subscription.parse, wanted))] == seen
