"""A server that has sent nothing for 5 s sends a heartbeat, and never one that steps over a change."""

from __future__ import annotations

from bigboard.board import Update
from broadcaster.stage import Stage

ORDER = Update("orders", "1", {"status": "NEW"})


def _price(price: float) -> Update:
    return Update("market_data", "BTCUSDT", {"last_price": price})


def test_an_idle_client_gets_one_every_five_seconds() -> None:
    stage = Stage()
    quiet, busy = stage.join(), stage.join("market_data")
    stage.advance(16)
    assert quiet.times("heartbeat") == [5, 10, 15]
    assert busy.times("heartbeat") == [5, 10, 15]
    assert stage.broadcaster.counters.heartbeats == 6


def test_five_seconds_count_from_the_last_diff() -> None:
    stage = Stage()
    client = stage.join("orders")
    stage.advance(3)
    stage.commit(ORDER)
    stage.advance(9)
    assert client.times("diff_update") == [3]
    assert client.times("heartbeat") == [8]


def test_a_client_that_gets_diffs_gets_no_heartbeats() -> None:
    stage = Stage()
    client = stage.join("market_data")
    for price in range(100):
        stage.commit(_price(price))
        stage.advance(0.2)
    stage.advance(0.25)
    assert "heartbeat" not in client.kinds()
    assert stage.exact(client)


def test_one_carries_the_cursor_over_what_does_not_concern_the_client() -> None:
    stage = Stage()
    client = stage.join("orders")
    for price in range(60):
        stage.commit(_price(price))
        stage.advance(0.1)
    cursor = client.client.cursor
    assert cursor is not None
    assert cursor.sequence >= 50
    stage.commit(ORDER)
    assert client.client.gaps == 0
    assert stage.exact(client)


def test_an_interval_longer_than_the_heartbeats_holds_changes_back_through_them() -> None:
    stage = Stage()
    client = stage.join("orders", interval_ms=10_000)
    stage.advance(20)
    stage.commit(ORDER)
    stage.advance(1)
    stage.commit(ORDER._replace(data={"price": 2}))
    held = client.client.cursor
    stage.advance(8)
    assert client.times("diff_update") == [20]
    assert client.times("heartbeat")[-1] == 25
    assert client.client.cursor == held
    stage.advance(1)
    assert client.times("diff_update") == [20, 30]
    assert client.client.gaps == 0
    assert stage.exact(client)


def test_a_diff_that_goes_out_in_place_of_one_starts_an_interval() -> None:
    stage = Stage()
    client = stage.join("orders")
    stage.advance(4.9)
    # The owner forgot to say that the board has changed.
    stage.board.apply(ORDER)
    stage.board.commit(stage.now.wall_ms)
    stage.advance(0.1)
    assert client.kinds()[-1] == "diff_update"
    stage.advance(0.01)
    stage.commit(ORDER._replace(data={"price": 2}))
    stage.advance(0.2)
    assert client.times("diff_update") == [5]
    stage.advance(0.1)
    assert client.times("diff_update") == [5, 5.25]


def test_a_stuck_client_gets_none() -> None:
    stage = Stage()
    client = stage.join("orders")
    client.stuck = True
    stage.commit(ORDER)
    stage.advance(12)
    assert client.kinds() == ["subscribed", "state_update"]
    client.stuck = False
    assert client.kinds() == ["subscribed", "state_update", "diff_update"]
