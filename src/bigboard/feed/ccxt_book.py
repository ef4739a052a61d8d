"""Whether a book that ccxt keeps may be shown, and its top. Pure, and without ccxt.

ccxt follows the exchange's rule of how a stream of changes and a snapshot make a book, for each exchange its own way. For
Binance (``checked``) that leaves two holes, through which a wrong book would be shown as a right one:

- It hands the book out as soon as the snapshot is in, also if that is older than the first change at hand, or if a change
  was lost while the snapshot was awaited. The next change brings that to light, so a book counts from the next change on.
- The snapshot has at most ``levels`` levels a side, and ccxt keeps no more. Beyond the worst of them a level that did not
  change since is unknown. When the market has moved so far that the top would reach beyond, the book is fetched anew.

Other exchanges send their snapshot on the stream itself, or ccxt compares the numbers before it hands the book out.
Whatever the exchange, a book whose sides cross is not shown, and if that lasts it is fetched anew.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bigboard.feed.ladder import Top

__all__ = ["BookFault", "BookTop", "CcxtBook"]

_State: TypeAlias = Literal["waiting", "unconfirmed", "in_step"]

LONGEST_CROSSED_S: Final = 1.0
"""Some exchanges tell the two sides one after the other: for so long a crossed book may be on its way to a right one."""


class BookFault(Exception):  # noqa: N818 - it names what is wrong with the book
    """The book cannot be trusted any more: only a new connection with a new snapshot helps."""


class BookTop(NamedTuple):
    """The best levels of both sides, best first."""

    bids: Top
    asks: Top
    timestamp: int | None
    update_id: int | None


class CcxtBook:
    """One symbol's book. ``checked`` says whether the two holes above are to be closed."""

    def __init__(self, *, depth: int, levels: int, checked: bool) -> None:
        self.gaps = 0
        """Times that the exchange's numbering showed a hole in a book that was shown."""
        self.resyncs = 0
        """Times that the book came into step again after it had been lost."""
        self._depth = depth
        self._levels = levels
        self._checked = checked
        self._state: _State = "waiting"
        self._lost = False
        self._version: tuple[Any, Any] = (None, None)
        self._known_bids = -inf
        self._known_asks = inf
        self._crossed_since_s: float | None = None

    @property
    def in_step(self) -> bool:
        """Whether the book is shown."""
        return self._state == "in_step"

    def has_news(self, book: Mapping[str, Any]) -> bool:
        """Whether the book has changed since ``take``, as far as its number and time tell."""
        return (book.get("nonce"), book.get("timestamp")) != self._version

    def on_snapshot(self, snapshot: Mapping[str, Any]) -> None:
        """Note how far a snapshot reaches, before any change is merged into it."""
        self._known_bids, self._known_asks = -inf, inf
        self._note_known(snapshot["bids"], snapshot["asks"])

    def take(self, book: Mapping[str, Any], now_s: float) -> BookTop | None:
        """What to show after an update, if anything. Raises ``BookFault``."""
        nonce, timestamp = book.get("nonce"), book.get("timestamp")
        if self._checked and nonce is None:
            return None  # ccxt has begun anew, and holds changes back until the snapshot is there
        self._version = nonce, timestamp
        bids, asks = book["bids"], book["asks"]
        self._note_known(bids, asks)
        if self._checked and self._state == "waiting":
            self._state = "unconfirmed"
            return None
        top = BookTop(_top(bids, self._depth), _top(asks, self._depth), timestamp, nonce)
        if not self._is_sound(top, now_s):
            return None
        if self._state != "in_step":
            self._state = "in_step"
            self.resyncs += self._lost
            self._lost = False
        return top

    def lose(self, *, gap: bool) -> bool:
        """The connection is gone, or a change is missing (``gap``). Returns whether the book was shown."""
        shown = self.in_step
        self.gaps += gap and shown
        self._lost = self._lost or shown
        self._state = "waiting"
        self._version = (None, None)
        self._known_bids, self._known_asks = -inf, inf
        self._crossed_since_s = None
        return shown

    def _note_known(self, bids: Sequence[Sequence[float]], asks: Sequence[Sequence[float]]) -> None:
        """A full side was cut, by the exchange or by ccxt: beyond its worst level there may be others that nobody tells."""
        if len(bids) >= self._levels:
            self._known_bids = max(self._known_bids, bids[-1][0])
        if len(asks) >= self._levels:
            self._known_asks = min(self._known_asks, asks[-1][0])

    def _is_sound(self, top: BookTop, now_s: float) -> bool:
        if self._checked and (
            min(top.bids, default=inf) < self._known_bids or max(top.asks, default=0) > self._known_asks
        ):
            raise BookFault("the market has moved beyond the levels of the snapshot")
        if top.bids and top.asks and next(iter(top.bids)) >= next(iter(top.asks)):
            if self._crossed_since_s is None:
                self._crossed_since_s = now_s
            if now_s - self._crossed_since_s > LONGEST_CROSSED_S:
                raise BookFault("bids and asks cross")
            return False
        self._crossed_since_s = None
        return True


def _top(side: Iterable[Sequence[float]], depth: int) -> Top:
    """The best price levels. Some exchanges list every order: those of one price are one level."""
    top: Top = {}
    for level in side:
        price, size = level[0], level[1]
        if price in top:
            top[price] += size
        elif len(top) == depth:
            break
        else:
            top[price] = size
    return top
