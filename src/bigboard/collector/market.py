"""The collector: market events in, board updates out.

One ``MarketCollector`` serves one feed. It is pure: ``process`` is called with what the feed yields, ``flush`` every
100 ms or so, and both are told the time. Updates of ``market_data``, ``orderbook`` and ``trades`` leave ``process`` at
once; candles are conflated until ``flush``, which also reports ``metrics`` and ``services`` once a second.

Batches are to be applied in the order in which they are returned. A batch that closes candles is a barrier, and comes
before any update of the candles that follow.

A replay may start over: its events are then minutes or days older than what came before. The market's time goes back with
it, and what was built of the round before is closed. In a live market an old event is just late.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.board.symbols import normalise_symbol
from bigboard.board.update import Update, UpdateBatch
from bigboard.collector.candles import CandleBuilder
from bigboard.collector.clock import EventClock
from bigboard.collector.metrics import Metrics
from bigboard.collector.settings import CollectorSettings
from bigboard.collector.symbol import SymbolState, book_data
from bigboard.collector.watchdog import Watchdog
from bigboard.wire.market import Book, Status, Ticker, Trade

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bigboard.collector.open_candle import OpenCandle
    from bigboard.wire.market import MarketEvent, Mode

__all__ = ["MarketCollector"]

_SPELLINGS_PER_SYMBOL = 4
_LONGEST_SYMBOL = 64
_TRADES_PER_UPDATE = 1_000
_STARTS_OVER_MS = 10_000
"""A symbol's events come in order, but its streams may differ by a second or two. More than this is another round."""
_STREAM_OF = {Ticker: "ticker", Trade: "trades", Book: "book"}


class MarketCollector:
    """Turns the events of one feed into updates of the board.

    ``feed`` is the feed's key in ``services``; ``mode`` and ``venue`` are its own. Times are epoch milliseconds:
    ``started_at`` and each ``now`` by the wall clock of this machine, event times by the exchange's.
    """

    def __init__(
        self, *, feed: str, mode: Mode, venue: str | None, started_at: int, settings: CollectorSettings | None = None
    ) -> None:
        self.mode: Mode = mode
        self._venue = venue
        self._settings = settings or CollectorSettings()
        self._symbols: dict[str, SymbolState] = {}
        # The hot path looks a symbol up by the feed's spelling, which is normalised once.
        self._by_spelling: dict[str, SymbolState] = {}
        self._clock = EventClock(moves_alone=mode != "replay")
        self._candles = CandleBuilder(self._settings.candle_intervals, self._settings.candle_grace_ms, self._clock)
        self._watchdog = Watchdog(feed, started_at, self._settings)
        self._metrics = Metrics(started_at, self._settings.rate_window_ms)
        self._touched: list[SymbolState] = []
        self._reported_at = started_at
        # Symbols whose whole row is still to be sent in this round, and the part of a symbol that is owed.
        self._tended: list[SymbolState] = []
        self._owed = 0.0
        self._rejected_symbols = 0
        self._rejected_events = 0

    @property
    def counters(self) -> dict[str, int]:
        """What was left out and why; also in ``metrics:total``.

        ``late_trades`` came after their candle had closed; ``rejected_messages`` are of symbols beyond the bound;
        ``rejected_events`` had an impossible time, price or size.
        """
        refused = sum(state.row.refused for state in self._symbols.values())
        return {
            "late_trades": self._candles.late_trades,
            "rejected_messages": self._rejected_symbols,
            "rejected_events": self._rejected_events + refused,
        }

    def resume(self, candles: Mapping[str, OpenCandle]) -> None:
        """Go on with the candles that an earlier run left open; to be called before the first event.

        A recording starts over and goes on with nothing.
        """
        if self.mode != "replay":
            self._candles.resume(candles)

    def process(self, events: Iterable[MarketEvent], now: int) -> list[UpdateBatch]:
        """Take events that became known together at the wall-clock time ``now``; their updates, in one batch or none.

        Nothing that an event says makes this raise: what cannot be used is counted. If very many candles closed since the
        last flush, their barriers are returned too, first.
        """
        updates: list[Update] = []
        newest = now + self._settings.max_ahead_ms
        for event in events:
            if isinstance(event, Status):
                self._watchdog.tell(event, now)
                continue
            state = self._by_spelling.get(event.symbol) or self._find(event.symbol)
            if state is None:
                self._rejected_symbols += 1
            elif 0 <= event.timestamp <= newest and 0 <= event.received_at <= newest:
                self._take(state, event, now, updates)
            else:
                self._rejected_events += 1
        for state in self._touched:
            self._send(state, updates)
        self._touched.clear()
        batches = self._candles.closings() if self._candles.held > self._settings.max_held_closings else []
        if updates:
            batches.append(UpdateBatch(updates))
        return batches

    def flush(self, now: int, *, at_end: bool = False) -> list[UpdateBatch]:
        """What waited for its time: closed candles (barriers), live candles, and once a second metrics and services.

        ``at_end``: the feed has ended, so nothing is held back for its pace.
        """
        self._candles.advance(self._clock.at(now))
        batches = self._candles.closings()
        updates = self._candles.live(now, all_of_them=at_end)
        elapsed = now - self._reported_at
        # Less than zero: the wall clock was set back.
        if elapsed >= self._settings.report_interval_ms or elapsed < 0 or at_end:
            self._reported_at = now
            updates += self._report(now, elapsed)
        else:
            updates += self._watchdog.urgent(now)
        if updates:
            batches.append(UpdateBatch(updates))
        return batches

    def _take(self, state: SymbolState, event: Ticker | Trade | Book, now: int, updates: list[Update]) -> None:
        clock = self._clock
        if event.timestamp > state.latest:
            state.latest = event.timestamp
        elif self.mode == "replay" and event.timestamp < state.latest - _STARTS_OVER_MS:
            self._start_over()
            state.latest = event.timestamp
        if clock.observe(event.timestamp, now) and clock.latest >= self._candles.next_due:
            self._candles.advance(clock.latest)
        if type(event) is Ticker:
            state.ticker(event)
        elif type(event) is Trade:
            if not state.trade(event):
                self._rejected_events += 1
                return
            self._candles.add(state.series, event.timestamp, event.price, event.size)
        elif type(event) is Book:
            updates.append(Update("orderbook", state.key, book_data(event)))
            if not event.partial and not event.bids and not event.asks:
                # The feed dropped the book: no sign of life, and what it said about the gap still holds.
                self._touch(state, changed=state.book(event))
                return
            self._touch(state, changed=state.book(event))
            self._note(state, event, now)
            return
        self._touch(state, changed=True)
        self._note(state, event, now)

    def _start_over(self) -> None:
        self._clock.start_over()
        self._candles.start_over(state.series for state in self._symbols.values())
        for state in self._symbols.values():
            state.start_over()

    def _touch(self, state: SymbolState, *, changed: bool) -> None:
        if changed and not state.touched:
            state.touched = True
            self._touched.append(state)

    def _note(self, state: SymbolState, event: Ticker | Trade | Book, now: int) -> None:
        """Count a message and note how late it came, for its stream, its feed and the metrics."""
        name = _STREAM_OF[type(event)]
        stream = state.streams.get(name)
        if stream is None:
            stream = state.streams[name] = self._watchdog.stream(state.key, name, now)
        feed, metrics = self._watchdog.feed, self._metrics
        stream.count += 1
        feed.count += 1
        metrics.messages += 1
        feed.last_seen = now
        if not state.quoted or type(event) is not Ticker or event.bid is not None or event.ask is not None:
            # A ticker with the last price alone may stem from a trade. It says nothing about quotes that have stopped.
            stream.last_seen = now
            if stream.alarmed:
                self._watchdog.revive(stream)
        if feed.told is not None:
            self._watchdog.revive(feed)
        latency = event.latency_ms
        if latency is None:
            latency = event.received_at - event.timestamp
        state.latencies.append(latency)
        metrics.latencies.append(latency)

    def _send(self, state: SymbolState, updates: list[Update]) -> None:
        state.touched = False
        if patch := state.take():
            updates.append(Update("market_data", state.key, patch))
        if state.tape:
            tape, state.tape = state.tape, []
            updates.extend(
                Update("trades", state.key, tape[start : start + _TRADES_PER_UPDATE])
                for start in range(0, len(tape), _TRADES_PER_UPDATE)
            )

    def _report(self, now: int, elapsed: int) -> list[Update]:
        updates = self._watchdog.report(now)
        updates += self._metrics.report(self._symbols.values(), self.counters, now)
        return updates + self._refresh(now, elapsed)

    def _refresh(self, now: int, elapsed: int) -> list[Update]:
        """Whole rows of the next few symbols in turn, so that each had its turn within the refresh interval."""
        if not self._tended:
            self._tended = list(self._symbols.values())
        self._owed += len(self._symbols) * max(elapsed, 0) / self._settings.refresh_interval_ms
        share = min(int(self._owed), len(self._tended))
        self._owed %= 1
        updates: list[Update] = []
        if not share:
            return updates
        time = self._clock.at(now)
        for state in self._tended[-share:]:
            updates.append(Update("market_data", state.key, state.tend(time)))
            updates += self._watchdog.refresh(state.key)
        del self._tended[-share:]
        return updates if self._tended else updates + self._watchdog.refresh_feed()

    def _find(self, symbol: str) -> SymbolState | None:
        if not symbol or len(symbol) > _LONGEST_SYMBOL:
            return None
        key = normalise_symbol(symbol)
        state = self._symbols.get(key)
        if state is None:
            if len(self._symbols) >= self._settings.max_symbols:
                return None
            series = self._candles.series(key)
            state = SymbolState(key, self._venue, self.mode, series, self._settings.max_book_levels)
            self._symbols[key] = state
        if len(self._by_spelling) < _SPELLINGS_PER_SYMBOL * self._settings.max_symbols:
            self._by_spelling[symbol] = state
        return state
