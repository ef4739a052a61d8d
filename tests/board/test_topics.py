"""The topics are those of PROTOCOL sections 4 and 8, field by field. The tables here are transcribed, not derived."""

from __future__ import annotations

import pytest

from bigboard.board import TOPICS, Board, Limits, MergeKind, Update
from bigboard.board.rules import Kind
from bigboard.errors import UpdateRejected

SECTION_8 = {
    "market_data": "symbol, venue, last_price, last_size, bid_price, bid_size, ask_price, ask_size, spread, spread_bps,"
    " open_24h, high_24h, low_24h, volume_24h, quote_volume_24h, change_24h, change_24h_pct,"
    " mark_price, index_price, funding_rate,"
    " next_funding_time, mode, timestamp, received_at",
    "candles": "open_time, open, high, low, close, volume, trades, closed",
    "orderbook": "bids, asks, update_id, timestamp, received_at",
    "trades": "trade_id, price, size, side, timestamp",
    "orders": "order_id, client_order_id, account_id, strategy_id, symbol, side, type, status, price, stop_price, quantity,"
    " filled_quantity, average_price, time_in_force, reduce_only, reject_reason, created_at, updated_at",
    "positions": "symbol, account_id, strategy_id, side, quantity, entry_price, mark_price, notional, unrealized_pnl,"
    " realized_pnl, leverage, liquidation_price, margin, updated_at",
    "account": "account_id, currency, equity, balance, available, margin_used, unrealized_pnl, realized_pnl,"
    " realized_pnl_today, balances, updated_at",
    "strategies": "strategy_id, name, status, symbols, pnl, trades_count, win_rate, last_signal, message, updated_at",
    "risk": "exposure, gross_exposure, leverage, drawdown, drawdown_limit, daily_loss, daily_loss_limit, breaches,"
    " updated_at",
    "metrics": "spread, spread_bps, messages_received, messages_per_second, uptime_seconds, feed_latency_ms",
    "services": "service, kind, status, circuit, last_seen, age_ms, latency_ms, messages_per_second, gaps, resyncs, detail",
    "alerts": "alert_id, rule, severity, topic, key, value, threshold, message, status, fired_at, updated_at",
}
CHOICES = {
    ("market_data", "mode"): {"live", "replay", "simulated"},
    ("trades", "side"): {"buy", "sell"},
    ("orders", "status"): {"NEW", "PARTIALLY_FILLED", "FILLED", "CANCELED", "REJECTED", "EXPIRED"},
    ("positions", "side"): {"LONG", "SHORT"},
    ("strategies", "status"): {"RUNNING", "PAUSED", "STOPPED", "ERROR"},
    ("services", "status"): {"up", "stale", "degraded", "down"},
    ("services", "circuit"): {"closed", "open", "half_open"},
    ("alerts", "status"): {"firing", "acknowledged", "resolved"},
}
SECTION_4 = {
    MergeKind.FIELDS: "market_data, candles, positions, account, strategies, risk, metrics, services",
    MergeKind.ROWS: "orders, alerts",
    MergeKind.TAPE: "trades",
    MergeKind.LADDER: "orderbook",
}
IDS = ("order_id", "client_order_id", "account_id", "strategy_id", "trade_id", "alert_id")


def test_the_topics_in_the_order_of_the_protocol() -> None:
    assert list(TOPICS) == list(SECTION_8)
    assert [topic.name for topic in TOPICS.values()] == list(SECTION_8)


@pytest.mark.parametrize("name", SECTION_8)
def test_the_fields_of_a_topic(name: str) -> None:
    fields = set(SECTION_8[name].split(", "))
    if name == "orderbook":
        fields -= {"bids", "asks"}  # Levels, not fields.
    assert set(TOPICS[name].rules) == fields


def test_the_merge_kinds() -> None:
    kinds = {topic: kind for kind, topics in SECTION_4.items() for topic in topics.split(", ")}
    assert {name: topic.kind for name, topic in TOPICS.items()} == kinds
    assert {name: topic.id_field for name, topic in TOPICS.items() if topic.id_field} == {
        "orders": "order_id",
        "alerts": "alert_id",
    }


def test_the_choices() -> None:
    found = {
        (topic.name, name): set(rule.choices)
        for topic in TOPICS.values()
        for name, rule in topic.rules.items()
        if rule.kind is Kind.CHOICE
    }
    assert found == CHOICES


def test_ids_are_identifiers_and_symbols_are_normalised_everywhere() -> None:
    for topic in TOPICS.values():
        for name, rule in topic.rules.items():
            assert (rule.kind is Kind.IDENTIFIER) == (name in IDS), f"{topic.name}.{name}"
            assert (rule.kind is Kind.SYMBOL) == (name == "symbol"), f"{topic.name}.{name}"


def test_sizes_counts_and_times_are_unsigned() -> None:
    words = (
        "size",
        "quantity",
        "volume_24h",
        "timestamp",
        "received_at",
        "updated_at",
        "created_at",
        "fired_at",
        "_count",
    )
    for topic in TOPICS.values():
        for name, rule in topic.rules.items():
            if name.endswith(words) and name != "quote_volume_24h":
                assert rule.kind is Kind.UNSIGNED, f"{topic.name}.{name}"


def test_a_closed_status_is_a_status() -> None:
    assert TOPICS["orders"].closed_statuses == {"FILLED", "CANCELED", "REJECTED", "EXPIRED"}
    assert TOPICS["alerts"].closed_statuses == {"resolved"}


@pytest.mark.parametrize("name", SECTION_8)
def test_an_unknown_scalar_is_kept_and_an_unknown_array_is_not(name: str) -> None:
    board = Board("e")
    data = {"extra": "x", "partial": True, "bids": []} if name == "orderbook" else {"extra": "x"}
    assert board.apply(Update(name, "k", data))
    for wrong in ([1], {"a": 1}):
        with pytest.raises(UpdateRejected):
            board.apply(Update(name, "k", {"extra": wrong}))


@pytest.mark.parametrize(
    ("topic", "key", "stored"),
    [
        ("market_data", "btc/usdt", "BTCUSDT"),
        ("orderbook", "kraken:BTC/USDT", "kraken:BTCUSDT"),
        ("trades", "BTC/USDT:USDT", "BTCUSDT"),
        ("candles", "BTC/USDT/1m", "BTCUSDT/1m"),
        ("positions", "main/BTC/USDT", "main/BTCUSDT"),
        ("metrics", "total", "total"),
        ("metrics", "btc/usdt", "BTCUSDT"),
        ("account", "Main/a", "Main/a"),
        ("strategies", "mm-1", "mm-1"),
        ("risk", "main", "main"),
        ("services", "replay/BTCUSDT/book", "replay/BTCUSDT/book"),
    ],
)
def test_how_keys_are_spelled(topic: str, key: str, stored: str) -> None:
    board = Board("e")
    board.apply(Update(topic, key, {"x": 1}))
    assert list(board.snapshot().data[topic]) == ([stored])
    board.apply(Update(topic, stored, {"x": 2}))
    assert list(board.snapshot().data[topic]) == [stored]


@pytest.mark.parametrize("topic", SECTION_8)
@pytest.mark.parametrize("key", ["", " x", "x ", "a\nb", "k" * 9, "\ud800", 5, None])
def test_a_key_that_is_none(topic: str, key: object) -> None:
    with pytest.raises(UpdateRejected) as raised:
        Board("e", limits=Limits(max_key_length=8)).apply(Update(topic, key, {"x": 1}))  # type: ignore[arg-type]
    assert raised.value.reason == "bad_key"


@pytest.mark.parametrize("topic", ["market", "", None, 5, ["orders"], "x" * 10_000])
def test_an_unknown_topic(topic: object) -> None:
    with pytest.raises(UpdateRejected) as raised:
        Board("e").apply(Update(topic, "k", {"x": 1}))  # type: ignore[arg-type]
    assert raised.value.reason == "unknown_topic"
    assert len(str(raised.value)) < 400
