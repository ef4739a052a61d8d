"""What enters a board: one topic, one key, and the data that changes there."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = ["Update"]


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
