"""A market that does not exist, but looks like one. Pure and deterministic: time is an argument, chance has a seed.

Per step and symbol: the fair price moves; takers arrive in bursts (a self-exciting process: one trade makes the next
more likely), lean to the side that the fair price has moved to, and trade at the book's prices, never more than rests
there; then makers move their quotes to the fair price, and orders come and go. Equal seeds and equal steps give equal
events, and a symbol's events do not depend on which other symbols are simulated beside it.
"""

from __future__ import annotations

from math import ceil, exp, floor, sqrt
from random import Random
from typing import TYPE_CHECKING, Final, Literal

from bigboard.feed.price_process import FairPrice
from bigboard.feed.simulated_book import BookShape, SimulatedSide
from bigboard.wire.market import Book, Ticker, Trade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigboard.feed.instrument import Instrument
    from bigboard.wire.market import Level, MarketEvent

__all__ = ["SimulatedSymbol", "Simulation"]

_LONGEST_STEP_S: Final = 5.0
"""A machine that was asleep for a night wakes up to the price of the evening, not to a leap."""
_FUNDING_MS: Final = 8 * 3600 * 1000
_MARK_EVERY_S: Final = 1.0
_LEVEL_SPACING: Final = 5e-6
"""Mean distance of two levels, as a part of the price, where the tick is fine enough for it."""
_MOST_TAKERS: Final = 12
_MOST_LEVELS_TAKEN: Final = 6


class Simulation:
    """All symbols, and the market factor that they share. ``begin`` a step, then let each symbol make it."""

    def __init__(self, instruments: Sequence[Instrument], *, seed: int = 0) -> None:
        self._rng = Random(f"{seed}/market")  # noqa: S311 - a market to look at, no secret
        self._market = FairPrice(1.0, volatility=0.45, beta=0.0)
        self.symbols = [SimulatedSymbol(instrument, seed=seed) for instrument in instruments]
        self._dt_s = 0.0
        self._return = 0.0

    def begin(self, dt_s: float) -> None:
        """Let the market as a whole move on by ``dt_s`` seconds of its own time.

        That time is the caller's to choose, and no clock's: a timer that is late by a millisecond must not change the market
        that a seed stands for.
        """
        self._dt_s = min(_LONGEST_STEP_S, dt_s)
        self._return = self._market.advance(self._dt_s, 0.0, self._rng)

    def step(self, symbol: SimulatedSymbol, now_ms: int) -> list[MarketEvent]:
        """The events of one symbol in the step that was begun."""
        return symbol.step(now_ms, self._dt_s, self._return)


class SimulatedSymbol:
    """One symbol: its fair price, its book, its takers, its funding."""

    def __init__(self, instrument: Instrument, *, seed: int = 0) -> None:
        self.instrument = instrument
        self._rng = Random(f"{seed}/{instrument.symbol}")  # noqa: S311 - see above
        self._price_scale = 10**instrument.price_decimals
        self._size_scale = 10**instrument.size_decimals
        self._fair = FairPrice(instrument.start_price, volatility=instrument.volatility, beta=instrument.beta)
        ticks = instrument.start_price * self._price_scale
        lots = instrument.level_value / instrument.start_price * self._size_scale
        shape = BookShape(max(2.0, lots), max(1.0, ticks * _LEVEL_SPACING))
        self._bids = SimulatedSide(-1, floor(ticks - 0.5), shape, self._rng)
        self._asks = SimulatedSide(+1, floor(ticks - 0.5) + 1, shape, self._rng)
        self._shown_bids: dict[int, int] = {}
        self._shown_asks: dict[int, int] = {}
        self._shown_quote: tuple[int, int, int, int] | None = None
        self._excitement = 0.0
        self._last_side: Literal["buy", "sell"] = "buy"
        self._trade_id = 0
        self._update_id = 0
        self._mark_due_s = 0.0
        self._basis = 0.0

    def step(self, now_ms: int, dt_s: float, market_return: float) -> list[MarketEvent]:
        """Move on by ``dt_s`` seconds to ``now_ms``, in which the market returned ``market_return``."""
        self._fair.advance(dt_s, market_return, self._rng)
        fair_ticks = self._fair.value * self._price_scale
        self._bids.begin_step()
        self._asks.begin_step()
        events: list[MarketEvent] = [*self._trades(now_ms, dt_s, fair_ticks)]
        last = events[-1] if events else None
        self._make_market(fair_ticks)
        if book := self._book(now_ms):
            events.append(book)
        if ticker := self._ticker(now_ms, last if isinstance(last, Trade) else None):
            events.append(ticker)
        self._mark_due_s -= dt_s
        if self._mark_due_s <= 0:
            events.append(self._mark(now_ms))
        return events

    def _trades(self, now_ms: int, dt_s: float, fair_ticks: float) -> list[Trade]:
        if not self._shown_bids:
            return []  # nobody can trade on a book that has not been shown
        self._excitement *= exp(-dt_s / 2.5)
        calm = self.instrument.trades_per_second * self._fair.level
        trades: list[Trade] = []
        for _ in range(self._arrivals((calm * 0.45 + self._excitement) * dt_s)):
            self._excitement += 0.2  # each trade calls for half another one in the mean: 0.2 for 2.5 s
            self._last_side = side = self._side(fair_ticks)
            trades += self._take(side, now_ms)
        return trades

    def _arrivals(self, expected: float) -> int:
        """How many takers come, Poisson-distributed (Knuth's method, which is quick for small numbers)."""
        rng, limit, count = self._rng, exp(-min(expected, 10.0)), 0
        product = rng.random()
        while product > limit and count < _MOST_TAKERS:
            count += 1
            product *= rng.random()
        return count

    def _side(self, fair_ticks: float) -> Literal["buy", "sell"]:
        """Large orders come in parts, so sides repeat; else the side to which the fair price has moved pulls."""
        rng = self._rng
        if rng.random() < 0.45:
            return self._last_side
        middle = (self._bids.best + self._asks.best) / 2
        spread = self._asks.best - self._bids.best
        pull = max(-3.0, min(3.0, (fair_ticks - middle) / spread))
        return "buy" if rng.random() < 1 / (1 + exp(-pull)) else "sell"

    def _take(self, side: Literal["buy", "sell"], now_ms: int) -> list[Trade]:
        # A Pareto tail of index 1.4 is about what order sizes show; the median is some hundredths of a level.
        value = self.instrument.level_value * 0.02 * self._rng.paretovariate(1.4)
        lots = max(1, int(value / self._fair.value * self._size_scale))
        fills = (self._asks if side == "buy" else self._bids).take(lots, most_levels=_MOST_LEVELS_TAKEN)
        return [self._trade(now_ms, side, fill.tick, fill.lots) for fill in fills]

    def _trade(self, now_ms: int, side: Literal["buy", "sell"], tick: int, lots: int) -> Trade:
        self._trade_id += 1
        return Trade(
            symbol=self.instrument.symbol,
            timestamp=now_ms,
            received_at=now_ms,
            id=str(self._trade_id),
            price=tick / self._price_scale,
            size=lots / self._size_scale,
            side=side,
        )

    def _make_market(self, fair_ticks: float) -> None:
        half_spread = 0.5 + 0.25 * max(0.0, self._fair.level - 1.0)
        bid, ask = floor(fair_ticks - half_spread + 0.5), ceil(fair_ticks + half_spread - 0.5)
        self._bids.requote(bid)
        self._asks.requote(max(ask, bid + 1))
        changes = 1 + self._arrivals(1.0)
        for side in (self._bids, self._asks):
            side.churn(changes)
            side.settle()

    def _book(self, now_ms: int) -> Book | None:
        bids, asks = self._bids.levels, self._asks.levels
        first = not self._shown_bids
        changed_bids, changed_asks = self._changes(self._shown_bids, bids), self._changes(self._shown_asks, asks)
        if not changed_bids and not changed_asks:
            return None
        self._shown_bids, self._shown_asks = bids.copy(), asks.copy()
        self._update_id += 1
        return Book(
            symbol=self.instrument.symbol,
            timestamp=now_ms,
            received_at=now_ms,
            bids=changed_bids[::-1],
            asks=changed_asks,
            partial=not first,
            update_id=self._update_id,
        )

    def _changes(self, old: dict[int, int], new: dict[int, int]) -> list[Level]:
        changes = [*(new.items() - old.items()), *((tick, 0) for tick in old.keys() - new.keys())]
        changes.sort()
        return [(tick / self._price_scale, lots / self._size_scale) for tick, lots in changes]

    def _ticker(self, now_ms: int, last: Trade | None) -> Ticker | None:
        bid, ask = self._bids.best, self._asks.best
        quote = (bid, self._bids.levels[bid], ask, self._asks.levels[ask])
        if quote == self._shown_quote and last is None:
            return None
        self._shown_quote = quote
        return Ticker(
            symbol=self.instrument.symbol,
            timestamp=now_ms,
            received_at=now_ms,
            last=last.price if last else None,
            last_size=last.size if last else None,
            bid=bid / self._price_scale,
            bid_volume=quote[1] / self._size_scale,
            ask=ask / self._price_scale,
            ask_volume=quote[3] / self._size_scale,
        )

    def _mark(self, now_ms: int) -> Ticker:
        """Once a second: the index is the fair price, the mark differs by a slowly changing basis that funding follows."""
        self._mark_due_s = _MARK_EVERY_S
        self._basis = 0.995 * self._basis + sqrt(1 - 0.995**2) * self._rng.gauss(0.0, 2e-4)
        index, decimals = self._fair.value, self.instrument.price_decimals + 2
        return Ticker(
            symbol=self.instrument.symbol,
            timestamp=now_ms,
            received_at=now_ms,
            mark_price=round(index * (1 + self._basis), decimals),
            index_price=round(index, decimals),
            funding_rate=round(max(-0.003, min(0.003, 0.0001 + self._basis / 2)), 8),
            next_funding_time=(now_ms // _FUNDING_MS + 1) * _FUNDING_MS,
            tick_size=self.instrument.tick_size,
        )
