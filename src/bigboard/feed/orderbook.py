"""An order book kept in step with an exchange's stream of changes. Pure: no I/O and no clock.

Binance sends a book as *diffs* (levels that changed, with a range of update ids) on a stream, and as a *snapshot* by
REST, and publishes how the two make a book ("How to manage a local order book correctly", for USD-M futures and for
spot). This is that rule, as a state machine:

==========  ============================================================================================
state       meaning
==========  ============================================================================================
waiting     no usable snapshot: diffs are buffered, nothing is shown
aligning    a snapshot is held that is newer than every diff so far: nothing is shown
in_step     the book is right after every diff; the top of it is shown
==========  ============================================================================================

=============================  ==============================  =====================================
rule                           USD-M futures                   spot
=============================  ==============================  =====================================
older than the snapshot        ``u < lastUpdateId``            ``u <= lastUpdateId``
first diff spans the snapshot  ``U <= lastUpdateId <= u``      ``U <= lastUpdateId + 1 <= u``
each next one continues        ``pu == previous u``            ``U == previous u + 1``
=============================  ==============================  =====================================

A diff that does not continue is a gap: the book is dropped, and only a new snapshot brings it back.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from bigboard.feed.ladder import LadderSide, Top, changed_levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigboard.wire.market import Level

__all__ = ["BookChange", "BookDiff", "BookSnapshot", "OrderBook", "SyncState"]

SyncState: TypeAlias = Literal["waiting", "aligning", "in_step"]


class BookDiff(NamedTuple):
    """Levels that changed between two update ids, both inclusive."""

    first_id: int
    """``U``"""
    last_id: int
    """``u``"""
    previous_id: int | None
    """``pu``, the ``u`` of the stream's diff before. Futures say it, spot does not: it decides which rule holds."""
    bids: Sequence[Level]
    asks: Sequence[Level]

    def is_older_than(self, snapshot_id: int) -> bool:
        """Whether a snapshot already holds all of this."""
        return self.last_id <= snapshot_id if self.previous_id is None else self.last_id < snapshot_id

    def spans(self, snapshot_id: int) -> bool:
        """Whether this may be the first diff on top of a snapshot."""
        next_id = snapshot_id + 1 if self.previous_id is None else snapshot_id
        return self.first_id <= next_id <= self.last_id

    def continues(self, last_id: int) -> bool:
        """Whether nothing is missing between the diff that ended at ``last_id`` and this one."""
        return self.first_id == last_id + 1 if self.previous_id is None else self.previous_id == last_id


class BookSnapshot(NamedTuple):
    """All levels (or the first thousand of each side) as of one update id."""

    last_id: int
    bids: Sequence[Level]
    asks: Sequence[Level]


class BookChange(NamedTuple):
    """What to show: the whole top of the book, or with ``partial`` the levels of it that changed.

    A level that leaves the top has size 0, one that enters it has its size. An empty one that is not partial takes the
    book off the screen.
    """

    bids: list[Level]
    asks: list[Level]
    partial: bool
    update_id: int | None


class OrderBook:
    """The book of one symbol, and whether it is in step with the exchange.

    ``depth`` levels of each side are shown. Within, up to ``max_levels`` a side are kept: a level that is far today
    may be the best one tomorrow, and the exchange does not send it again. While there is no snapshot at most
    ``max_buffered`` diffs wait; the oldest give way, because a snapshot that is still to come makes them old anyway.
    """

    def __init__(self, *, depth: int = 25, max_levels: int = 5_000, max_buffered: int = 1_000) -> None:
        self.depth = depth
        self.gaps = 0
        """Diffs that did not continue the one before."""
        self.resyncs = 0
        """Times that the book came into step again after a gap."""
        self.unusable_snapshots = 0
        """Snapshots from before the diffs that are at hand: the exchange's rule is to ask for another."""
        self.dropped_diffs = 0
        """Diffs that gave way in the buffer."""
        self._state: SyncState = "waiting"
        self._buffer: deque[BookDiff] = deque(maxlen=max_buffered)
        self._snapshot: BookSnapshot | None = None
        self._last_id: int | None = None
        self._lost_step = False
        self._bids = LadderSide("bid", max_levels=max_levels)
        self._asks = LadderSide("ask", max_levels=max_levels)
        self._shown_bids: Top = {}
        self._shown_asks: Top = {}

    @property
    def state(self) -> SyncState:
        """Where the book stands; ``waiting`` asks for a snapshot."""
        return self._state

    @property
    def dropped_levels(self) -> int:
        """Levels that were too far from the best price to be kept."""
        return self._bids.dropped + self._asks.dropped

    def on_diff(self, diff: BookDiff) -> BookChange | None:
        """Take the next diff of the stream; returns what to show now, if that changed."""
        if self._last_id is not None and not diff.continues(self._last_id):
            return self._lose_step(diff)
        self._last_id = diff.last_id
        if self._state == "in_step":
            self._merge(diff)
            return self._show_changes(diff.last_id)
        self._hold(diff)
        return self._try_to_align()

    def on_snapshot(self, snapshot: BookSnapshot) -> BookChange | None:
        """Take a snapshot; returns the full top of the book if that brings it into step."""
        if self._state == "in_step":
            return None  # the diffs have already carried the book further than any snapshot can
        self._snapshot = snapshot
        self._state = "aligning"
        return self._try_to_align()

    def reset(self) -> BookChange | None:
        """Start over, as after a new connection: that is no gap. Returns an empty book if one was shown."""
        shown = self._state == "in_step"
        self._forget()
        self._last_id = None
        return BookChange([], [], partial=False, update_id=None) if shown else None

    def _hold(self, diff: BookDiff) -> None:
        if len(self._buffer) == self._buffer.maxlen:
            self.dropped_diffs += 1
        self._buffer.append(diff)

    def _lose_step(self, diff: BookDiff) -> BookChange | None:
        self.gaps += 1
        self._lost_step = True
        # A snapshot that was taken after the missing diffs is still good: the book may start from behind the gap.
        held = self._snapshot if self._state == "aligning" else None
        shown = self._state == "in_step"
        self._forget()
        self._last_id = diff.last_id
        self._hold(diff)
        if held is not None:
            return self.on_snapshot(held)
        return BookChange([], [], partial=False, update_id=None) if shown else None

    def _forget(self) -> None:
        self._state = "waiting"
        self._snapshot = None
        self._buffer.clear()
        self._bids.clear()
        self._asks.clear()
        self._shown_bids = {}
        self._shown_asks = {}

    def _try_to_align(self) -> BookChange | None:
        snapshot = self._snapshot
        if snapshot is None:
            return None
        while self._buffer and self._buffer[0].is_older_than(snapshot.last_id):
            self._buffer.popleft()
        if not self._buffer:
            return None  # the snapshot is ahead of the stream, which will catch up with it
        if not self._buffer[0].spans(snapshot.last_id):
            self.unusable_snapshots += 1
            self._snapshot = None
            self._state = "waiting"
            return None
        return self._come_into_step(snapshot)

    def _come_into_step(self, snapshot: BookSnapshot) -> BookChange:
        self._bids.load(snapshot.bids)
        self._asks.load(snapshot.asks)
        for diff in self._buffer:
            self._merge(diff)
        self._buffer.clear()
        self._snapshot = None
        self._state = "in_step"
        if self._lost_step:
            self.resyncs += 1
            self._lost_step = False
        self._shown_bids = self._bids.top(self.depth)
        self._shown_asks = self._asks.top(self.depth)
        return BookChange(
            [*self._shown_bids.items()], [*self._shown_asks.items()], partial=False, update_id=self._last_id
        )

    def _merge(self, diff: BookDiff) -> None:
        self._bids.apply(diff.bids)
        self._asks.apply(diff.asks)

    def _show_changes(self, update_id: int) -> BookChange | None:
        bids, asks = self._bids.top(self.depth), self._asks.top(self.depth)
        changed_bids = changed_levels(self._shown_bids, bids)
        changed_asks = changed_levels(self._shown_asks, asks)
        if not changed_bids and not changed_asks:
            return None
        self._shown_bids, self._shown_asks = bids, asks
        return BookChange(changed_bids, changed_asks, partial=True, update_id=update_id)
