"""Durations in buckets: a fixed size whatever is recorded, and any percentile within 1 %.

The layout is that of HdrHistogram: 128 equal buckets per power of two, so a bucket is never wider than 1/128 of the values
in it. It is written here because nothing more is needed than to record, to merge and to ask.
"""

from __future__ import annotations

from array import array

__all__ = ["Histogram"]

_BITS = 7
_PER_OCTAVE = 1 << _BITS
_OCTAVES = 30
_BUCKETS = _PER_OCTAVE * (_OCTAVES + 1)
_MOST = (1 << (_BITS + _OCTAVES)) - 1
"""About 38 hours in microseconds; what is longer counts as this."""


class Histogram:
    """Whole numbers from 0 on, here microseconds."""

    __slots__ = ("_buckets", "count", "largest")

    def __init__(self) -> None:
        self.count = 0
        self.largest = 0
        self._buckets = array("Q", bytes(8 * _BUCKETS))

    def record(self, value: int) -> None:
        """Count one value. What is below 0 counts as 0."""
        value = min(max(value, 0), _MOST)
        self.count += 1
        self.largest = max(self.largest, value)
        # Below 128 a bucket is one value. Above, an octave is cut into 128: `shift` says which octave.
        shift = max(0, value.bit_length() - _BITS - 1)
        self._buckets[(shift << _BITS) + (value >> shift)] += 1

    def percentile(self, percent: float) -> int | None:
        """The value that ``percent`` of all are at or below; ``None`` if there are none."""
        if not self.count:
            return None
        # The small difference keeps 99.9 % of 1,000 at the 999th, which floating point would make the 1,000th.
        wanted = max(1.0, self.count * percent / 100 - 1e-6)
        seen = 0
        for index, count in enumerate(self._buckets):
            seen += count
            if seen >= wanted:
                return min(_middle(index), self.largest)
        return self.largest


def _middle(index: int) -> int:
    shift = max(0, (index >> _BITS) - 1)
    lowest = (index - (shift << _BITS)) << shift
    return lowest + ((1 << shift) - 1) // 2
