"""A whole book out of full ones and changes, for whoever passes books on and must be able to say all of one again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bigboard.wire.market import Level

__all__ = ["FullBook"]


class FullBook:
    """The levels of one book, at most ``max_levels`` a side: beyond a quarter more the worst go.

    ``known`` is false until the first full book: changes alone tell nothing.
    """

    __slots__ = ("_asks", "_bids", "_max_levels", "known")

    def __init__(self, max_levels: int) -> None:
        self.known = False
        self._max_levels = max_levels
        self._bids: dict[float, float] = {}
        self._asks: dict[float, float] = {}

    def take(self, bids: Iterable[Sequence[float]], asks: Iterable[Sequence[float]], *, partial: bool) -> None:
        """Take a full book, or the levels that changed; size 0 removes one."""
        if not partial:
            self.known = True
            self._bids.clear()
            self._asks.clear()
        if self.known:
            self._change(self._bids, bids, best=max)
            self._change(self._asks, asks, best=min)

    def bids(self) -> list[Level]:
        """Best first."""
        return sorted(self._bids.items(), reverse=True)

    def asks(self) -> list[Level]:
        """Best first."""
        return sorted(self._asks.items())

    def _change(self, side: dict[float, float], levels: Iterable[Sequence[float]], *, best: object) -> None:
        for price, size in levels:
            if size > 0:
                side[price] = size
            else:
                side.pop(price, None)
        if len(side) > self._max_levels + self._max_levels // 4:
            for price in sorted(side, reverse=best is max)[self._max_levels :]:
                del side[price]
