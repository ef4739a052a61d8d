"""Members that are not like the others: slow, stuck, closing, or waiting for a resume."""

from __future__ import annotations

from bigboard.board import Board, Limits, Update
from bigboard.wire import CloseCode, SessionState
from broadcaster.stage import EPOCH, Stage


def _price(price: float, key: str = "BTCUSDT") -> Update:
    return Update("market_data", key, {"last_price": price})


ORDER = Update("orders", "1", {"status": "NEW"})


def test_a_slow_client_is_skipped_and_catches_up_with_one_merged_diff() -> None:
    stage = Stage()
    slow, quick = stage.join("market_data", "trades"), stage.join("market_data", "trades")
    stage.advance(1)
    slow.stuck = True
    for price in range(40):
        stage.commit(_price(price, f"K{price % 7}"), Update("trades", "BTCUSDT", {"trade_id": price}))
        stage.advance(0.1)
    assert len(quick.times("diff_update")) >= 16
    slow.stuck = False
    stage.advance(0.25)
    # One that was on its way when it got stuck, one that holds all the rest.
    assert len(slow.times("diff_update")) == 2
    assert slow.arrived[-1][1]["changes"]["market_data"].keys() == {f"K{index}" for index in range(7)}
    assert stage.exact(slow)
    assert stage.exact(quick)
    assert slow.client.gaps == 0
    assert stage.broadcaster.counters.skipped >= 15
    assert stage.broadcaster.counters.too_slow == 0


def test_a_slow_client_catches_up_though_nothing_changes_any_more() -> None:
    stage = Stage()
    slow = stage.join("market_data")
    stage.advance(1)
    slow.stuck = True
    stage.commit(_price(1))
    stage.commit(_price(2))
    stage.advance(1)
    slow.stuck = False
    stage.advance(0.25)
    assert stage.exact(slow)


def test_one_that_the_board_has_left_behind_gets_a_state() -> None:
    stage = Stage(limits=Limits(max_tombstones=1))
    for key in ("a", "b", "c"):
        stage.commit(Update("account", key, {"equity": 1}))
    slow = stage.join("account")
    stage.advance(1)
    slow.stuck = True
    stage.commit(Update("account", "d", {"equity": 1}))
    for key in ("a", "b", "c"):
        stage.commit(Update("account", key, {"deleted": True}))
    slow.stuck = False
    stage.advance(0.25)
    assert slow.kinds()[-2:] == ["diff_update", "state_update"]
    assert stage.exact(slow)


def test_a_stuck_client_is_closed_with_bytes_and_seconds_in_the_reason() -> None:
    stage = Stage(stuck_s=30)
    stuck, other = stage.join("market_data"), stage.join("market_data")
    stage.advance(1)
    stuck.stuck = True
    stage.commit(_price(1))
    waiting = stuck.waiting_bytes()
    for price in range(2, 320):
        stage.advance(0.1)
        assert (stuck.closed is not None) == (stage.seconds > 31.3) or 31.2 < stage.seconds <= 31.5
        stage.commit(_price(price))
    assert stuck.closed is not None
    assert stuck.closed.code is CloseCode.TOO_SLOW
    assert f"{waiting} bytes" in stuck.closed.reason
    assert "30 s" in stuck.closed.reason
    assert stuck not in stage.broadcaster.members
    assert stage.broadcaster.counters.too_slow == 1
    stage.advance(1)
    assert stage.exact(other)


def test_a_stuck_client_is_found_though_the_board_is_quiet() -> None:
    stage = Stage(stuck_s=30)
    client = stage.join("market_data")
    stage.advance(1)
    client.stuck = True
    stage.commit(_price(1))
    stage.advance(40)
    assert client.closed is not None


def test_one_that_moves_now_and_then_is_not_stuck() -> None:
    stage = Stage(stuck_s=2)
    client = stage.join("market_data")
    for price in range(100):
        client.stuck = True
        stage.commit(_price(price))
        stage.advance(1.5)
        client.stuck = False
        stage.advance(0.3)
    assert client.closed is None
    assert stage.exact(client)


def test_a_violation_closes_after_its_answers() -> None:
    stage = Stage()
    client = stage.join("orders")
    client.say({"action": "dance"})
    stage.receive(client, "[]")
    assert client.kinds()[-1] == "error"
    assert client.closed is not None
    assert client.closed.code is CloseCode.PROTOCOL_VIOLATION
    stage.commit(ORDER)
    stage.advance(20)
    assert client.kinds()[-1] == "error"


def test_a_closing_client_does_not_hide_a_change_from_its_group() -> None:
    stage = Stage()
    closing, other = stage.join("orders"), stage.join("orders")
    stage.advance(1)
    stage.receive(closing, "[]")
    stage.commit(ORDER)
    assert other.times("diff_update") == [1]


def test_a_resume_that_waits_goes_on_when_the_replica_is_there() -> None:
    stage = Stage()
    client = stage.join()
    client.subscribe("orders", resume={"epoch": EPOCH, "sequence": 2})
    assert client.session.state is SessionState.WAITING
    stage.commit(ORDER)
    stage.advance(0.3)
    assert client.kinds() == []
    stage.commit(ORDER._replace(data={"price": 1}))
    assert client.kinds() == ["subscribed"]
    stage.commit(ORDER._replace(data={"price": 2}))
    stage.advance(0.25)
    assert client.kinds() == ["subscribed", "diff_update"]


def test_a_resume_waits_for_a_replica_that_has_no_history_yet() -> None:
    stage = Stage()
    stage.commit(ORDER)
    full = stage.board.snapshot()
    stage.board.load(Board("").snapshot())
    client = stage.join()
    client.subscribe("orders", resume={"epoch": EPOCH, "sequence": full.sequence})
    stage.advance(1)
    assert client.kinds() == [], "an empty board would take from the client what it holds"
    stage.board.load(full)
    stage.tick(committed=True)
    assert client.kinds() == ["subscribed"]
    assert client.arrived[0][1]["resumed"] is True


def test_a_resume_that_waits_in_vain_ends_though_nothing_is_committed() -> None:
    stage = Stage(heartbeat_s=60)
    client = stage.join()
    client.subscribe("orders", resume={"epoch": EPOCH, "sequence": 2})
    stage.advance(4.9)
    assert client.kinds() == []
    stage.advance(0.5)
    assert client.kinds() == ["subscribed", "state_update"]
    assert client.arrived[0][1]["resumed"] is False


def test_one_that_leaves_while_it_waits_is_forgotten() -> None:
    stage = Stage()
    client = stage.join()
    client.subscribe("orders", resume={"epoch": EPOCH, "sequence": 2})
    stage.broadcaster.remove(client)
    stage.broadcaster.remove(client)
    stage.commit(ORDER)
    stage.advance(20)
    assert client.kinds() == []
    assert stage.broadcaster.groups == 0


def test_a_slow_client_does_not_cost_its_group_the_leading_edge() -> None:
    stage = Stage()
    slow, other = stage.join("market_data"), stage.join("market_data")
    stage.advance(1)
    slow.stuck = True
    stage.commit(_price(1))
    stage.advance(0.4)
    stage.commit(_price(2))
    assert other.times("diff_update") == [1, 1.4]
    stage.advance(0.3)
    slow.stuck = False
    stage.advance(0.25)
    assert stage.exact(slow)
