"""Has a connection gone silent? Pure: the clock's reading is an argument.

A connection that is up and acknowledged may carry nothing, or lack one of the streams that were asked for. Nobody tells,
so each symbol is listened for. A quiet market is silent too: whoever reconnected in vain is more patient the next time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Silence"]

LONGEST_PATIENCE_S: Final = 600.0


class Silence:
    """When each symbol of one connection was last heard of.

    ``limit_s`` is how long a symbol may say nothing. With ``each`` one silent symbol is enough to call the connection
    silent; without, as for trades, which are rare in a quiet market, all of them have to be.
    """

    def __init__(self, symbols: Iterable[str], *, limit_s: float, each: bool) -> None:
        self._limit_s = limit_s
        self._each = each
        self._patience_s = dict.fromkeys(symbols, limit_s)
        self._heard_s = dict.fromkeys(self._patience_s, 0.0)
        self._spoke: set[str] = set()

    def begin(self, now_s: float) -> None:
        """A new connection: each symbol has its time from now on."""
        self._heard_s = dict.fromkeys(self._heard_s, now_s)
        self._spoke.clear()

    def heard(self, symbol: str, now_s: float) -> None:
        """Something came of this symbol."""
        self._heard_s[symbol] = now_s
        self._patience_s[symbol] = self._limit_s
        self._spoke.add(symbol)

    def judge(self, now_s: float) -> str | None:
        """What is silent, in words, or ``None``. Whoever is told so reconnects, and waits longer the next time."""
        silent = [symbol for symbol, heard_s in self._heard_s.items() if now_s - heard_s > self._patience_s[symbol]]
        if not silent or not (self._each or len(silent) == len(self._heard_s)):
            return None
        longest_s = max(now_s - self._heard_s[symbol] for symbol in silent)
        for symbol in silent:
            self._patience_s[symbol] = min(2 * self._patience_s[symbol], max(LONGEST_PATIENCE_S, self._limit_s))
        of = (
            "" if len(silent) == len(self._heard_s) else f" of {silent[0]}" + (" and others" if len(silent) > 1 else "")
        )
        return f"nothing{of} for {longest_s:.0f} s"

    @property
    def spoke(self) -> bool:
        """Whether anything came on this connection."""
        return bool(self._spoke)
