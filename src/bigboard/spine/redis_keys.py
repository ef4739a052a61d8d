"""The keys of a board's spine in Redis."""

from __future__ import annotations

import re
from typing import NamedTuple

from bigboard.errors import SettingError

__all__ = ["SpineKeys"]


class SpineKeys(NamedTuple):
    """Log, snapshot and lease, in the order in which the scripts take them; of one hash tag, so that a node has them all."""

    log: str
    snapshot: str
    lease: str

    @classmethod
    def of(cls, board: str, prefix: str = "") -> SpineKeys:
        """The keys of a board by its name. Raises ``SettingError`` for a name that would break the hash tag."""
        if re.fullmatch(r"[A-Za-z0-9_.:-]{1,64}", board) is None:
            raise SettingError("board", "", f"board: {board!r:.80} is no name; use letters, digits and _ . : -")
        if "{" in prefix:
            # Of two braces the first would count, and the boards of all names would share a node or a key two.
            raise SettingError("redis_prefix", "", "redis_prefix: no braces, please: they choose the node of a cluster")
        tag = f"{prefix}{{bigboard:{board}}}"
        return cls(f"{tag}:log", f"{tag}:snapshot", f"{tag}:lease")
