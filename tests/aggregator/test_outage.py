"""A spine that fails for a while: no commit is lost, changes merge, the order is kept, and the log stays short."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from aggregator.bench import Bench, bench, price, running, trade
from aggregator.hand_clock import settle
from bigboard.board import Update, UpdateBatch

if TYPE_CHECKING:
    from collections.abc import Sequence


async def test_what_merged_meanwhile_follows_without_another_update() -> None:
    async with bench() as stage:
        stage.spine.refuse = True
        stage.aggregator.ingest([price(1.0)])
        await stage.clock.advance(50)
        for number in range(2, 6):
            stage.aggregator.ingest([price(float(number))])
            await stage.clock.advance(50)
        stage.spine.refuse = False
        await stage.clock.advance(150)
        assert stage.prices() == [1.0, 5.0], "one commit that waited, one of all that came since"
        assert stage.exact()


async def test_a_barrier_after_an_outage_is_kept() -> None:
    async with bench() as stage:
        stage.spine.refuse = True
        stage.aggregator.ingest([price(1.0)])
        await stage.clock.advance(10)
        stage.spine.refuse = False
        await stage.aggregator.commit()
        await stage.aggregator.publish(
            [UpdateBatch([price(2.0)], barrier=True), UpdateBatch([price(3.0)], barrier=True)]
        )
        await settle()
        assert stage.prices() == [1.0, 2.0, 3.0]


async def test_a_commit_sends_what_waits_and_what_is_new() -> None:
    async with bench() as stage:
        stage.spine.refuse = True
        stage.aggregator.ingest([price(1.0)])
        await stage.aggregator.commit()
        stage.aggregator.ingest([price(2.0)])
        stage.spine.refuse = False
        await stage.aggregator.commit()
        await settle()
        assert stage.prices() == [1.0, 2.0]


async def test_an_answer_that_was_lost_makes_no_second_commit() -> None:
    async with bench() as stage:
        stage.spine.lose_answers = True
        stage.aggregator.ingest([trade(1)])
        await stage.clock.advance(300)
        stage.spine.lose_answers = False
        stage.aggregator.ingest([trade(2)])
        await stage.clock.advance(300)
        assert [entry["trade_id"] for entry in stage.replica.snapshot().data["trades"]["BTCUSDT"]] == ["1", "2"]
        assert stage.exact()


async def test_a_snapshot_that_failed_is_saved_later() -> None:
    async with bench(snapshot_commits=2) as stage:
        stage.aggregator.ingest([price(1.0)])
        await stage.clock.advance(10)
        stage.spine.lose_answers = True
        stage.aggregator.ingest([price(2.0)])
        await stage.clock.advance(300)
        stage.spine.lose_answers = False
        await stage.clock.advance(300)
        snapshot = await stage.spine.snapshot()
        assert snapshot is not None
        assert snapshot.sequence == 2
        assert stage.exact()


async def test_it_waits_for_a_spine_that_is_away_at_the_start() -> None:
    stage = Bench()
    stage.spine.refuse = True
    async with running(stage):
        stage.aggregator.ingest([trade(1)])
        await stage.aggregator.publish([UpdateBatch([trade(2)], barrier=True)])
        await stage.clock.advance(1_000)
        assert stage.steps == []
        stage.spine.refuse = False
        await stage.clock.advance(200)
        stage.aggregator.ingest([trade(3)])
        await stage.clock.advance(20)
        assert [entry["trade_id"] for entry in stage.replica.snapshot().data["trades"]["BTCUSDT"]] == ["1", "2", "3"]
        assert stage.exact()


async def test_a_spine_that_hangs_holds_a_barrier_up_once() -> None:
    async with bench(append_timeout_s=0.05) as stage:
        stage.spine.hang = True
        async with asyncio.timeout(5):
            await stage.aggregator.publish([UpdateBatch([price(float(n))], barrier=True) for n in range(1_000)])
        assert stage.aggregator.outage.failures < 10
        stage.spine.hang = False
        await stage.clock.advance(200)
        assert stage.prices()[-1] == 999.0
        assert stage.exact()


async def test_an_outage_is_told_at_its_start_now_and_then_and_at_its_end() -> None:
    with capture_logs() as lines:
        async with bench() as stage:
            stage.spine.refuse = True
            for number in range(25):
                stage.aggregator.ingest([price(float(number))])
                await stage.clock.advance(1_000)
            assert stage.spine.attempts > 100
            stage.spine.refuse = False
            await stage.clock.advance(1_000)
    events = [line["event"] for line in lines]
    assert events == ["commits wait for the spine"] * 3 + ["the spine takes commits again"]
    assert lines[-1]["waited_s"] == pytest.approx(25, abs=0.2)


async def test_the_own_row_says_that_commits_wait() -> None:
    async with bench() as stage:
        assert stage.aggregator.service().data["status"] == "up"
        stage.spine.refuse = True
        stage.aggregator.ingest([price(1.0)])
        await stage.clock.advance(3_000)
        row = stage.aggregator.service().data
        assert (row["status"], row["detail"]) == ("degraded", "commits wait for the spine since 3 s")
        stage.spine.refuse = False
        await stage.clock.advance(200)
        stage.aggregator.ingest([stage.aggregator.service()])
        await stage.clock.advance(20)
        shown = stage.replica.snapshot().data["services"]["aggregator"]
        assert shown["status"] == "up"
        assert "detail" not in shown


_Play = list[tuple[str, int]]
_STEPS = st.tuples(
    st.sampled_from(["ingest", "barrier", "atomic", "refuse", "lose", "mend", "wait"]), st.integers(1, 150)
)


@given(st.lists(_STEPS, max_size=40))
def test_whatever_fails_whenever_nothing_is_lost_and_the_order_is_kept(play: _Play) -> None:
    async def run() -> None:
        async with bench(snapshot_commits=4) as stage:
            sent = 0
            for step, amount in play:
                updates = [trade(sent), price(float(sent))]
                if step in ("ingest", "barrier", "atomic"):
                    await _send(stage, step, updates)
                    sent += 1
                elif step == "wait":
                    await stage.clock.advance(amount)
                else:
                    stage.spine.refuse, stage.spine.lose_answers = step == "refuse", step == "lose"
                assert [diff.since for diff in stage.diffs] == [diff.sequence - 1 for diff in stage.diffs]
            stage.spine.refuse = stage.spine.lose_answers = False
            await stage.clock.advance(250)
            assert stage.exact()
            told = [trade for diff in stage.diffs for trade in diff.changes.get("trades", {}).get("BTCUSDT", [])]
            assert [entry["trade_id"] for entry in told] == [str(number) for number in range(sent)]

    asyncio.run(run())


async def test_a_snapshot_that_cannot_be_saved_holds_up_no_commit() -> None:
    async with bench(snapshot_commits=4) as stage:
        stage.spine.refuse_saves = True
        for number in range(20):
            stage.aggregator.ingest([price(float(number))])
            await stage.clock.advance(20)
        assert stage.prices() == [float(number) for number in range(20)]
        assert stage.exact()
        assert stage.aggregator.status == "up"
        assert stage.aggregator.snapshots.outage.lasts
        stage.spine.refuse_saves = False
        await stage.clock.advance(1_500)
        snapshot = await stage.spine.snapshot()
        assert snapshot is not None
        assert snapshot.sequence == 20, "the newest one was saved, and no older one"
        assert not stage.aggregator.snapshots.outage.lasts


async def _send(stage: Bench, how: str, updates: Sequence[Update]) -> None:
    if how == "ingest":
        stage.aggregator.ingest(updates)
    elif how == "barrier":
        await stage.aggregator.publish([UpdateBatch(list(updates), barrier=True)])
    else:
        stage.aggregator.ingest_atomic(updates)
