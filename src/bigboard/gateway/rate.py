"""How often somebody may do something. Pure: time is an argument, in seconds of a steady clock.

The generic cell rate algorithm (ITU-T I.371): equal to a bucket of tokens, kept as one moment, the one at which the bucket
is full again.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Rate", "RateTable"]


@dataclass(frozen=True, slots=True)
class Rate:
    """``burst`` at once, and ``per_s`` in the long run."""

    per_s: float
    burst: int

    def take(self, full_at: float, now: float) -> tuple[float, float]:
        """Take one; ``full_at`` is when the bucket is full again. Gives that moment anew, and the wait in seconds.

        A wait above 0 says that there was none to take: then nothing has changed.
        """
        start = max(full_at, now)
        wait = start - now - (self.burst - 1) / self.per_s
        # Sums of fractions are not exact: a client that keeps its time to the dot is no offender.
        if wait > 1e-9:
            return full_at, wait
        return start + 1 / self.per_s, 0.0


class RateTable:
    """A rate for each of many keys, such as addresses. It holds at most ``most``: who is idle is forgotten first."""

    def __init__(self, rate: Rate, *, most: int = 20_000) -> None:
        self.evicted = 0
        """How often one was forgotten that had not got all its tokens back, so that it may go on too early."""
        self._rate = rate
        self._most = most
        self._full_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: str, now: float) -> float:
        """Take one for this key; the seconds to wait if there is none, else 0."""
        # Taken out and put in again, so that the first of the dictionary is who took one the longest time ago.
        full_at, wait = self._rate.take(self._full_at.pop(key, now), now)
        if len(self._full_at) >= self._most:
            self._forget(now)
        self._full_at[key] = full_at
        return wait

    def wait_s(self, key: str, now: float) -> float:
        """The seconds until there is one to take for this key, 0 if there is. Takes none."""
        return self._rate.take(self._full_at.get(key, now), now)[1]

    def _forget(self, now: float) -> None:
        oldest = next(iter(self._full_at))
        self.evicted += self._full_at.pop(oldest) > now
