"""Candles: each closes once, visibly, and equals what its trades say."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.collector.open_candle import OpenCandle
from collector.events import START, Desk, ticker, trade

if TYPE_CHECKING:
    from bigboard.wire.market import Mode, Trade

KEY = "BTCUSDT/1s"


def _naive(trades: list[Trade], length_ms: int) -> list[dict[str, Any]]:
    """Candles of one symbol from all its trades at once."""
    buckets: dict[int, list[Trade]] = defaultdict(list)
    for each in trades:
        buckets[each.timestamp - each.timestamp % length_ms].append(each)
    return [
        {
            "open_time": at,
            "open": inside[0].price,
            "high": max(each.price for each in inside),
            "low": min(each.price for each in inside),
            "close": inside[-1].price,
            "volume": pytest.approx(sum(each.size for each in inside)),
            "trades": len(inside),
            "closed": True,
        }
        for at, inside in sorted(buckets.items())
    ]


def _candle(prices: tuple[float, float, float, float], **rest: Any) -> dict[str, Any]:
    """The candle that opens at the start, with its open, high, low and close."""
    return {"open_time": START, **dict(zip(("open", "high", "low", "close"), prices, strict=True)), **rest}


def _closed(desk: Desk, key: str) -> list[dict[str, Any]]:
    """The closed candles of a key in the order in which they went out."""
    return [
        update.data
        for update in desk.updates
        if (update.topic, update.key) == ("candles", key) and update.data["closed"]
    ]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4_000), st.sampled_from(["BTC/USDT", "ETH/USDT"]), st.integers(1, 99), st.integers(0, 9)
        ),
        min_size=1,
        max_size=60,
    ),
    st.integers(1, 12),
    st.sampled_from([0, 3, 10_000]),
)
def test_equal_a_naive_computation(steps: list[tuple[int, str, int, int]], flush_every: int, max_held: int) -> None:
    desk = Desk("replay", candle_intervals=("1s", "5s", "1m"), max_held_closings=max(1, max_held))
    trades = []
    at = 0
    for number, (step, symbol, price, size) in enumerate(steps):
        at += step
        trades.append(trade(at, float(price), size / 10, symbol, number=number))
        desk.say(at, trades[-1])
        if number % flush_every == 0:
            desk.flush(at)
    desk.say(at + 120_000, ticker(at + 120_000, "BTC/USDT", bid=1.0))
    desk.flush(at + 120_000)
    for symbol in ("BTC/USDT", "ETH/USDT"):
        own = [each for each in trades if each.symbol == symbol]
        for interval, length_ms in (("1s", 1_000), ("5s", 5_000), ("1m", 60_000)):
            key = f"{symbol.replace('/', '')}/{interval}"
            assert _closed(desk, key) == _naive(own, length_ms)
    assert desk.collector.counters["late_trades"] == 0


@given(st.lists(st.tuples(st.integers(-3_000, 3_000), st.integers(1, 9)), min_size=1, max_size=60))
def test_every_follower_sees_each_close_once_and_none_again(steps: list[tuple[int, int]]) -> None:
    desk = Desk("live", candle_intervals=("1s",))
    at = 10_000
    for number, (step, price) in enumerate(steps):
        at = max(0, at + step)
        desk.say(at, trade(at, float(price), number=number))
        if number % 3 == 0:
            desk.flush(at)
    desk.flush(at + 60_000)
    state: dict[str, Any] = {}
    closes = []
    for patch in desk.seen_candles(KEY):
        if state.get("closed"):
            assert patch["open_time"] > state["open_time"], "a closed candle changed"
        state |= patch
        if state["closed"]:
            closes.append(state["open_time"])
    assert closes == sorted(set(closes))
    assert closes == [candle["open_time"] for candle in _closed(desk, KEY)]


def test_a_trade_of_a_later_bucket_closes_behind_a_barrier() -> None:
    desk = Desk(candle_intervals=("1s",))
    desk.say(100, trade(100, 10.0, 1.0))
    desk.flush(200)
    assert desk.data("candles")[KEY] == _candle((10.0, 10.0, 10.0, 10.0), volume=1.0, trades=1, closed=False)
    desk.say(900, trade(900, 12.0, 0.5))
    desk.say(1_100, trade(1_100, 11.0, 2.0))
    barrier, live = desk.flush(1_150)
    assert barrier.barrier
    assert not live.barrier
    assert barrier.updates[0].data == _candle((10.0, 12.0, 10.0, 12.0), volume=1.5, trades=2, closed=True)
    assert live.updates[0].data["open_time"] == START + 1_000
    assert not live.updates[0].data["closed"]


def test_two_closes_of_a_key_between_flushes_are_two_commits() -> None:
    desk = Desk("replay", candle_intervals=("1s",))
    for symbol in ("BTC/USDT", "ETH/USDT"):
        for second in range(4):
            desk.say(0, trade(second * 1_000, 10.0 + second, symbol=symbol))
    batches = desk.flush(50)
    assert [(batch.barrier, len(batch.updates)) for batch in batches] == [(True, 2), (True, 2), (True, 2), (False, 2)]


def test_the_event_clock_closes_after_the_grace() -> None:
    desk = Desk("replay", candle_intervals=("1s",))
    desk.say(0, trade(500, 10.0))
    desk.say(0, ticker(2_999, "ETH/USDT", bid=1.0))
    desk.flush(60_000)
    assert not desk.data("candles")[KEY]["closed"]
    desk.say(60_000, ticker(3_000, "ETH/USDT", bid=1.0))
    assert next(iter(desk.flush(60_000))).barrier
    assert desk.data("candles")[KEY]["closed"]


@pytest.mark.parametrize("mode", ["live", "simulated"])
def test_the_wall_clock_closes_in_a_market_that_goes_on(mode: Any) -> None:
    desk = Desk(mode, candle_intervals=("1s",))
    desk.say(500, trade(500, 10.0))
    desk.flush(2_999)
    assert not desk.data("candles")[KEY]["closed"]
    desk.flush(3_000)
    assert desk.data("candles")[KEY]["closed"]


def test_a_wall_clock_that_is_ahead_makes_no_trade_late() -> None:
    desk = Desk(candle_intervals=("1s",))
    ahead = 30_000
    for at in range(0, 3_000, 100):
        desk.say(at + ahead, trade(at, 10.0, number=at))
        desk.flush(at + ahead)
    assert desk.collector.counters["late_trades"] == 0
    assert [candle["trades"] for candle in _closed(desk, KEY)] == [10, 10]


def test_a_late_trade_is_counted_and_stays_on_the_tape() -> None:
    desk = Desk(candle_intervals=("1s", "1m"))
    desk.say(500, trade(500, 10.0, number=1))
    desk.say(1_500, trade(1_500, 10.0, number=2))
    desk.say(1_600, trade(900, 99.0, number=3))
    desk.flush(1_700)
    assert desk.collector.counters["late_trades"] == 1
    assert [candle["high"] for candle in _closed(desk, KEY)] == [10.0]
    assert desk.data("candles")["BTCUSDT/1m"]["high"] == 99.0
    assert [entry["trade_id"] for entry in desk.data("trades")["BTCUSDT"]] == ["1", "2", "3"]


def test_a_trade_for_a_candle_that_the_clock_closed_is_late() -> None:
    desk = Desk(candle_intervals=("1s",))
    desk.say(500, trade(500, 10.0))
    desk.flush(3_000)
    desk.say(3_001, trade(600, 11.0))
    desk.flush(3_100)
    assert desk.data("candles")[KEY]["close"] == 10.0
    assert desk.collector.counters["late_trades"] == 1


def test_a_symbol_that_lags_still_gets_whole_candles() -> None:
    desk = Desk("replay", candle_intervals=("1s",))
    desk.say(0, ticker(20_000, "ETH/USDT", bid=1.0))
    for number in range(10):
        desk.say(0, trade(100 * number, 10.0, number=number))
        desk.say(0, ticker(20_000 + 100 * number, "ETH/USDT", bid=1.0))
        desk.flush(0)
    desk.say(0, ticker(22_100, "ETH/USDT", bid=1.0))
    desk.flush(0)
    assert [candle["trades"] for candle in _closed(desk, KEY)] == [10]


def test_buckets_without_trades_have_no_candle() -> None:
    desk = Desk("replay", candle_intervals=("1s",))
    desk.say(0, trade(0, 10.0), trade(10_000, 10.0))
    desk.say(0, trade(10_500, 10.0), trade(20_000, 10.0))
    desk.flush(0)
    assert [candle["open_time"] - START for candle in _closed(desk, KEY)] == [0, 10_000]


def test_many_closings_do_not_wait_for_the_flush() -> None:
    desk = Desk("replay", candle_intervals=("1s",), max_held_closings=5)
    for second in range(20):
        desk.say(0, trade(second * 1_000, 10.0))
    assert len(_closed(desk, KEY)) == 18
    desk.flush(0)
    assert len(_closed(desk, KEY)) == 19


def test_what_waits_for_its_end_is_bounded() -> None:
    desk = Desk("replay", candle_intervals=("1s",))
    for second in range(1_000):
        desk.say(0, trade(second * 1_000, 10.0))
    candles = desk.collector._candles
    assert len(candles._moments) <= 4
    assert sum(len(due) for due in candles._due.values()) <= 4


def test_a_long_candle_is_told_less_often_than_a_short_one_and_ends_exact() -> None:
    desk = Desk()
    told: dict[str, int] = defaultdict(int)
    for at in range(0, 3_000, 100):
        desk.say(at, trade(at, 100.0 + at))
        before = len(desk.updates)
        desk.flush(at)
        for update in desk.updates[before:]:
            if update.topic == "candles" and not update.data["closed"]:
                told[update.key] += 1
    assert told["BTCUSDT/1s"] == 30
    assert told["BTCUSDT/1m"] == 10  # every third flush: the first that is 250 ms after the last
    assert told["BTCUSDT/4h"] == 3

    desk.flush(2_950, at_end=True)
    assert desk.data("candles")["BTCUSDT/4h"]["close"] == 100.0 + 2_900


def _kept(open_time: int, **fields: Any) -> OpenCandle:
    given = {"open": 5.0, "high": 9.0, "low": 4.0, "close": 6.0, "volume": 10.0, "trades": 7, "closed": False, **fields}
    return OpenCandle(open_time=open_time, **given)


def _resumed(kept: dict[str, OpenCandle], mode: Mode = "live") -> Desk:
    desk = Desk(mode, candle_intervals=("1m", "1h"))
    desk.collector.resume(kept)
    return desk


def test_a_candle_that_was_kept_goes_on_and_one_that_is_over_does_not() -> None:
    desk = _resumed({"BTCUSDT/1h": _kept(START), "BTCUSDT/1m": _kept(START)})
    desk.say(60_000, trade(60_000, 10.0, 2.0))
    desk.flush(60_000)
    hour, minute = (desk.data("candles")[f"BTCUSDT/{interval}"] for interval in ("1h", "1m"))
    assert hour == _candle((5.0, 10.0, 4.0, 10.0), volume=12.0, trades=8, closed=False)
    assert minute == {**_candle((10.0,) * 4, volume=2.0, trades=1, closed=False), "open_time": START + 60_000}
    desk.say(3_600_000, trade(3_600_000, 11.0))
    desk.flush(3_600_000)
    assert _closed(desk, "BTCUSDT/1h") == [_candle((5.0, 10.0, 4.0, 10.0), volume=12.0, trades=8, closed=True)]


def test_a_kept_candle_of_a_symbol_that_trades_no_more_ends_in_time() -> None:
    desk = _resumed({"BTCUSDT/1h": _kept(START), "ETHUSDT/1h": _kept(START - 3_600_000)})
    desk.say(1_000, ticker(1_000, last=7.0), ticker(1_000, "ETH/USDT", last=7.0))
    desk.flush(1_000)
    assert desk.data("candles")["BTCUSDT/1h"]["trades"] == 7
    desk.say(3_603_000, ticker(3_603_000, last=7.0))
    desk.flush(3_603_000)
    assert _closed(desk, "BTCUSDT/1h") == [_candle((5.0, 9.0, 4.0, 6.0), volume=10.0, trades=7, closed=True)]
    assert "ETHUSDT/1h" not in desk.data("candles")


def test_a_recording_goes_on_with_nothing() -> None:
    desk = _resumed({"BTCUSDT/1h": _kept(START)}, "replay")
    desk.say(1_000, trade(1_000, 10.0, 2.0))
    desk.flush(1_000)
    assert desk.data("candles")["BTCUSDT/1h"]["trades"] == 1
