"""Recordings as a feed: the contract, the real files against an independent reading, pace, damage."""

from __future__ import annotations

import asyncio
import gzip
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from bigboard.errors import FeedError
from bigboard.feed.replay import ReplayFeed
from bigboard.wire.market import Book, MarketEvent, Status, Ticker, Trade
from feed.conformance import FeedConformance, collect
from feed.fake_clock import START_MS, FakeClock
from feed.recorded_lines import START_NS, depth, snapshot, trade, write
from feed.shown_book import ShownBook
from recorded import RECORDINGS, final_state, recording

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed


class TestContract(FeedConformance):
    """On a real recording of two minutes."""

    ends = True
    batches = 10_000_000

    def make(self, clock: Clock) -> Feed:
        return ReplayFeed([recording("2021-04-05/neousdt.gz")], clock=clock)

    def make_unpaced(self) -> Feed:
        return ReplayFeed([recording("2024-08-08/btcusdt.gz")], speed=None)


@dataclass
class Board:
    """What a follower holds of one symbol."""

    book: ShownBook = field(default_factory=ShownBook)
    update_id: int | None = None
    bid: tuple[float | None, float | None] = (None, None)
    ask: tuple[float | None, float | None] = (None, None)
    last: tuple[float | None, float | None] = (None, None)
    quote_timestamp: int = 0
    tick_size: float = 0.0
    trades: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=100))
    trade_count: int = 0
    quote_count: int = 0

    def apply(self, event: MarketEvent) -> None:
        if isinstance(event, Book):
            self.book.apply(event)
            self.book.check(25)
            self.update_id = event.update_id
        elif isinstance(event, Trade):
            self.trade_count += 1
            entry = {"price": event.price, "size": event.size, "side": event.side, "timestamp": event.timestamp}
            self.trades.append({"trade_id": event.id} | entry)
        elif isinstance(event, Ticker):
            self.tick_size = event.tick_size or self.tick_size
            if event.bid is not None:
                self.bid, self.ask = (event.bid, event.bid_volume), (event.ask, event.ask_volume)
                self.quote_timestamp = event.timestamp
                self.quote_count += 1
            if event.last is not None:
                self.last = event.last, event.last_size


async def play(paths: Iterable[Path], **options: Any) -> tuple[dict[str, Board], list[Status]]:
    boards: dict[str, Board] = {}
    statuses: list[Status] = []
    async for batch in ReplayFeed(paths, **{"speed": None, **options}).events():
        for event in batch:
            if isinstance(event, Status):
                statuses.append(event)
            else:
                boards.setdefault(event.symbol, Board()).apply(event)
    return boards, statuses


def assert_final(board: Board, path: Path) -> None:
    truth = final_state(path)
    assert board.book.best_bids() == truth.bids
    assert board.book.best_asks() == truth.asks
    assert (board.bid, board.ask, board.quote_timestamp) == (truth.bid, truth.ask, truth.quote_timestamp)
    assert list(board.trades) == truth.trades
    assert board.last == (truth.trades[-1]["price"], truth.trades[-1]["size"])
    assert (board.trade_count, board.quote_count) == (truth.trade_count, truth.quote_count)


@pytest.mark.parametrize("name", RECORDINGS)
async def test_a_real_recording_ends_at_its_true_state(name: str) -> None:
    path = recording(name)
    boards, statuses = await play([path])
    assert_final(boards[path.name.partition(".")[0].upper()], path)
    assert statuses[-1].status == "down"
    assert statuses[-1].skipped == 0
    assert not any(status.gaps for status in statuses)


async def test_all_real_recordings_at_once() -> None:
    paths = [recording(name) for name in RECORDINGS]
    boards, _ = await play(paths)
    for path in paths:
        assert_final(boards[path.name.partition(".")[0].upper()], path)
    assert boards["BTCUSDT"].tick_size == 0.1
    assert boards["SANDUSDT"].tick_size == 1e-5


async def test_the_clock_of_the_recorder_shows_in_the_latency() -> None:
    path = recording("2024-08-08/ethusdt.gz")
    latencies = [
        event.latency_ms
        async for batch in ReplayFeed([path], speed=None).events()
        for event in batch
        if isinstance(event, Trade) and event.latency_ms is not None
    ]
    assert len(latencies) == final_state(path).trade_count
    assert -1_280 < min(latencies) < -1_260, "it ran 1.27 s behind the exchange's"


async def test_the_venue_is_known_at_once(tmp_path: Path) -> None:
    assert ReplayFeed([recording("2021-04-05/batusdt.gz")]).venue == "binanceusdm"
    assert ReplayFeed([write(tmp_path / "s", depth(0, 1).replace(b'"pu": 9, ', b""))]).venue == "binance"
    assert ReplayFeed([write(tmp_path / "t", trade(0, 1))]).venue is None


class TestPace:
    @pytest.mark.parametrize("speed", [1.0, 10.0, 0.5])
    async def test_a_real_recording_takes_its_time(self, speed: float) -> None:
        path, clock = recording("2021-04-05/sandusdt.gz"), FakeClock()
        await collect(ReplayFeed([path], speed=speed, clock=clock))
        assert clock.elapsed_s == pytest.approx(final_state(path).span_s / speed, abs=0.0011)

    async def test_events_are_received_when_they_are_played(self, tmp_path: Path) -> None:
        path = write(tmp_path / "x", trade(0, 1), trade(4, 2), trade(4.0001, 3), trade(9, 4))
        trades = await trades_of(ReplayFeed([path], speed=2.0, clock=FakeClock()))
        assert [trade.received_at - START_MS for trade in trades] == [0, 2_000, 2_001, 4_500]
        assert [trade.timestamp - START_NS // 10**6 for trade in trades] == [-20, 3_980, 3_980, 8_980]
        assert {trade.latency_ms for trade in trades} == {20.0, 20.1}

    @pytest.mark.parametrize("speed", [None, float("inf")])
    async def test_full_speed_waits_for_nothing(self, tmp_path: Path, speed: float | None) -> None:
        clock = FakeClock()
        await collect(ReplayFeed([write(tmp_path / "x", trade(0, 1), trade(50, 2))], speed=speed, clock=clock))
        assert clock.elapsed_s == 0

    @pytest.mark.parametrize("speed", [0.0, -1.0, float("nan")])
    def test_a_speed_that_is_none(self, tmp_path: Path, speed: float) -> None:
        with pytest.raises(ValueError, match="above 0"):
            ReplayFeed([write(tmp_path / "x", trade(0, 1))], speed=speed)

    async def test_a_long_silence_is_left_out_and_said(self, tmp_path: Path) -> None:
        clock = FakeClock()
        path = write(tmp_path / "x", trade(0, 1), trade(7_201, 2), trade(7_202, 3))
        statuses = await statuses_of(ReplayFeed([path], clock=clock))
        assert clock.elapsed_s == pytest.approx(2.0)
        assert "7200 s of silence left out" in (statuses[-1].detail or "")

    async def test_the_status_goes_on_while_nothing_happens(self, tmp_path: Path) -> None:
        path = write(tmp_path / "x", trade(0, 1), trade(30, 2))
        all_of_it = await statuses_of(ReplayFeed([path], clock=FakeClock()))
        statuses = [status for status in all_of_it if status.service == "replay"]
        assert 28 <= len(statuses) <= 33
        assert statuses[1].detail == "plays 2023-11-14 22:13:20 UTC"


async def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[float, int]] = []
    path = write(tmp_path / "x.gz", *(trade(number, number) for number in range(50)))
    feed = ReplayFeed([path], clock=FakeClock(), progress=lambda fraction, at_ms: told.append((fraction, at_ms)))
    await collect(feed)
    assert told == sorted(told)
    assert told[-1] == (1.0, START_NS // 10**6 + 49_000)
    assert len(told) >= 50


class TestLoop:
    async def test_it_starts_again_with_an_empty_book(self, tmp_path: Path) -> None:
        path = write(tmp_path / "x", depth(0, 1), snapshot(1, 1), trade(2, 7), depth(3, 2))
        feed = ReplayFeed([path], loop=True, clock=FakeClock())
        events = [event for batch in await collect(feed, batches=16) for event in batch]
        books = [event for event in events if isinstance(event, Book)]
        shapes = [(book.partial, len(book.bids)) for book in books]
        assert shapes[:5] == [(False, 2), (True, 1), (False, 0), (False, 2), (True, 1)]
        assert [event.id for event in events if isinstance(event, Trade)][:2] == ["7", "7"]
        statuses = [event for event in events if isinstance(event, Status)]
        assert any("round 2" in (status.detail or "") for status in statuses)
        assert not any(status.gaps for status in statuses)

    async def test_a_tiny_recording_lets_others_run(self, tmp_path: Path) -> None:
        path = write(tmp_path / "x", trade(0, 1))
        others = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, others.set)
        async for _ in ReplayFeed([path], speed=None, loop=True).events():
            if others.is_set():
                break

    async def test_a_recording_that_vanishes_ends_it(self, tmp_path: Path) -> None:
        path = write(tmp_path / "x", b"%d {}" % START_NS, trade(0, 1))
        feed = ReplayFeed([path], speed=None, loop=True)
        path.unlink()
        statuses = await statuses_of(feed)
        assert statuses[-1].status == "down"
        assert "x: unreadable file" in (statuses[-1].detail or "")


class TestDamage:
    async def test_a_cut_off_recording_plays_up_to_there(self, tmp_path: Path) -> None:
        content = recording("2021-04-05/chrusdt.gz").read_bytes()
        path = tmp_path / "chrusdt.gz"
        path.write_bytes(content[: len(content) * 2 // 3])
        boards, statuses = await play([path])
        assert boards["CHRUSDT"].quote_count + boards["CHRUSDT"].trade_count + (boards["CHRUSDT"].update_id or 0) > 300
        assert statuses[-1].skipped == 1
        assert "chrusdt.gz: cut-off file" in (statuses[-1].detail or "")

    async def test_each_kind_of_damage_is_counted_and_none_is_fatal(self, tmp_path: Path) -> None:
        bad = [
            b"rubbish",
            b"\xff\xfe \x00",
            b"%d {" % START_NS,
            trade(0, 1).replace(b"trade", b"strange"),
            b"x" * 2_000_000,
        ]
        path = write(tmp_path / "x.gz", trade(0, 1), *bad, trade(1, 2))
        (tmp_path / "notes.txt").write_text("not market data")
        feed = ReplayFeed([tmp_path], speed=None)
        events = [event for batch in await collect(feed) for event in batch]
        assert [event.id for event in events if isinstance(event, Trade)] == ["1", "2"]
        last = events[-1]
        assert isinstance(last, Status)
        assert last.skipped == len(bad) + 1
        for word in ("broken line", "broken message", "unknown event", "overlong line", "notes.txt is no recording"):
            assert word in (last.detail or "")
        assert path.exists()

    async def test_a_lost_diff_takes_the_book_away_until_a_snapshot(self, tmp_path: Path) -> None:
        lines = [depth(0, 1), snapshot(1, 1), depth(2, 2), depth(3, 4), depth(4, 5), snapshot(5, 5), depth(6, 6)]
        boards, statuses = await play([write(tmp_path / "x", *lines)])
        books = [status for status in statuses if status.service == "replay/BTCUSDT/book"]
        assert [(s.status, s.gaps, s.resyncs) for s in books] == [
            ("degraded", 0, 0),
            ("up", 0, 0),
            ("degraded", 1, 0),
            ("up", 1, 1),
            ("down", 1, 1),
        ]
        assert [price for price, _ in boards["BTCUSDT"].book.best_bids()] == [56.0, 55.0, 50.0]

    @pytest.mark.parametrize("flips", range(5))
    async def test_flipped_bytes_are_survived(self, tmp_path: Path, flips: int) -> None:
        content = bytearray(gzip.decompress(recording("2021-04-05/chrusdt.gz").read_bytes()))
        for place in range(200_000 + flips * 37, len(content), 4_001):
            content[place] ^= 1 << (place + flips) % 8
        path = tmp_path / "chrusdt"
        path.write_bytes(content)
        boards, statuses = await play([path])
        assert statuses[-1].status == "down"
        assert statuses[-1].skipped
        assert boards["CHRUSDT"].trade_count > 0


def test_a_path_that_does_not_exist_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="check the path"):
        ReplayFeed([tmp_path / "nowhere.gz"])


async def test_a_consumer_that_breaks_off_closes_the_file(recwarn: pytest.WarningsRecorder) -> None:
    async for batch in ReplayFeed([recording("2024-08-08/btcusdt.gz")], speed=None).events():
        if any(isinstance(event, Trade) for event in batch):
            break
    await asyncio.sleep(0)
    assert not recwarn.list


async def trades_of(feed: ReplayFeed) -> list[Trade]:
    return [event for batch in await collect(feed) for event in batch if isinstance(event, Trade)]


async def statuses_of(feed: ReplayFeed) -> list[Status]:
    batches: list[Sequence[MarketEvent]] = await collect(feed)
    return [event for batch in batches for event in batch if isinstance(event, Status)]
