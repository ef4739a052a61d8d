"""Notices services that have stopped to report: their last row would say ``up`` for ever. Pure; the owner tells the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bigboard.board import Update

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

__all__ = ["ServiceWatch"]

_UNKNOWN_S = 40.0
"""Patience with a service that has reported only once; some say their row every 30 s."""
_LEAST_S = 3.0
_TIMES = 3.0
_MOST = 10_000


@dataclass(slots=True)
class _Heard:
    at_s: float
    usual_s: float | None = None
    stale: bool = False


class ServiceWatch:
    """Each service has a rhythm of its own. One that is silent for three times as long as usual is stale.

    It turns ``up`` again, or whatever it says, with its next report. One that has been silent for ``forget_s`` is removed.
    Those of ``but`` are not watched.
    """

    def __init__(self, *, but: Collection[str] = (), forget_s: float = 3_600.0) -> None:
        self._but = but
        self._forget_s = forget_s
        self._heard: dict[str, _Heard] = {}

    def note(self, updates: Iterable[Update], now_s: float) -> None:
        """Updates of any topics came in."""
        for topic, key, data in updates:
            if topic != "services" or type(key) is not str or key in self._but:
                continue
            if type(data) is dict and data.get("deleted"):
                self._heard.pop(key, None)
                continue
            heard = self._heard.get(key)
            if heard is None:
                if len(self._heard) < _MOST:
                    self._heard[key] = _Heard(now_s)
                continue
            gap_s = now_s - heard.at_s
            # Rows that come several times a second tell of events; the rhythm is what is between them.
            if gap_s > 0.5 and not heard.stale:
                heard.usual_s = gap_s if heard.usual_s is None else max(gap_s, 0.7 * heard.usual_s)
            heard.at_s = now_s
            heard.stale = False

    def overdue(self, now_s: float) -> list[Update]:
        """Rows of services that have just turned stale, or are gone for good."""
        updates = []
        for name, heard in list(self._heard.items()):
            patience_s = _UNKNOWN_S if heard.usual_s is None else max(_LEAST_S, _TIMES * heard.usual_s)
            silent_s = now_s - heard.at_s
            if silent_s > self._forget_s:
                del self._heard[name]
                updates.append(Update("services", name, {"deleted": True}))
            elif not heard.stale and silent_s > patience_s:
                heard.stale = True
                row = {"status": "stale", "detail": f"has not reported for {silent_s:.0f} s"}
                updates.append(Update("services", name, row))
        return updates
