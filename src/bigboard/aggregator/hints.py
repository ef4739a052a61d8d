"""What was written down before, such as the last price in a key: of use only where nothing newer is known. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bigboard.board import Selection, Subscription
from bigboard.board.symbols import normalise_symbol
from bigboard.wire.ticker import arrival_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigboard.board import Board, Update

__all__ = ["news"]


def news(hints: Iterable[Update], board: Board, since_ms: int) -> list[Update]:
    """The rows of ``market_data`` among ``hints`` that are newer than the board's own.

    ``since_ms`` is the last commit of what this board was made from, 0 if it was made from nothing. A row that does not say
    when it arrived is from then; and a symbol that the board lacks may have been removed from it by then.
    """
    keys = {normalise_symbol(hint.key) for hint in hints}
    selection = Selection(Subscription("market_data", key) for key in keys)
    rows: dict[str, dict[str, Any]] = board.snapshot(selection).data.get("market_data", {}) if keys else {}

    def is_news(hint: Update) -> bool:
        row = rows.get(normalise_symbol(hint.key))
        arrival = arrival_of(hint.data)
        if row is None:
            return arrival > since_ms or not since_ms
        return arrival > (arrival_of(row) or since_ms)

    return [hint for hint in hints if is_news(hint)]
