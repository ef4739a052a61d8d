"""One recorded futures symbol as a local exchange holds it: the messages still to come, and the true book so far.

The book is kept with plain dictionaries and sorting, none of the product's code: what a feed shows is compared with it.
"""

from __future__ import annotations

from functools import lru_cache
from heapq import nlargest, nsmallest
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from recorded import raw_lines

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["RecordedMarket", "Top"]

Top: TypeAlias = tuple[list[tuple[float, float]], list[tuple[float, float]]]
"""Best bids and best asks, best first."""

_SECOND_NS = 1_000_000_000


class RecordedMarket:
    """Plays the ``lines`` that follow the recording's depth snapshot, one at a time.

    ``truth`` maps each update id so far to the best ``depth`` levels of the book after it. Mark price and 24 h ticker are
    not in the recordings: about once a recorded second they are made from the middle of the book and the trades so far.
    """

    def __init__(self, path: Path, *, lines: int = 2_500, depth: int = 25) -> None:
        self.symbol = path.name.partition(".")[0].upper()
        self.truth: dict[int, Top] = {}
        self.trades: list[dict[str, Any]] = []
        """Every trade that was played, as the exchange sent it."""
        self.said: dict[str, dict[str, Any]] = {}
        """The last message of each event type that was played."""
        self._depth = depth
        self._bids: dict[str, str] = {}
        self._asks: dict[str, str] = {}
        self._event_time = 0
        self._told_ns = 0
        self._messages = self._load(path, lines)
        self._position = 0

    @property
    def update_id(self) -> int:
        """The last update id of the book."""
        return max(self.truth)

    @property
    def at_ns(self) -> int | None:
        """When the next message was received; ``None`` at the end."""
        return self._messages[self._position][0] if self._position < len(self._messages) else None

    def step(self) -> list[dict[str, Any]]:
        """Take the next message into the state; returns it and what the exchange says about once a second."""
        at_ns, data = self._messages[self._position]
        self._position += 1
        self._event_time = data["E"]
        match data["e"]:
            case "depthUpdate":
                self._merge(data)
            case "trade" | "aggTrade":
                self.trades.append(data)
        messages = [data]
        if at_ns - self._told_ns >= _SECOND_NS:
            self._told_ns = at_ns
            messages += [self.mark_price(), *self._day_ticker()]
        self.said |= {message["e"]: message for message in messages}
        return messages

    def snapshot(self, limit: int) -> dict[str, Any]:
        """The REST answer ``depth`` as of now."""
        bids = sorted(self._bids.items(), key=lambda level: -float(level[0]))[:limit]
        asks = sorted(self._asks.items(), key=lambda level: float(level[0]))[:limit]
        return {
            "lastUpdateId": self.update_id,
            "E": self._event_time,
            "T": self._event_time,
            "bids": [list(level) for level in bids],
            "asks": [list(level) for level in asks],
        }

    def top(self) -> Top:
        """The best levels now."""
        return self.truth[self.update_id]

    def mark_price(self) -> dict[str, Any]:
        """A mark price message: the middle of the book."""
        bids, asks = self.top()
        middle = f"{(bids[0][0] + asks[0][0]) / 2:.8f}"
        return {
            "e": "markPriceUpdate", "E": self._event_time, "s": self.symbol, "p": middle, "i": middle,
            "r": "0.00010000", "T": self._event_time // 28_800_000 * 28_800_000 + 28_800_000,
        }  # fmt: skip

    def _day_ticker(self) -> list[dict[str, Any]]:
        if not self.trades:
            return []
        prices = [trade["p"] for trade in self.trades]
        day = {"o": prices[0], "c": prices[-1], "h": max(prices, key=float), "l": min(prices, key=float)}
        return [{"e": "24hrMiniTicker", "E": self._event_time, "s": self.symbol, "v": "1", "q": "1", **day}]

    def _load(self, path: Path, lines: int) -> list[tuple[int, dict[str, Any]]]:
        recorded = _recorded(path, lines + 200)
        start = next(place for place, (_, message) in enumerate(recorded) if "lastUpdateId" in message)
        self._begin(recorded[start][1], [message["data"] for _, message in recorded[:start]], recorded[start][0])
        return [(at_ns, message["data"]) for at_ns, message in recorded[start + 1 : start + 1 + lines]]

    def _begin(self, snapshot: dict[str, Any], before: list[dict[str, Any]], at_ns: int) -> None:
        self._bids = dict(snapshot["bids"])
        self._asks = dict(snapshot["asks"])
        self._event_time = snapshot["E"]
        self._told_ns = at_ns
        self._note(snapshot["lastUpdateId"])
        for data in before:
            if data["e"] == "depthUpdate" and data["u"] >= snapshot["lastUpdateId"]:
                self._merge(data)

    def _merge(self, data: dict[str, Any]) -> None:
        for levels, changes in ((self._bids, data["b"]), (self._asks, data["a"])):
            for price, size in changes:
                if float(size):
                    levels[price] = size
                else:
                    levels.pop(price, None)
        self._note(data["u"])

    def _note(self, update_id: int) -> None:
        bids = [(float(price), float(size)) for price, size in self._bids.items()]
        asks = [(float(price), float(size)) for price, size in self._asks.items()]
        self.truth[update_id] = nlargest(self._depth, bids), nsmallest(self._depth, asks)


@lru_cache(maxsize=8)
def _recorded(path: Path, lines: int) -> list[tuple[int, dict[str, Any]]]:
    """The first lines; shared between tests, and changed by none."""
    return [*islice(raw_lines(path), lines)]
