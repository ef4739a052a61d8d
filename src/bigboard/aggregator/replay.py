"""What a standby has kept while another led: which of it the board, built from the other's log, has already. Pure.

To apply a row's or a book's changes once more does no harm as long as all that came after them is applied too: the last
word on each field, row and level is the same. A tape is not like that: an entry twice is two entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board import Selection, Subscription, Update
from bigboard.board.symbols import normalise_symbol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bigboard.board import Board
    from bigboard.sources import Delivery

__all__ = ["without_known_trades"]

_TRADES = Selection((Subscription("trades"),))


def without_known_trades(deliveries: Sequence[Delivery], board: Board) -> list[Delivery]:
    """The same deliveries without the trades up to and including the last one that the board's tape holds.

    Trades of a symbol come in the order of the exchange. Where the tape's last one is not among them, all of them came
    after it: what is kept reaches back only some seconds.
    """
    tapes: dict[str, list[dict[str, Any]]] = board.snapshot(_TRADES).data["trades"]
    last = {key: str(tape[-1].get("trade_id")) for key, tape in tapes.items() if tape}
    known = dict.fromkeys(last, 0)
    seen = dict.fromkeys(last, 0)
    for key, trade_id in _trade_ids(deliveries):
        if key in seen:
            seen[key] += 1
            if trade_id == last[key]:
                known[key] = seen[key]
    return [delivery._replace(updates=_newer(delivery.updates, known)) for delivery in deliveries]


def _newer(updates: list[Update], known: dict[str, int]) -> list[Update]:
    """Leave out as many trades of each symbol as ``known`` says, which is counted down."""
    kept = []
    for update in updates:
        key = normalise_symbol(update.key) if update.topic == "trades" and type(update.key) is str else ""
        count = known.get(key, 0)
        if not count:
            kept.append(update)
            continue
        entries = _entries(update.data)
        known[key] = max(0, count - len(entries))
        if entries[count:]:
            kept.append(Update(update.topic, update.key, entries[count:]))
    return kept


def _trade_ids(deliveries: Sequence[Delivery]) -> Iterator[tuple[str, str | None]]:
    for delivery in deliveries:
        for topic, key, data in delivery.updates:
            if topic == "trades" and type(key) is str:
                for entry in _entries(data):
                    yield normalise_symbol(key), str(entry.get("trade_id")) if type(entry) is dict else None


def _entries(data: Any) -> list[Any]:
    """A message has one trade or an array of them; what is neither is left to the board to refuse."""
    return data if type(data) is list else [data]
