"""Bad updates: counted by topic and reason, logged at a bounded rate, harmless to all others."""

from __future__ import annotations

from structlog.testing import capture_logs

from aggregator.bench import bench, price
from aggregator.hand_clock import settle
from bigboard.board import Update

_NO_NUMBER = Update("market_data", "BTCUSDT", {"last_price": "high"})
_NO_TOPIC = Update("weather", "x", {"a": 1})
_NO_SIDE = Update("trades", "BTCUSDT", {"trade_id": "1", "side": "up"})


async def test_a_bad_update_harms_no_other_and_is_counted_by_topic_and_reason() -> None:
    async with bench() as stage:
        stage.aggregator.ingest([_NO_NUMBER, price(1.0), _NO_TOPIC, price(2.0, "ETHUSDT"), _NO_SIDE, _NO_NUMBER])
        await settle()
        rejections = stage.aggregator.rejections
        by_topic = {
            topic: sum(n for (t, _), n in rejections.counts.items() if t == topic) for topic, _ in rejections.counts
        }
        assert by_topic == {"market_data": 2, "weather": 1, "trades": 1}
        assert ("weather", "unknown_topic") in rejections.counts
        assert rejections.total == 4
        assert stage.aggregator.updates == 6
        assert stage.replica.snapshot().data["market_data"] == {
            "BTCUSDT": {"last_price": 1.0},
            "ETHUSDT": {"last_price": 2.0},
        }


async def test_a_batch_that_belongs_together_enters_whole_or_not_at_all() -> None:
    async with bench() as stage:
        stage.aggregator.ingest([price(1.0)])
        await stage.clock.advance(20)
        fill = [
            Update("orders", "42", {"status": "FILLED"}),
            Update("positions", "BTCUSDT", {"quantity": 1.0, "side": "LONG"}),
            Update("account", "main", {"equity": 5.0}),
        ]
        stage.aggregator.ingest_atomic([*fill, _NO_NUMBER])
        await stage.clock.advance(20)
        assert len(stage.diffs) == 1
        assert stage.aggregator.rejections.total == 1
        stage.aggregator.ingest_atomic(fill)
        await stage.clock.advance(20)
        assert len(stage.diffs) == 2
        assert set(stage.diffs[-1].changes) == {"orders", "positions", "account"}
        assert stage.exact()


async def test_the_log_hears_of_each_kind_once_in_a_while_with_the_number() -> None:
    with capture_logs() as lines:
        async with bench() as stage:
            for _ in range(25):
                stage.aggregator.ingest([_NO_NUMBER] * 40 + [_NO_SIDE])
                await stage.clock.advance(1_000)
    told = [(line["topic"], line["count"]) for line in lines if line["topic"] == "market_data"]
    assert told == [("market_data", 1), ("market_data", 400), ("market_data", 400)]
    assert len(lines) == 6
    assert all(len(line["error"]) <= 500 for line in lines)


async def test_a_strangers_topic_names_do_not_grow_the_table() -> None:
    with capture_logs() as lines:
        async with bench() as stage:
            stage.aggregator.ingest([Update(f"topic{number}", "x", {}) for number in range(5_000)])
            counts = stage.aggregator.rejections.counts
            assert len(counts) <= 1_001
            assert counts.total() == 5_000
    assert len(lines) <= 1_001


async def test_the_own_row_tells_rate_and_rejections() -> None:
    async with bench() as stage:
        first = stage.aggregator.service()
        assert first.key == "aggregator"
        assert first.data["messages_per_second"] == 0.0
        stage.aggregator.ingest([price(float(number)) for number in range(50)] + [_NO_NUMBER])
        await stage.clock.advance(2_000)
        row = stage.aggregator.service()
        assert row.data["messages_per_second"] == 25.5
        assert row.data["rejected"] == 1
        assert row.data["last_seen"] == stage.clock.epoch_ms()
        stage.aggregator.ingest([row])
        await settle()
        assert stage.aggregator.rejections.total == 1, "the board takes the aggregator's own row"
        shown = stage.replica.snapshot().data["services"]["aggregator"]
        assert shown == {name: value for name, value in row.data.items() if value is not None}
