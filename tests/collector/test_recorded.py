"""Real recorded streams through the collector: the board shows what the recording says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bigboard.wire.market import Ticker, Trade
from collector.events import START, Desk
from recorded import final_state, raw_lines, recording

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bigboard.wire.market import MarketEvent

_FLUSH_MS = 100


def _events(path: Path) -> Iterator[tuple[int, MarketEvent]]:
    """Receive time by the recorder's clock (ms), and the event, for quotes and trades."""
    for at_ns, message in raw_lines(path):
        data = message.get("data", message)
        kind = data.get("e")
        if kind not in {"bookTicker", "trade", "aggTrade"}:
            continue
        at = at_ns // 1_000_000
        head: dict[str, Any] = {"symbol": data["s"], "timestamp": data["T"], "received_at": at}
        if kind == "bookTicker":
            bid, bid_volume, ask, ask_volume = (float(data[letter]) for letter in "bBaA")
            yield at, Ticker(**head, bid=bid, bid_volume=bid_volume, ask=ask, ask_volume=ask_volume)
        else:
            trade_id = str(data.get("t", data.get("a")))
            side: Any = "sell" if data["m"] else "buy"
            yield at, Trade(**head, id=trade_id, price=float(data["p"]), size=float(data["q"]), side=side)


@pytest.mark.parametrize("name", ["2024-08-08/btcusdt.gz", "2021-04-05/neousdt.gz"])
def test_the_board_shows_the_recording(name: str) -> None:
    path = recording(name)
    truth = final_state(path)
    desk = Desk("replay", candle_intervals=("1s", "1m"))
    volumes: dict[int, float] = {}
    flushed = 0
    for at, event in _events(path):
        desk.say(at - START, event)
        if at - flushed >= _FLUSH_MS:
            desk.flush(at - START)
            flushed = at
        if isinstance(event, Trade):
            minute = event.timestamp - event.timestamp % 60_000
            volumes[minute] = volumes.get(minute, 0.0) + event.size
    desk.flush(flushed + 1_000 - START)

    row = desk.row(truth.symbol)
    assert (row["bid_price"], row["bid_size"]) == truth.bid
    assert (row["ask_price"], row["ask_size"]) == truth.ask
    assert row["spread"] == pytest.approx(truth.ask[0] - truth.bid[0], rel=1e-9)
    assert len(repr(row["spread"])) <= 8, "noise of floats"
    assert row["volume_24h"] == pytest.approx(sum(volumes.values()))
    assert desk.data("trades")[truth.symbol] == truth.trades
    assert desk.data("metrics")[truth.symbol]["messages_received"] == truth.quote_count + truth.trade_count
    assert desk.collector.counters == {"late_trades": 0, "rejected_messages": 0, "rejected_events": 0}
    closed = [
        update.data for update in desk.updates if update.key == f"{truth.symbol}/1m" and update.data.get("closed")
    ]
    assert [candle["open_time"] for candle in closed] == sorted(volumes)[: len(closed)]
    assert len(closed) >= len(volumes) - 1
    for candle in closed:
        assert candle["volume"] == pytest.approx(volumes[candle["open_time"]])
