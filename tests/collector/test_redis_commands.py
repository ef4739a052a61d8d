"""The commands that a write is made of."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bigboard.board.update import Update, UpdateBatch
from bigboard.collector.outbox import Outbox, Parcel
from bigboard.collector.redis_commands import KeyWriter, publications
from bigboard.wire.ticker import market_row, ticker_of

if TYPE_CHECKING:
    from bigboard.collector.redis_commands import Command

_NAMES = {"BTCUSDT": "BTC/USDT"}
_ROW = {"symbol": "BTCUSDT", "last_price": 5.0, "bid_price": 4.0, "volume_24h": 9.0, "tick_size": 0.1, "timestamp": 7}


def _outbox(*updates: Update) -> Outbox:
    outbox = Outbox()
    outbox.add([UpdateBatch(list(updates))])
    return outbox


def _read(command: Command) -> Any:
    return json.loads(str(command[2], "utf-8") if isinstance(command[2], bytes) else "")


def test_a_row_is_a_ticker_a_price_of_the_history_and_a_publication() -> None:
    outbox = _outbox(Update("market_data", "BTCUSDT", _ROW))
    writer = KeyWriter(_NAMES, prefix="", ttl_s=60)
    ticker, push, trim, expire = writer.commands(outbox, 9_999)
    assert (ticker[:2], ticker[3:]) == (("SET", "ticker:BTC/USDT"), ("EX", 60))
    assert _read(ticker) == {
        "symbol": "BTC/USDT", "last": 5.0, "bid": 4.0, "volume": 9.0, "tick_size": 0.1, "timestamp": 7,
    }  # fmt: skip
    assert push[:2] == ("LPUSH", "history:BTC/USDT:price")
    assert _read(push) == {"price": 5.0, "timestamp": 7}
    assert trim == ("LTRIM", "history:BTC/USDT:price", 0, 99)
    assert expire == ("EXPIRE", "history:BTC/USDT:price", 60)
    (publication,) = publications(outbox.take(0.0), "")
    assert publication[:2] == ("PUBLISH", "market_data:BTCUSDT")
    assert _read(publication) == _ROW


def test_the_life_of_a_history_is_prolonged_now_and_then() -> None:
    outbox, writer = _outbox(Update("market_data", "BTCUSDT", _ROW)), KeyWriter(_NAMES, prefix="", ttl_s=60)
    names = []
    for now in (10_000, 10_599, 10_600, 10_601):
        outbox.add([UpdateBatch([Update("market_data", "BTCUSDT", {"last_price": float(now)})])])
        names.append([str(command[0]) for command in writer.commands(outbox, now)])
    rare, often = ["SET", "LPUSH", "LTRIM"], ["SET", "LPUSH", "LTRIM", "EXPIRE"]
    assert names == [often, rare, often, rare]


def test_a_price_that_stays_is_no_news_for_the_history() -> None:
    outbox = _outbox(Update("market_data", "BTCUSDT", _ROW))
    writer = KeyWriter(_NAMES, prefix="", ttl_s=60)
    assert len(list(writer.commands(outbox, 9_999))) == 4
    outbox.add([UpdateBatch([Update("market_data", "BTCUSDT", {"bid_price": 4.5})])])
    assert [command[0] for command in writer.commands(outbox, 9_999)] == ["SET"]


def test_metrics_of_a_symbol_and_over_all() -> None:
    outbox = _outbox(
        Update("metrics", "BTCUSDT", {"spread": 1.0, "feed_latency_ms": None}),
        Update("metrics", "total", {"messages_received": 5}),
    )
    written = {
        command[1]: _read(command) for command in KeyWriter(_NAMES, prefix="p:", ttl_s=60).commands(outbox, 9_999)
    }
    assert written == {
        "p:metrics:BTC/USDT": {"symbol": "BTC/USDT", "spread": 1.0, "timestamp": 9_999},
        "p:metrics:latest": {"messages_received": 5, "symbols": 0, "timestamp": 9_999},
    }
    (batch,) = publications(outbox.take(0.0), "p:")
    assert batch[1] == "p:batch:collector"
    assert {update["key"] for update in _read(batch)["updates"]} == {"BTCUSDT", "total"}


def test_a_removed_field_is_null_on_the_channel_and_absent_in_the_key() -> None:
    outbox = _outbox(Update("market_data", "X", {"last_price": None, "symbol": "X"}))
    (ticker,) = KeyWriter({}, prefix="", ttl_s=60).commands(outbox, 9_999)
    assert _read(ticker) == {"symbol": "X"}
    (publication,) = publications(outbox.take(0.0), "")
    assert _read(publication) == {"last_price": None, "symbol": "X"}


def test_many_trades_are_some_messages_and_closed_candles_come_first_each_for_itself() -> None:
    trades = [{"trade_id": str(number)} for number in range(2_500)]
    closings = [[Update("candles", "X/1m", {"close": float(number)})] for number in range(2)]
    parcel = Parcel(trades={"X": trades}, closings=closings, others={("services", "s"): {"gaps": 1}})
    commands = list(publications(parcel, ""))
    assert [command[1] for command in commands] == ["batch:collector"] * 2 + ["trades:X"] * 3 + ["batch:collector"]
    assert [_read(command)["updates"][0]["data"]["close"] for command in commands[:2]] == [0.0, 1.0]
    assert all(_read(command)["barrier"] for command in commands[:2])
    assert [trade for command in commands[2:5] for trade in _read(command)] == trades
    assert "barrier" not in _read(commands[5])


def test_a_ticker_can_be_read_back_into_a_row() -> None:
    assert market_row(ticker_of(_ROW, "BTCUSDT")) == _ROW


def _candle(key: str, trades: int) -> Update:
    return Update("candles", key, {"open_time": 0, "trades": trades, "closed": False})


def _kept(commands: list[Command]) -> dict[Any, Any]:
    (put,) = (command for command in commands if command[0] == "HSET")
    assert put[1] == "p:candles:binance"
    return {key: json.loads(str(value, "utf-8")) for key, value in _pairs(put[2:]) if isinstance(value, bytes)}


def _pairs(parts: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    return list(zip(parts[::2], parts[1::2], strict=True))


def test_candles_under_way_are_kept_once_a_second_and_only_what_changed() -> None:
    outbox = _outbox(_candle("X/1m", 1), _candle("X/1d", 9), _candle("X/1s", 1))
    writer = KeyWriter({}, prefix="p:", ttl_s=60)
    assert list(writer.commands(outbox, 10_000)) == [], "nobody said whose they are"
    writer.feed = "binance"
    commands = list(writer.commands(outbox, 10_100))
    assert _kept(commands) == {key: _candle(key, trades).data for key, trades in (("X/1m", 1), ("X/1d", 9))}
    assert commands[-1] == ("EXPIRE", "p:candles:binance", 60)
    outbox.add([UpdateBatch([_candle("X/1m", 2)])])
    assert list(writer.commands(outbox, 11_099)) == []
    assert _kept(list(writer.commands(outbox, 11_100))) == {"X/1m": _candle("X/1m", 2).data}
    assert list(writer.commands(outbox, 12_200)) == []
    writer.forget()
    outbox.write_all_keys()
    assert set(_kept(list(writer.commands(outbox, 12_201)))) == {"X/1m", "X/1d"}
