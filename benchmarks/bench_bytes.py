"""Bytes of diffs against bytes of full snapshots, on recorded markets.

    python benchmarks/bench_bytes.py

The recordings are played by their recorded receive times. At every tick of a client the message is made twice: as the diff
in MessagePack that Bigboard sends, and as the full state in JSON, which is what a dashboard without diffs sends.

Two boards: all recorded symbols (five of 2021 and, after them, the two of 2024), and the two busiest alone. That is the
hard case: nearly everything on such a board changes four times a second, so a diff can save the least there.
"""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass, field

from report import Report, recorded_data

from bigboard.board import Board, Selection, Subscription
from bigboard.collector.market import MarketCollector
from bigboard.feed.replay import ReplayFeed
from bigboard.wire import Format, Frames

_TICKS_MS = {"web": 250, "terminal": 100}
_BOARDS = {"all 7 symbols": "", "2 busiest symbols": "2024-08-08"}
_TOPICS = [Subscription(topic) for topic in ("market_data", "orderbook", "trades", "candles", "metrics", "services")]


class PlayedClock:
    """The recorded time, so that ticks fall where they would have fallen."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def epoch_ms(self) -> int:
        return 1_800_000_000_000 + round(self.now_s * 1000)

    def monotonic_s(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class Client:
    """Bytes per tick of one client class."""

    tick_ms: int
    due_ms: int
    cursor: int = 0
    diffs: list[int] = field(default_factory=list)
    states: list[int] = field(default_factory=list)

    def tick(self, frames: Frames, selection: Selection) -> None:
        self.due_ms += self.tick_ms
        diff = frames.diff(Format.MSGPACK, selection, self.cursor)
        self.diffs.append(len(diff.payload) if diff else 0)
        self.states.append(len(frames.state(Format.JSON, selection, _TOPICS, 0).payload))
        self.cursor = frames.board.sequence


async def play(folder: str) -> dict[str, Client]:
    clock = PlayedClock()
    feed = ReplayFeed([recorded_data() / "binance-usdm" / folder], speed=1.0, clock=clock)
    collector = MarketCollector(feed=feed.name, mode=feed.mode, venue=feed.venue, started_at=clock.epoch_ms())
    board = Board("bench")
    frames = Frames(board)
    selection = Selection(_TOPICS)
    clients = {name: Client(tick_ms, clock.epoch_ms()) for name, tick_ms in _TICKS_MS.items()}
    flush_at = clock.epoch_ms()
    async for events in feed.events():
        now = clock.epoch_ms()
        batches = collector.process(events, now)
        if now >= flush_at:
            flush_at = now + 100
            batches += collector.flush(now)
        for batch in batches:
            for update in batch.updates:
                board.apply(update)
        board.commit(now)
        for client in clients.values():
            if now >= client.due_ms:
                client.tick(frames, selection)
    return clients


def main() -> None:
    report = Report("bytes")
    for board, folder in _BOARDS.items():
        for name, client in asyncio.run(play(folder)).items():
            label = f"{board}, {name} ({client.tick_ms} ms)"
            report.add(f"{label}: full state in JSON", statistics.median(client.states), "bytes per tick")
            report.add(f"{label}: diff in MessagePack", statistics.median(client.diffs), "bytes per tick")
            shares = [100 * diff / state for diff, state in zip(client.diffs, client.states, strict=True)]
            report.add(
                f"{label}: diff against state, median tick", statistics.median(shares), "%", target="at most 5 %"
            )
            total = 100 * sum(client.diffs) / sum(client.states)
            report.add(f"{label}: all diffs against all states", total, "%", target="at most 5 %")
    report.finish()


if __name__ == "__main__":
    main()
