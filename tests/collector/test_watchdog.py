"""The watchdog: silence is said, by the wall clock, per stream and for the feed."""

from __future__ import annotations

import pytest

from collector.events import START, Desk, book, status, ticker, trade

TICKER = "test/BTCUSDT/ticker"


def test_a_stream_that_speaks_is_up() -> None:
    desk = Desk()
    for at in range(0, 3_001, 100):
        desk.say(at, ticker(at, bid=float(at + 1)))
        desk.flush(at)
    row = desk.service(TICKER)
    assert row == {
        "service": TICKER, "kind": "stream", "status": "up", "last_seen": START + 3_000, "age_ms": 0,
        "messages_per_second": pytest.approx(10, abs=0.5),
    }  # fmt: skip
    assert desk.service("test") == row | {"service": "test", "kind": "feed"}


def test_silence_is_stale_and_the_next_message_ends_it_at_once() -> None:
    desk = Desk(ticker_stale_ms=10_000)
    desk.say(0, ticker(0, bid=1.0))
    desk.flush(10_000)
    assert desk.service(TICKER)["status"] == "up"
    desk.flush(11_001)
    assert desk.service(TICKER)["status"] == "stale"
    assert desk.service(TICKER)["detail"] == "no message for more than 10 s"
    assert desk.service(TICKER)["age_ms"] == 11_000
    assert desk.service("test")["status"] == "stale"
    desk.say(11_050, ticker(0, bid=1.0))
    desk.flush(11_100)
    assert desk.service(TICKER)["status"] == "up"
    assert "detail" not in desk.service(TICKER)
    assert desk.service("test")["status"] == "up"


def test_last_prices_do_not_hide_that_quotes_have_stopped() -> None:
    desk = Desk()
    desk.say(0, ticker(0, bid=1.0, ask=2.0))
    for at in range(1_000, 12_000, 1_000):
        desk.say(at, trade(at, 1.5, number=at), ticker(at, last=1.5))
        desk.flush(at)
    assert desk.service(TICKER)["status"] == "stale"
    assert desk.service("test/BTCUSDT/trades")["status"] == "up"


def test_limits_differ_by_stream() -> None:
    desk = Desk()
    desk.say(0, ticker(0, bid=1.0), trade(0, 1.0), book(0, [(1.0, 1.0)], []))
    desk.flush(59_000)
    assert desk.service("test/BTCUSDT/book")["status"] == "stale"
    assert desk.service("test/BTCUSDT/trades")["status"] == "up"
    desk.flush(60_001)
    assert desk.service("test/BTCUSDT/trades")["status"] == "stale"


def test_the_feed_is_degraded_when_some_streams_are_stale() -> None:
    desk = Desk()
    desk.say(0, ticker(0, bid=1.0), ticker(0, "ETH/USDT", bid=1.0), trade(0, 1.0))
    desk.say(9_000, ticker(9_000, "ETH/USDT", bid=1.0))
    desk.flush(11_000)
    row = desk.service("test")
    assert (row["status"], row["detail"]) == ("degraded", "1 of 2 streams not up")
    desk.flush(30_000)
    assert desk.service("test")["status"] == "stale"


def test_quiet_trades_do_not_degrade_a_feed_with_quotes() -> None:
    desk = Desk()
    desk.say(0, trade(0, 1.0))
    desk.say(69_000, ticker(69_000, bid=1.0))
    desk.flush(70_000)
    assert desk.service("test/BTCUSDT/trades")["status"] == "stale"
    assert desk.service("test")["status"] == "up"


def test_a_feed_of_trades_alone_is_judged_by_them() -> None:
    desk = Desk()
    desk.say(0, trade(0, 1.0))
    desk.flush(61_001)
    assert desk.service("test")["status"] == "stale"


def test_a_feed_that_never_spoke_is_stale() -> None:
    desk = Desk()
    desk.flush(5_000)
    assert desk.service("test")["status"] == "up"
    desk.flush(11_000)
    row = desk.service("test")
    assert row["status"] == "stale"
    assert "last_seen" not in row
    desk.say(11_100, ticker(0, bid=1.0))
    desk.flush(12_100)
    assert desk.service("test")["status"] == "up"


def test_what_the_feed_says_holds_until_data_comes_again() -> None:
    desk = Desk()
    desk.say(0, ticker(0, bid=1.0), status(0, "down", detail="replay ended"))
    desk.flush(100)
    for at in (100, 2_000, 30_000):
        desk.flush(at)
        row = desk.service("test")
        assert (row["status"], row["detail"]) == ("down", "replay ended")
    desk.say(30_100, ticker(30_000, bid=2.0))
    desk.flush(30_200)
    row = desk.service("test")
    assert row["status"] == "up"
    assert "detail" not in row


def test_what_the_feed_says_holds_until_it_says_otherwise() -> None:
    desk = Desk()
    desk.say(0, ticker(0, bid=1.0), status(0, "degraded", TICKER, detail="reconnecting"))
    desk.flush(100)
    assert desk.service(TICKER)["status"] == "degraded"
    assert desk.service("test")["status"] == "stale"
    desk.say(200, status(200, "up", TICKER))
    desk.flush(300)
    assert desk.service(TICKER)["status"] == "up"
    assert desk.service("test")["status"] == "up"


def test_counters_of_a_status_are_kept() -> None:
    desk = Desk()
    desk.say(0, status(0, "degraded", "test/BTC/USDT/book", gaps=1, resyncs=0))
    desk.say(10, status(10, "up", "test/BTC/USDT/book", resyncs=1), status(10, "up", skipped=3))
    desk.flush(100)
    row = desk.service("test/BTCUSDT/book")
    assert (row["gaps"], row["resyncs"], row["kind"]) == (1, 1, "stream")
    assert desk.service("test")["skipped"] == 3


def test_a_dropped_book_is_no_sign_of_life() -> None:
    desk = Desk()
    desk.say(0, book(0, [(1.0, 1.0)], []))
    desk.say(10, status(10, "degraded", "test/BTCUSDT/book", gaps=1), book(10, [], []))
    desk.flush(100)
    assert desk.service("test/BTCUSDT/book")["status"] == "degraded"
    desk.say(200, book(200, [(1.0, 1.0)], []))
    desk.flush(300)
    assert desk.service("test/BTCUSDT/book")["status"] == "up"


def test_a_stream_that_was_announced_and_never_spoke_turns_stale() -> None:
    desk = Desk()
    desk.say(0, status(0, "up", TICKER))
    desk.flush(11_000)
    assert desk.service(TICKER)["status"] == "stale"


def test_other_services_of_a_feed_have_rows_and_a_bound() -> None:
    desk = Desk()
    desk.say(0, *(status(0, "down", f"sidecar-{number}") for number in range(1_500)))
    desk.flush(100)
    assert desk.service("sidecar-0")["status"] == "down"
    assert sum(key.startswith("sidecar") for key in desk.data("services")) == 1_000


def test_streams_that_a_feed_speaks_of_are_bounded() -> None:
    desk = Desk(max_symbols=2)
    desk.say(0, *(status(0, "down", f"test/S{number}/book") for number in range(50)))
    desk.flush(100)
    assert len(desk.data("services")) == 7


def test_only_what_changed_is_sent() -> None:
    desk = Desk(refresh_interval_ms=1_000_000_000)
    desk.say(0, ticker(0, bid=1.0))
    desk.flush(1_000)
    for at in range(20_000, 25_000, 1_000):
        desk.flush(at)
    before = len(desk.updates)
    desk.flush(25_000)
    sent = [update for update in desk.updates[before:] if update.topic == "services"]
    assert {update.key: set(update.data) for update in sent} == {TICKER: {"age_ms"}, "test": {"age_ms"}}
    desk.flush(120_000)
    before = len(desk.updates)
    desk.flush(121_000)
    assert not [update for update in desk.updates[before:] if update.topic == "services"]
