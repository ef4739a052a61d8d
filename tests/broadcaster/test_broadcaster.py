"""Groups and their rhythm: one diff and one encoding for all who want the same."""

from __future__ import annotations

import pytest

from bigboard.board import Update
from bigboard.wire import Format
from broadcaster.stage import FakeMember, Stage


def _price(price: float, key: str = "BTCUSDT") -> Update:
    return Update("market_data", key, {"last_price": price})


ORDER = Update("orders", "1", {"status": "NEW"})


def test_equal_clients_form_a_group() -> None:
    stage = Stage()
    assert stage.broadcaster.groups == 0
    members = [
        stage.join("orders", "market_data"),
        stage.join("market_data", "orders"),
        stage.join("orders", "market_data", format=Format.MSGPACK),
        stage.join("orders", "market_data", interval_ms=100),
        stage.join("orders"),
        stage.join(),
    ]
    assert stage.broadcaster.groups == 5
    for member in members:
        stage.broadcaster.remove(member)
    assert stage.broadcaster.groups == 0
    assert not stage.broadcaster.members


def test_a_group_gets_the_very_same_frame_from_one_encoding() -> None:
    stage = Stage()
    members = [stage.join("market_data") for _ in range(50)]
    stage.advance(1)
    before = stage.frames.encodings
    stage.commit(_price(1))
    assert stage.frames.encodings - before == 1
    assert len({id(member.frames[-1]) for member in members}) == 1
    stage.commit(_price(2))
    stage.advance(0.25)
    assert stage.frames.encodings - before == 2
    assert all(stage.exact(member) for member in members)


def test_each_format_takes_one_encoding() -> None:
    stage = Stage()
    for _ in range(5):
        for form in Format:
            stage.join("market_data", format=form)
    stage.advance(1)
    before = stage.frames.encodings
    stage.commit(_price(1))
    assert stage.frames.encodings - before == 2


def test_the_first_change_after_a_quiet_interval_goes_out_at_once() -> None:
    stage = Stage()
    client = stage.join("market_data")
    stage.advance(1)
    stage.commit(_price(1))
    assert client.times("diff_update") == [1]
    stage.advance(0.1)
    stage.commit(_price(2))
    stage.advance(0.1)
    stage.commit(_price(3))
    assert client.times("diff_update") == [1]
    stage.advance(0.1)
    assert client.times("diff_update") == [1, 1.25]
    stage.advance(0.25)
    stage.commit(_price(4))
    assert client.times("diff_update") == [1, 1.25, 1.55]
    assert stage.exact(client)


def test_what_changed_within_an_interval_comes_as_one_diff() -> None:
    stage = Stage()
    client = stage.join("market_data")
    stage.advance(1)
    for price in range(6):
        stage.commit(_price(price))
        stage.advance(0.01)
    stage.advance(1)
    diffs = [message for _, message in client.arrived if message["type"] == "diff_update"]
    assert [(diff["since"], diff["sequence"]) for diff in diffs] == [(0, 1), (1, 6)]
    assert diffs[1]["changes"] == {"market_data": {"BTCUSDT": {"last_price": 5}}}


def test_commits_that_touch_nothing_subscribed_to_send_nothing_and_use_no_interval_up() -> None:
    stage = Stage()
    client = stage.join("orders")
    stage.advance(1)
    for price in range(20):
        stage.commit(_price(price))
        stage.advance(0.05)
    stage.commit(ORDER)
    assert client.times("diff_update") == [2]


@pytest.mark.parametrize("interval_ms", [100, 250])
def test_a_subscribe_holds_no_pending_change_back_for_longer_than_an_interval(interval_ms: int) -> None:
    stage = Stage()
    client = stage.join("market_data", interval_ms=interval_ms)
    others = stage.join("market_data", "orders", interval_ms=interval_ms)
    stage.advance(1)
    stage.commit(_price(1))
    stage.advance(0.01)
    stage.commit(_price(2))
    # The second price is held back; the client leaves its group for one that may be armed.
    client.say({"action": "unsubscribe", "subscriptions": ["orders"]})
    client.subscribe("orders")
    stage.advance(interval_ms / 1000)
    assert stage.exact(client)
    assert stage.exact(others)
    assert client.client.gaps == 0


def test_an_unsubscribe_holds_no_pending_change_back_for_longer_than_an_interval() -> None:
    stage = Stage()
    client = stage.join("market_data", "orders")
    stage.join("market_data")
    stage.advance(1)
    stage.commit(_price(1))
    stage.advance(0.01)
    stage.commit(_price(2))
    client.say({"action": "unsubscribe", "subscriptions": ["orders"]})
    stage.advance(0.25)
    assert client.client.replica.data()["market_data"] == {"BTCUSDT": {"last_price": 2}}


def test_a_longer_interval_takes_effect_with_the_answer() -> None:
    stage = Stage()
    client = stage.join("market_data")
    client.subscribe("market_data", interval_ms=1_000)
    stage.advance(2)
    for price in range(30):
        stage.commit(_price(price))
        stage.advance(0.1)
    assert client.times("diff_update") == [2, 3, 4]


def test_a_new_epoch_brings_every_client_one_state() -> None:
    stage = Stage()
    clients = [stage.join("orders"), stage.join("orders", "market_data"), stage.join()]
    stage.commit(ORDER)
    stage.advance(1)
    fresh = Stage()
    fresh.board.cursor = fresh.board.cursor._replace(epoch="another")
    fresh.commit(_price(5))
    stage.board.load(fresh.board.snapshot())
    stage.tick(committed=True)
    stage.advance(1)
    for client in clients[:2]:
        assert client.kinds()[-1] == "state_update"
        assert stage.exact(client)
    assert clients[2].kinds() == []


def test_counters_tell_frames_and_bytes() -> None:
    stage = Stage()
    clients = [stage.join("market_data"), stage.join("market_data", format=Format.MSGPACK)]
    stage.advance(1)
    stage.commit(_price(1))
    stage.advance(20)
    figures = stage.broadcaster.figures()
    frames = [frame for client in clients for frame in client.frames]
    assert figures.frames == len(frames)
    assert figures.bytes == sum(len(frame.payload) for frame in frames)
    assert figures.counters.heartbeats == sum(client.kinds().count("heartbeat") for client in clients) > 0


def test_without_clients_it_asks_for_no_tick() -> None:
    stage = Stage()
    assert stage.broadcaster.tick(stage.now, committed=True) is None


def test_an_idle_board_is_looked_at_no_more_often_than_heartbeats_need() -> None:
    stage = Stage()
    for _ in range(10):
        stage.join("market_data")
    stage.advance(1)
    before = stage.ticks
    stage.advance(100)
    assert stage.ticks - before <= 25


def test_a_quiet_group_costs_no_look_at_its_members(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage()
    quiet = [stage.join("orders") for _ in range(20)]
    stage.advance(1)
    looks = 0

    def clear(member: FakeMember) -> bool:
        nonlocal looks
        looks += member in quiet
        return True

    monkeypatch.setattr(FakeMember, "clear", property(clear))
    busy = stage.join("market_data")
    for price in range(50):
        stage.commit(_price(price))
        busy.say({"action": "ping"})
    assert looks == 0
    stage.commit(ORDER)
    assert looks == 20
    assert all(member.times("diff_update") == [1] for member in quiet)


def test_a_client_that_subscribes_again_before_the_tick_takes_nothing_from_its_group() -> None:
    stage = Stage()
    first, second = stage.join("orders"), stage.join("orders")
    stage.advance(1)
    # The board has a commit that no tick has seen yet, and the first client's answer is already past it.
    stage.board.apply(ORDER)
    stage.board.commit(stage.now.wall_ms)
    first.subscribe("orders")
    assert second.times("diff_update") == [1]
    assert stage.exact(first)
    assert stage.exact(second)
