"""A feed that plays recorded exchange streams, at their own pace, faster, slower, or as fast as it goes."""

from __future__ import annotations

import math
from contextlib import aclosing, closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from bigboard.clock import Clock, SystemClock
from bigboard.feed.binance import Arrival, BinanceStreams
from bigboard.feed.pace import Pace
from bigboard.feed.recording import Line, merged_lines, open_recordings
from bigboard.feed.skips import Skips
from bigboard.feed.turn import SHORTEST_SLEEP_S, Turn
from bigboard.wire.market import Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
    from pathlib import Path

    from bigboard.wire.market import MarketEvent, Mode, ServiceStatus

__all__ = ["ReplayFeed"]

_MOST_EVENTS: Final = 256
"""In one batch: at full speed a batch would else grow as long as the loop's turn."""
_STATUS_EVERY_S: Final = 1.0
_WORTH_A_WORD_S: Final = 1.0
"""Lag behind the pace that the status mentions."""


class ReplayFeed:
    """Plays files and folders of recordings, merged by their receive time.

    ``speed`` is how many recorded seconds pass in one: 1.0 as it was, 0.5 at half pace, ``None`` or infinity as fast as
    the consumer takes it. With ``loop`` it starts again at the end: trade ids then repeat, and books start over from
    empty ones. ``progress`` is told the fraction of the bytes read and the recorded time in epoch milliseconds, about
    ten times a second and once at the end of each round.

    Raises ``FeedError`` at once if a path does not exist, or if nothing there is a recording; reads the first lines of
    each file for that.
    """

    name = "replay"
    mode: Mode = "replay"

    def __init__(
        self,
        paths: Iterable[Path | str],
        *,
        speed: float | None = 1.0,
        loop: bool = False,
        depth: int = 25,
        clock: Clock | None = None,
        progress: Callable[[float, int], None] | None = None,
    ) -> None:
        if speed is not None and not speed > 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self._skips = Skips()
        self._recordings = open_recordings(paths, self._skips)
        self._pace = Pace(speed) if speed is not None and not math.isinf(speed) else None
        self._loop = loop
        self._clock = clock if clock is not None else SystemClock()
        self._progress = progress
        self._streams = BinanceStreams(self.name, depth=depth, skips=self._skips)
        self._turn = Turn()
        self._begun = False
        self._round = 1
        self._recorded_ns = self._recordings[0].start_ns
        self._lag_s = 0.0
        self._status_due_s = -math.inf
        self._progress_due_s = -math.inf

    @property
    def venue(self) -> str | None:
        """``binanceusdm`` or ``binance`` (spot), by the way the messages look; of the first recording that tells."""
        market = next((recording.market for recording in self._recordings if recording.market), None)
        return {None: None, "usdm": "binanceusdm", "spot": "binance"}[market]

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        """See ``Feed``. ``timestamp`` is the recorded event time, ``received_at`` the moment of play, and ``latency_ms``
        the recorded receive time less the recorded event time, which another clock made: it may be negative.
        """
        if self._begun:
            raise RuntimeError("events() of a feed may be called once")
        self._begun = True
        yield [self._status("up")]
        while True:
            async with aclosing(self._play()) as batches:
                async for batch in batches:
                    yield batch
            self._report_progress(1.0)
            if not self._loop or not self._streams.symbols:
                break
            yield self._begin_again()
        now = self._clock.epoch_ms()
        yield [*self._streams.end(now, "replay ended"), self._status("down")]

    def _begin_again(self) -> list[MarketEvent]:
        self._round += 1
        if self._pace is not None:
            self._pace.restart()
        return [*self._streams.restart(self._clock.epoch_ms()), self._status("up")]

    async def _play(self) -> AsyncGenerator[list[MarketEvent], None]:
        """One round over all recordings."""
        turn = self._turn  # kept from round to round: a short recording in a loop must let others run too
        batch: list[MarketEvent] = []
        received_at = self._clock.epoch_ms()
        with closing(merged_lines(self._recordings, self._skips)) as lines:
            for line in lines:
                wait_s = self._wait_s(line)
                while wait_s > 0 or len(batch) >= _MOST_EVENTS or turn.is_over():
                    batch += self._news()
                    if batch:
                        yield batch
                        batch = []
                    if wait_s > 0:
                        await self._clock.sleep(min(max(wait_s, SHORTEST_SLEEP_S), _STATUS_EVERY_S))
                        turn.begin()
                    elif turn.is_over():
                        await self._clock.sleep(0)
                        turn.begin()
                    received_at = self._clock.epoch_ms()
                    wait_s = self._wait_s(line)
                if line.message is not None:
                    self._recorded_ns = line.local_ns
                    arrival = Arrival(line.local_ns / 1e6, received_at)
                    batch += self._streams.read(line.message, arrival, snapshot_of=line.recording.symbol)
        if batch:
            yield batch
        if turn.is_over():
            await self._clock.sleep(0)
            turn.begin()

    def _wait_s(self, line: Line) -> float:
        """Seconds until the line is due; none at full speed, and none for a line that only marks work done."""
        if self._pace is None or line.message is None:
            return 0.0
        now_s = self._clock.monotonic_s()
        wait_s = self._pace.due_s(line.local_ns, now_s) - now_s
        self._lag_s = max(0.0, -wait_s)
        return wait_s

    def _news(self) -> list[MarketEvent]:
        """A status about once a second, and a word to ``progress`` about ten times."""
        now_s = self._clock.monotonic_s()
        if now_s >= self._progress_due_s:
            self._progress_due_s = now_s + 0.1
            size = sum(recording.size for recording in self._recordings)
            self._report_progress(sum(recording.consumed for recording in self._recordings) / max(1, size))
        if now_s < self._status_due_s:
            return []
        self._status_due_s = now_s + _STATUS_EVERY_S
        return [self._status("up")]

    def _report_progress(self, fraction: float) -> None:
        if self._progress is not None:
            self._progress(fraction, self._recorded_ns // 1_000_000)

    def _status(self, status: ServiceStatus) -> Status:
        return Status(
            service=self.name,
            kind="feed",
            status=status,
            timestamp=self._clock.epoch_ms(),
            detail="; ".join(self._remarks(status)),
            skipped=self._skips.count,
        )

    def _remarks(self, status: ServiceStatus) -> Iterable[str]:
        recorded = datetime.fromtimestamp(self._recorded_ns / 1e9, UTC)
        yield "replay ended" if status == "down" else f"plays {recorded:%Y-%m-%d %H:%M:%S} UTC"
        if self._round > 1:
            yield f"round {self._round}"
        if self._lag_s > _WORTH_A_WORD_S:
            yield f"{self._lag_s:.0f} s behind its pace"
        if self._pace is not None and self._pace.silence_left_out_s:
            yield f"{self._pace.silence_left_out_s:.0f} s of silence left out"
        if self._skips.count:
            yield str(self._skips)
