"""What a tick costs when every client has a watch list of its own.

    python benchmarks/bench_groups.py

500 symbols, of which 50 change in each commit, 20 commits a second. Every client watches 20 symbols of its own choice, so
that there are as many groups as clients. Time is moved by hand and members are no sockets: what is measured is the
broadcaster with its diffs and encodings alone.
"""

from __future__ import annotations

import random
import statistics
import time
from typing import TYPE_CHECKING

from report import Report

from bigboard.board import Board, Update
from bigboard.garbage import Garbage
from bigboard.gateway import Hub
from bigboard.history import MemoryCandleHistory
from bigboard.wire import Format, Frame, Instant, ServerSession

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bigboard.wire import Close

_SYMBOLS = 500
_WATCHED = 20
_CHANGED = 50
_COMMIT_S = 0.05
_SECONDS = 2.0
_SIZES = (1_000, 3_000, 10_000)


class _Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def epoch_ms(self) -> int:
        return 1_759_729_260_000 + round(self.seconds * 1000)

    def monotonic_s(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    @property
    def now(self) -> Instant:
        return Instant(self.seconds, self.epoch_ms())


class _Member:
    """A client that takes everything at once."""

    client_class = "web"
    clear = True
    deflates = False
    lane = None

    def __init__(self, session: ServerSession) -> None:
        self.session = session

    def waiting_bytes(self) -> int:
        return 0

    def write(self, frame: Frame) -> None:
        pass

    def prepare(self, frame: Frame) -> bytes:
        return frame.payload

    def send(self, data: bytes) -> int:
        return len(data)

    def send_rest(self, data: bytes) -> None:
        raise AssertionError(data)

    def close(self, close: Close) -> None:
        raise AssertionError(close)


def _update(number: int, value: float) -> Update:
    price = 100.0 + value
    fields = {"last_price": price, "bid_price": price - 0.5, "ask_price": price + 0.5, "volume_24h": value}
    return Update("market_data", f"S{number}USDT", fields)


class _Scene:
    def __init__(self, clients: int, format_: Format) -> None:
        self.random = random.Random(1)
        self.clock = _Clock()
        self.board = Board("bench")
        self.hub = Hub(self.board, self.clock, MemoryCandleHistory())
        self.garbage = Garbage(self.clock, present=lambda: clients, left=lambda: 0)
        for number in range(_SYMBOLS):
            self.board.apply(_update(number, 0.0))
        self.board.commit(1)
        for _ in range(clients):
            self._join(format_)

    def _join(self, format_: Format) -> None:
        member = _Member(ServerSession(self.hub.frames, format=format_))
        self.hub.broadcaster.add(member, self.clock.now)
        names = ",".join(f'"market_data:S{n}USDT"' for n in self.random.sample(range(_SYMBOLS), _WATCHED))
        member.session.receive(f'{{"action":"subscribe","subscriptions":[{names}]}}', self.clock.now)
        self.hub.broadcaster.answer(member, self.clock.now)

    def commits(self) -> Iterator[float]:
        """Seconds that the broadcaster worked between one commit and the next, its ticks on time."""
        end = self.clock.seconds + _SECONDS
        due = None
        while self.clock.seconds < end:
            for number in self.random.sample(range(_SYMBOLS), _CHANGED):
                self.board.apply(_update(number, self.clock.seconds + 0.001 * number))
            self.board.commit(self.clock.epoch_ms())
            begun = time.perf_counter()
            due = self.hub.broadcaster.tick(self.clock.now, committed=True)
            next_commit = self.clock.seconds + _COMMIT_S
            while due is not None and due < next_commit:
                self.clock.seconds = max(self.clock.seconds, due)
                due = self.hub.broadcaster.tick(self.clock.now, committed=False)
            yield time.perf_counter() - begun
            self.clock.seconds = next_commit


def _measure(scene: _Scene, what: str, report: Report) -> None:
    before = scene.hub.broadcaster.figures().frames
    works = list(scene.commits())
    frames = scene.hub.broadcaster.figures().frames - before
    report.add(f"{what}: share of a core", 100 * sum(works) / _SECONDS, "%")
    report.add(f"{what}: work for each frame", 1e6 * sum(works) / frames, "us")
    report.add(f"{what}: median work between two commits", 1000 * statistics.median(works), "ms")
    report.add(f"{what}: longest work between two commits", 1000 * max(works), "ms")


def main() -> None:
    report = Report("groups")
    for clients in _SIZES:
        for format_ in Format:
            scene = _Scene(clients, format_)
            for _ in scene.commits():  # to warm up, and to let the rhythm settle
                pass
            what = f"{clients:,} groups, {format_.value}"
            longest_ms = 1000 * max(scene.commits())
            with scene.garbage.tamed():
                _measure(scene, what, report)
            report.add(f"{what}: longest with Python's own rhythm of collections", longest_ms, "ms")
    report.finish()


if __name__ == "__main__":
    main()
