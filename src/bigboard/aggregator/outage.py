"""A time in which the spine takes nothing: how long it lasts, and when a line about it is due."""

from __future__ import annotations

__all__ = ["Outage"]


class Outage:
    """Attempts that fail in a row make one outage.

    A spine that is away is tried again many times a second, and the log must not fill with lines about it: the first
    failure is told, then one per ``quiet_s``, and the end.
    """

    def __init__(self, *, quiet_s: float = 10.0) -> None:
        self.failures = 0
        """Attempts that failed, ever."""
        self._quiet_s = quiet_s
        self._since: float | None = None
        self._told_at = 0.0

    @property
    def lasts(self) -> bool:
        """Whether the last attempt failed."""
        return self._since is not None

    def seconds(self, now_s: float) -> float:
        """How long it has lasted, 0 if there is none."""
        return 0.0 if self._since is None else now_s - self._since

    def failed(self, now_s: float) -> bool:
        """Note a failure; whether a line about it is due."""
        self.failures += 1
        if self._since is None:
            self._since = now_s
        elif now_s - self._told_at < self._quiet_s:
            return False
        self._told_at = now_s
        return True

    def ended(self) -> None:
        """Note a success."""
        self._since = None
