"""What the collector puts on the board: market rows, books, tapes and metrics, as PROTOCOL section 8 has them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.collector import CollectorSettings, MarketCollector
from bigboard.wire.market import Book, MarketEvent, Status, Ticker, Trade
from collector.events import START, Desk, book, status, ticker, trade

_DAY_MS = 86_400_000


def test_a_ticker_fills_the_row() -> None:
    desk = Desk()
    desk.say(
        0,
        ticker(
            0, last=100.1, last_size=2.0, bid=100.0, bid_volume=3.0, ask=100.2, ask_volume=4.0, mark_price=100.05,
            index_price=100.04, funding_rate=-0.0001, next_funding_time=START + 1, tick_size=0.1,
        ),
    )  # fmt: skip
    assert desk.row() == {
        "symbol": "BTCUSDT", "venue": "testex", "mode": "live", "last_price": 100.1, "last_size": 2.0, "bid_price": 100.0,
        "bid_size": 3.0, "ask_price": 100.2, "ask_size": 4.0, "spread": 0.2, "spread_bps": 19.98, "open_24h": 100.1,
        "high_24h": 100.1, "low_24h": 100.1, "change_24h": 0.0, "change_24h_pct": 0.0, "mark_price": 100.05,
        "index_price": 100.04, "funding_rate": -0.0001, "next_funding_time": START + 1, "tick_size": 0.1,
        "timestamp": START, "received_at": START + 5,
    }  # fmt: skip


def test_what_a_ticker_does_not_say_stays() -> None:
    desk = Desk()
    desk.say(0, ticker(0, bid=100.0, ask=101.0, bid_volume=1.0))
    desk.say(1, ticker(1, ask=102.0))
    row = desk.row()
    assert (row["bid_price"], row["ask_price"], row["bid_size"], row["spread"]) == (100.0, 102.0, 1.0, 2.0)


def test_only_what_changed_is_sent_with_the_time() -> None:
    desk = Desk()
    desk.say(0, ticker(0, bid=100.0, ask=101.0))
    (batch,) = desk.say(1, ticker(1, bid=100.0, ask=101.0))
    assert batch.updates[0].data == {"timestamp": START + 1, "received_at": START + 6}


def test_trades_alone_make_price_and_statistics() -> None:
    desk = Desk()
    desk.say(0, trade(0, 100.0, 1.0), trade(10, 110.0, 2.0, number=2), trade(20, 99.0, 0.1, number=3))
    row = desk.row()
    assert (row["last_price"], row["last_size"]) == (99.0, 0.1)
    assert (row["open_24h"], row["high_24h"], row["low_24h"]) == (100.0, 110.0, 99.0)
    assert (row["volume_24h"], row["quote_volume_24h"]) == (3.1, 329.9)
    assert (row["change_24h"], row["change_24h_pct"]) == (-1.0, -1.0)
    assert "bid_price" not in row


def test_the_exchanges_own_day_counts_more_than_what_was_seen_of_it() -> None:
    desk = Desk()
    desk.say(0, trade(0, 100.0, 1.0))
    assert desk.row()["open_24h"] == 100.0
    desk.say(5, ticker(5, open=80.0, high=120.0, low=70.0, base_volume=5_000.0))
    row = desk.row()
    assert (row["open_24h"], row["high_24h"], row["low_24h"], row["volume_24h"]) == (80.0, 120.0, 70.0, 5_000.0)
    assert (row["change_24h"], row["change_24h_pct"]) == (20.0, 25.0)
    assert "quote_volume_24h" not in row, "the exchange does not tell it, and one trade is not the day's"
    desk.say(10, trade(10, 130.0, 1.0, number=2))
    row = desk.row()
    assert (row["change_24h"], row["high_24h"], row["low_24h"], row["volume_24h"]) == (50.0, 130.0, 70.0, 5_000.0)
    desk.say(20, ticker(20, open=81.0, high=130.0, low=71.0, base_volume=5_001.0))
    row = desk.row()
    assert (row["change_24h"], row["low_24h"], row["volume_24h"]) == (49.0, 71.0, 5_001.0)


def test_the_exchanges_own_day_outlives_the_window() -> None:
    desk = Desk("live")
    desk.say(0, trade(0, 100.0), ticker(0, open=80.0, high=120.0, low=70.0))
    later = _DAY_MS + 120_000
    desk.say(later, ticker(later, "ETH/USDT", bid=1.0))
    for at in range(later, later + 62_000, 1_000):
        desk.flush(at)
    assert desk.row()["open_24h"] == 80.0


def test_a_late_ticker_does_not_set_the_last_price_back() -> None:
    desk = Desk()
    desk.say(100, trade(100, 101.0), ticker(50, last=100.0, bid=99.0))
    row = desk.row()
    assert (row["last_price"], row["bid_price"], row["timestamp"]) == (101.0, 99.0, START + 100)


@pytest.mark.parametrize("mode", ["live", "replay"])
def test_a_day_old_price_leaves_the_statistics_without_trades(mode: Any) -> None:
    desk = Desk(mode)
    desk.say(0, trade(0, 100.0))
    later = _DAY_MS + 120_000
    desk.say(later, ticker(later, "ETH/USDT", bid=1.0))
    for at in range(later, later + 62_000, 1_000):
        desk.flush(at)
    row = desk.row()
    assert row["last_price"] == 100.0
    assert not [name for name in row if name.endswith(("_24h", "_pct"))]


def test_without_a_ticker_the_book_tells_bid_and_ask() -> None:
    desk = Desk()
    desk.say(0, book(0, [(99.0, 1.0), (98.0, 2.0)], [(101.0, 3.0)]))
    row = desk.row()
    assert (row["bid_price"], row["bid_size"], row["ask_price"], row["ask_size"]) == (99.0, 1.0, 101.0, 3.0)
    assert (row["spread"], row["spread_bps"]) == (2.0, 200.0)
    desk.say(10, book(10, [(99.0, 0.0)], [(100.0, 1.0)], partial=True))
    assert (desk.row()["bid_price"], desk.row()["ask_price"]) == (98.0, 100.0)
    desk.say(20, book(20, [], []))
    assert not {"bid_price", "bid_size", "ask_price", "ask_size", "spread", "spread_bps"} & set(desk.row())


def test_a_ticker_has_precedence_over_the_book() -> None:
    desk = Desk()
    desk.say(0, book(0, [(99.0, 1.0)], [(101.0, 3.0)]), ticker(1, bid=99.5, ask=100.5))
    desk.say(10, book(10, [(97.0, 1.0)], [(103.0, 3.0)]))
    assert (desk.row()["bid_price"], desk.row()["ask_price"]) == (99.5, 100.5)


def test_books_pass_through() -> None:
    desk = Desk()
    desk.say(0, book(0, [(99.0, 1.0)], [(101.0, 3.0)]), book(5, [(99.0, 0.0), (98.0, 1.0)], [], partial=True))
    assert desk.data("orderbook")["BTCUSDT"] == {
        "bids": [[98.0, 1.0]], "asks": [[101.0, 3.0]], "update_id": 5, "timestamp": START + 5, "received_at": START + 10,
    }  # fmt: skip
    desk.say(10, book(10, [], []))
    assert desk.data("orderbook")["BTCUSDT"]["bids"] == []


def test_an_update_id_that_a_browser_cannot_hold_is_left_out() -> None:
    desk = Desk()
    event = Book(symbol="X", timestamp=START, received_at=START, bids=[(1.0, 1.0)], asks=[], update_id=2**60)
    desk.say(0, event)
    assert "update_id" not in desk.data("orderbook")["X"]


def test_trades_of_a_batch_are_one_update() -> None:
    desk = Desk()
    events = [trade(at, 100.0, 0.5, number=at, side="sell") for at in range(3)]
    (batch,) = desk.say(5, *events, ticker(3, "ETH/USDT", bid=1.0))
    tapes = [update for update in batch.updates if update.topic == "trades"]
    assert [(tape.key, len(tape.data)) for tape in tapes] == [("BTCUSDT", 3)]
    assert tapes[0].data[0] == {
        "trade_id": "0", "price": 100.0, "size": 0.5, "side": "sell", "timestamp": START,
    }  # fmt: skip


def test_very_many_trades_stay_below_the_boards_bound() -> None:
    desk = Desk()
    desk.say(0, *(trade(0, 100.0, number=number) for number in range(12_345)))
    assert desk.data("trades")["BTCUSDT"][-1]["trade_id"] == "12344"


def test_spellings_of_a_symbol_meet() -> None:
    desk = Desk()
    desk.say(
        0, ticker(0, "BTC/USDT:USDT", bid=1.0), ticker(1, "btcusdt", ask=2.0), ticker(2, "kraken:BTC/USDT", bid=3.0)
    )
    assert desk.row()["spread"] == 1.0
    assert desk.row("kraken:BTCUSDT")["bid_price"] == 3.0


def test_metrics_per_symbol_and_in_total() -> None:
    desk = Desk()
    for at in range(0, 10_000, 100):
        desk.say(at, ticker(at, bid=99.0, ask=101.0), trade(at, 100.0, number=at), ticker(at, "ETH/USDT", bid=1.0))
        desk.flush(at)
    desk.flush(10_000)
    metrics = desk.data("metrics")
    assert metrics["BTCUSDT"] == {
        "spread": 2.0, "spread_bps": 200.0, "messages_received": 200, "messages_per_second": pytest.approx(20, abs=1),
        "uptime_seconds": 10, "feed_latency_ms": 5.0,
    }  # fmt: skip
    assert metrics["total"] == {
        "messages_received": 300, "messages_per_second": pytest.approx(30, abs=1), "uptime_seconds": 10,
        "feed_latency_ms": 5.0, "late_trades": 0, "rejected_messages": 0, "rejected_events": 0,
    }  # fmt: skip


def test_a_feeds_own_latency_counts_and_may_be_negative() -> None:
    desk = Desk("replay")
    desk.say(0, ticker(0, bid=1.0, latency_ms=-1270.25))
    desk.flush(1_000)
    assert desk.data("metrics")["BTCUSDT"]["feed_latency_ms"] == -1270.2


def test_reports_come_once_a_second() -> None:
    desk = Desk()
    desk.say(0, ticker(0, bid=1.0))
    for at in range(100, 5_001, 100):
        desk.flush(at)
    assert sum(update.topic == "metrics" and update.key == "total" for update in desk.updates) == 5


def test_a_wall_clock_that_is_set_back_does_not_stop_the_reports() -> None:
    desk = Desk()
    desk.flush(3_600_000)
    desk.flush(0)
    before = len(desk.updates)
    desk.flush(1_000)
    assert len(desk.updates) > before


def test_every_row_is_sent_whole_now_and_then() -> None:
    desk = Desk(refresh_interval_ms=10_000)
    for number in range(25):
        desk.say(0, ticker(0, f"S{number}/USDT", bid=1.0))
    desk.flush(1_000)
    before = len(desk.updates)
    for at in range(2_000, 13_000, 1_000):
        desk.flush(at)
    sent = desk.updates[before:]
    assert {update.key for update in sent if update.topic == "market_data"} == {
        f"S{number}USDT" for number in range(25)
    }
    assert all("bid_price" in update.data for update in sent if update.topic == "market_data")
    assert {"test", "test/S7USDT/ticker"} <= {update.key for update in sent if "kind" in update.data}


def test_symbols_are_bounded_and_the_rest_is_counted() -> None:
    desk = Desk(max_symbols=3)
    for number in range(10):
        desk.say(0, ticker(0, f"S{number}/USDT", bid=1.0), trade(0, 1.0, symbol=f"S{number}USDT"))
    desk.say(0, ticker(0, "", bid=1.0), ticker(0, "X" * 500, bid=1.0))
    desk.flush(1_000)
    assert len(desk.data("market_data")) == 3
    assert desk.data("metrics")["total"]["rejected_messages"] == 16
    assert len(desk.collector._by_spelling) == 6


def test_a_time_in_a_wrong_unit_harms_nothing() -> None:
    desk = Desk(candle_intervals=("1s",))
    desk.say(0, trade(0, 100.0))
    micro = START * 1_000
    desk.say(1, Trade(symbol="BTCUSDT", timestamp=micro, received_at=START, id="2", price=9.0, size=1.0, side="buy"))
    desk.say(1, Ticker(symbol="BTCUSDT", timestamp=START, received_at=-1, bid=9.0))
    desk.say(2, trade(2, 101.0, number=3))
    desk.flush(100)
    assert desk.data("candles")["BTCUSDT/1s"]["trades"] == 2
    assert desk.collector.counters["rejected_events"] == 2


def _closed_minutes(desk: Desk) -> list[int]:
    candles = [update.data for update in desk.updates if update.topic == "candles"]
    return [(candle["open_time"] - START) // 60_000 for candle in candles if candle["closed"]]


def test_a_replay_that_starts_over_is_followed() -> None:
    desk = Desk("replay", candle_intervals=("1m",))
    closes = []
    for number in range(3):
        for at in range(0, 130_000, 1_000):
            now = number * 130_000 + at
            desk.say(now, trade(at, 100.0 + at / 1_000, number=at), ticker(at, "ETH/USDT", bid=1.0, ask=2.0))
            desk.flush(now)
        row = desk.row()
        assert (row["last_price"], row["timestamp"], row["volume_24h"]) == (229.0, START + 129_000, 130.0)
        assert row["open_24h"] == 100.0
        closes.append(_closed_minutes(desk))
    assert desk.collector.counters["late_trades"] == 0
    assert closes == [[0, 1], [0, 1, 2, 0, 1], [0, 1, 2, 0, 1, 2, 0, 1]]


def test_an_old_event_of_a_live_market_is_just_late() -> None:
    desk = Desk(candle_intervals=("1m",))
    desk.say(200_000, trade(200_000, 100.0), trade(0, 50.0, number=2))
    assert desk.row()["last_price"] == 100.0
    assert desk.collector.counters["late_trades"] == 1


_NUMBERS = st.one_of(
    st.sampled_from([0.0, -1.0, 1.0, 0.1, 1e300, 5e-324, float("nan"), float("inf"), float("-inf")]), st.floats()
)
_TIMES = st.one_of(st.integers(START - 5_000, START + 200_000), st.sampled_from([-1, 0, 2**62, START * 1_000]))
_SYMBOLS = st.sampled_from(["BTC/USDT", "ETH/USDT", ""])
_HEAD = {"symbol": _SYMBOLS, "timestamp": _TIMES, "received_at": _TIMES}
_MAYBE = st.one_of(st.none(), _NUMBERS)
_EVENTS = st.one_of(
    st.builds(
        Ticker, **_HEAD, latency_ms=_MAYBE, last=_MAYBE, last_size=_MAYBE, bid=_MAYBE, bid_volume=_MAYBE, ask=_MAYBE,
        ask_volume=_MAYBE, mark_price=_MAYBE, funding_rate=_MAYBE, next_funding_time=st.one_of(st.none(), _TIMES),
        tick_size=_MAYBE, open=_MAYBE, high=_MAYBE, low=_MAYBE, base_volume=_MAYBE, quote_volume=_MAYBE,
    ),
    st.builds(
        Trade, **_HEAD, id=st.sampled_from(["", "7"]), price=_NUMBERS, size=_NUMBERS, side=st.sampled_from(["buy", "sell"])
    ),
    st.builds(
        Status, service=st.sampled_from(["test", "test/BTCUSDT/book", "test//book", "other", "test/"]), kind=st.just("feed"),
        status=st.sampled_from(["up", "down", "degraded", "stale"]), timestamp=_TIMES,
        gaps=st.one_of(st.none(), st.integers(-1, 5)),
    ),
)  # fmt: skip


@given(
    st.sampled_from(["live", "replay"]),
    st.lists(st.tuples(st.integers(-2_000, 20_000), st.lists(_EVENTS, max_size=5)), max_size=25),
)
def test_whatever_comes_the_board_takes_what_goes_out(mode: Any, steps: list[tuple[int, list[MarketEvent]]]) -> None:
    desk = Desk(mode)
    at = 0
    for step, events in steps:
        at = max(0, at + step)
        desk.say(at, *events)
        desk.flush(at)


@given(st.lists(st.lists(_EVENTS, max_size=4), max_size=20))
def test_one_call_or_many_give_the_same_state(groups: list[list[MarketEvent]]) -> None:
    apart, together = Desk(), Desk()
    for event in (event for group in groups for event in group):
        apart.say(0, event)
    together.say(0, *(event for group in groups for event in group))
    apart.flush(1_000)
    together.flush(1_000)
    for topic in ("market_data", "candles", "trades", "services", "metrics"):
        assert apart.data(topic) == together.data(topic)


def test_what_was_sent_never_changes_afterwards() -> None:
    collector = MarketCollector(feed="t", mode="replay", venue=None, started_at=START, settings=CollectorSettings())
    first = collector.process([trade(0, 1.0), ticker(0, bid=1.0)], START) + collector.flush(START + 1_000)
    copies = [[repr(update) for update in batch.updates] for batch in first]
    collector.process([trade(5, 2.0), ticker(5, bid=2.0), status(5, "down")], START + 1_500)
    collector.flush(START + 3_000)
    assert [[repr(update) for update in batch.updates] for batch in first] == copies
