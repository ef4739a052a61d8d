"""When the aggregator commits: at once after a quiet time, otherwise at most once in an interval."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from aggregator.bench import Bench, bench, price, running, trade
from aggregator.hand_clock import settle
from bigboard.board import Board, UpdateBatch


async def test_the_first_change_after_a_quiet_time_goes_at_once() -> None:
    async with bench() as stage:
        for at in (0, 500, 777):
            await stage.clock.advance(at - stage.clock.monotonic_s() * 1000)
            stage.aggregator.ingest([price(float(at + 1))])
            await settle()
        assert stage.times == [0, 500, 777]


async def test_what_comes_within_an_interval_is_one_commit_at_its_end() -> None:
    async with bench() as stage:
        for number in range(9):
            stage.aggregator.ingest([price(float(number))])
            await stage.clock.advance(1)
        assert stage.prices() == [0.0]
        await stage.clock.advance(1)
        assert stage.prices() == [0.0, 8.0]
        assert stage.times == [0, 10]


async def test_nothing_changed_is_no_commit() -> None:
    async with bench() as stage:
        for _ in range(5):
            stage.aggregator.ingest([price(1.0)])
            stage.aggregator.ingest_atomic([price(1.0)])
            await stage.aggregator.commit()
            await stage.clock.advance(50)
        assert len(stage.diffs) == stage.aggregator.commits == 1
        assert stage.aggregator.updates == 10


async def test_the_interval_is_a_setting() -> None:
    async with bench(commit_interval_s=0.2) as stage:
        for number in range(40):
            stage.aggregator.ingest([price(float(number))])
            await stage.clock.advance(10)
        assert stage.times == [0, 200, 400]


@given(st.lists(st.tuples(st.floats(0, 40).map(lambda ms: round(ms, 3)), st.integers(1, 4)), max_size=25))
def test_at_most_one_commit_in_an_interval_and_none_later_than_one(arrivals: list[tuple[float, int]]) -> None:
    async def play() -> None:
        async with bench() as stage:
            came: list[float] = []
            for wait_ms, count in arrivals:
                await stage.clock.advance(wait_ms)
                for _ in range(count):
                    stage.aggregator.ingest([price(float(len(came)))])
                    came.append(stage.clock.monotonic_s() * 1000)
                await settle()
            await stage.clock.advance(10)
            gaps = [later - earlier for earlier, later in zip(stage.times, stage.times[1:], strict=False)]
            assert all(gap >= 10 - 1e-6 for gap in gaps)
            assert all(any(at - 1e-6 <= time <= at + 10 + 1e-6 for time in stage.times) for at in came)
            assert stage.exact()

    asyncio.run(play())


async def test_a_snapshot_is_saved_every_so_many_commits_and_holds_no_more_than_its_sequence() -> None:
    async with bench(snapshot_commits=5) as stage:
        for number in range(23):
            stage.aggregator.ingest([trade(number), price(float(number))])
            await stage.clock.advance(10)
        snapshot = await stage.spine.snapshot()
        assert snapshot is not None
        assert snapshot.sequence == 20
        late = Board("")
        late.load(snapshot)
        for diff in stage.diffs[20:]:
            late.merge(diff)
        assert late.snapshot() == stage.aggregator.board.snapshot()


async def test_what_was_there_before_the_start_is_told_once() -> None:
    stage = Bench()
    stage.aggregator.ingest([trade(1), price(1.0)])
    await stage.aggregator.commit()
    stage.aggregator.ingest([trade(2)])
    async with running(stage):
        stage.aggregator.ingest([trade(3)])
        await stage.clock.advance(20)
        assert [entry["trade_id"] for entry in stage.replica.snapshot().data["trades"]["BTCUSDT"]] == ["1", "2", "3"]
        assert stage.exact()


async def test_a_barrier_makes_a_commit_of_its_own_whatever_the_interval() -> None:
    async with bench() as stage:
        batches = [UpdateBatch([price(float(number)), trade(number)], barrier=number % 2 == 0) for number in range(6)]
        await stage.aggregator.publish(batches)
        await settle()
        assert stage.prices() == [0.0, 2.0, 4.0], "a batch without a barrier merges into the next one with"
        await stage.clock.advance(10)
        assert stage.prices() == [0.0, 2.0, 4.0, 5.0]
        assert stage.exact()


async def test_a_barrier_that_changes_nothing_makes_no_commit() -> None:
    async with bench() as stage:
        await stage.aggregator.publish([UpdateBatch([price(1.0)], barrier=True)] * 3)
        await settle()
        assert stage.prices() == [1.0]


async def test_publishers_at_the_same_time_lose_no_barrier() -> None:
    async with bench() as stage:
        symbols = ("AAUSDT", "BBUSDT", "CCUSDT")
        await asyncio.gather(
            *(
                stage.aggregator.publish([UpdateBatch([price(float(n), symbol)], barrier=True) for n in range(8)])
                for symbol in symbols
            )
        )
        await stage.clock.advance(20)
        for symbol in symbols:
            assert stage.prices(symbol) == [float(n) for n in range(8)]


async def test_a_board_that_changes_much_is_snapshotted_sooner() -> None:
    saved = set()
    async with bench(snapshot_commits=1_000, snapshot_weight=100) as stage:
        for value in range(1, 41):
            stage.aggregator.ingest([price(float(value), f"S{n}USDT") for n in range(10)])
            await stage.aggregator.commit()
            await settle()
            snapshot = await stage.spine.snapshot()
            assert snapshot is not None
            saved.add(snapshot.sequence)
    # 10 keys a commit: the 100th changed key comes with the 10th commit.
    assert sorted(saved) == [0, 10, 20, 30, 40]
