"""The feed's event clock: how far the market's own time has come."""

from __future__ import annotations

__all__ = ["EventClock"]


class EventClock:
    """The greatest event time over all symbols, and where it should be by now.

    In a replay there is no other clock: if no event comes, time stands still. A live or simulated market goes on while
    it is silent, so ``at`` moves the last event time on by what has passed since on the wall clock. Comparing event times
    with the wall clock directly would be wrong by the skew between this machine and the exchange: seconds are usual, and
    a clock that is ahead would close each candle before its trades arrive.

    Times are epoch milliseconds; ``latest`` is -1 before the first event.
    """

    __slots__ = ("_moves_alone", "latest", "seen_at")

    def __init__(self, *, moves_alone: bool) -> None:
        self._moves_alone = moves_alone
        self.latest = -1
        self.seen_at = 0
        """Wall-clock time at which ``latest`` was seen."""

    def observe(self, timestamp: int, now: int) -> bool:
        """Take an event's time; true if the clock moved. An older time leaves the clock as it is."""
        if timestamp <= self.latest:
            return False
        self.latest = timestamp
        self.seen_at = now
        return True

    def start_over(self) -> None:
        """Forget the time: the next event sets it, whatever it says."""
        self.latest = -1

    def at(self, now: int) -> int:
        """The market's time at the wall-clock time ``now``."""
        if self._moves_alone and self.latest >= 0:
            return self.latest + max(0, now - self.seen_at)
        return self.latest
