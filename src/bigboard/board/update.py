"""What enters a board: one topic, one key, and the data that changes there."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Update", "UpdateBatch"]


class Update(NamedTuple):
    """One change that a source wants to see on the board, as PROTOCOL section 9 publishes it.

    ``data`` has the shape of the topic's merge kind:

    - fields, rows: a partial object; ``None`` removes a field, ``{"deleted": True}`` the key or the row;
    - tape: one entry or a list of entries, oldest first;
    - ladder: a full book ``{"bids": [[price, size], …], "asks": […], …fields}``, or with ``"partial": True`` the levels
      that changed, size 0 removing one.

    The board keeps what it is given and never changes it; whoever made ``data`` must not change it afterwards either.
    """

    topic: str
    key: str
    data: Any


class UpdateBatch(NamedTuple):
    """Updates that became known together, in order; they land in one commit.

    ``barrier``: the state after this batch must be a commit of its own before anything later is applied. Without it later
    updates may merge into the same commit, which is what one wants except for a last value: a closed candle would be
    overwritten by its successor before any follower of the log saw it.
    """

    updates: list[Update]
    barrier: bool = False
