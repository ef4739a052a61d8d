"""All that a symbol's tickers have said, in one."""

from __future__ import annotations

from typing import Any

from bigboard.feed.latest_ticker import LatestTicker
from bigboard.wire.market import Ticker, Trade


def _ticker(at: int, **fields: Any) -> Ticker:
    return Ticker(symbol="BTCUSDT", timestamp=at, received_at=at + 1, **fields)


def _trade(at: int, price: float) -> Trade:
    return Trade(symbol="BTCUSDT", timestamp=at, received_at=at + 1, id="1", price=price, size=2.0, side="buy")


def test_nothing_is_known_at_first() -> None:
    assert LatestTicker().whole("BTCUSDT") is None


def test_what_a_ticker_does_not_say_stays() -> None:
    latest = LatestTicker()
    latest.take(_ticker(1, tick_size=0.1, funding_rate=0.0001))
    latest.take(_ticker(2, bid=3.0, bid_volume=1.0, last=3.1, last_size=0.5))
    latest.take(_ticker(3, bid=4.0))
    whole = _ticker(3, tick_size=0.1, funding_rate=0.0001, bid=4.0, bid_volume=1.0, last=3.1, last_size=0.5)
    assert latest.whole("BTCUSDT") == whole


def test_the_last_price_follows_the_trades_and_never_goes_back() -> None:
    latest = LatestTicker()
    latest.take(_ticker(1, last=1.0, last_size=1.0, bid=1.0))
    latest.trade(_trade(5, 5.0))
    latest.take(_ticker(4, last=4.0, bid=2.0))
    assert latest.whole("BTCUSDT") == Ticker(
        symbol="BTCUSDT", timestamp=5, received_at=5, last=5.0, last_size=2.0, bid=2.0
    )


def test_a_replay_that_starts_again_is_followed() -> None:
    latest = LatestTicker()
    latest.take(_ticker(1_000, last=9.0))
    latest.start_over()
    latest.take(_ticker(1, last=1.0))
    assert latest.whole("BTCUSDT") == _ticker(1, last=1.0)
