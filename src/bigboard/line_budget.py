"""How many log lines of one kind may be written: a flood of attempts must not become a flood of lines. Pure.

Time is an argument, in seconds of a steady clock.
"""

from __future__ import annotations

from threading import Lock

__all__ = ["Kind", "LineBudget"]

Kind = tuple[str, str, str]
"""The logger, the event, and the word from a closed set that says why."""

_OTHER: Kind = ("other", "other", "")


class _Window:
    __slots__ = ("ends_s", "shown", "suppressed")

    def __init__(self, ends_s: float) -> None:
        self.ends_s = ends_s
        self.shown = 0
        self.suppressed = 0


class LineBudget:
    """``lines`` of each kind per ``window_s`` seconds; the others are counted, and the counts are handed out.

    At most ``kinds`` kinds are told apart, and the others share one budget. Lines may come from any thread.
    """

    def __init__(self, *, lines: int = 10, window_s: float = 60.0, kinds: int = 200) -> None:
        self._lines = lines
        self._window_s = window_s
        self._kinds = kinds
        self._windows: dict[Kind, _Window] = {}
        self._left_over: dict[Kind, int] = {}
        self._lock = Lock()

    def take(self, kind: Kind, now_s: float) -> bool:
        """Whether one more line of this kind may be written now."""
        with self._lock:
            if kind not in self._windows and len(self._windows) >= self._kinds:
                self._sweep(now_s)
                if len(self._windows) >= self._kinds:
                    kind = _OTHER
            window = self._windows.get(kind)
            if window is None or now_s >= window.ends_s:
                self._put_away(kind)
                window = self._windows[kind] = _Window(now_s + self._window_s)
            if window.shown < self._lines:
                window.shown += 1
                return True
            window.suppressed += 1
            return False

    def suppressed(self, now_s: float, *, at_end: bool = False) -> dict[Kind, int]:
        """How many lines of each kind were not shown in the windows that are over by now; each is handed out once.

        ``at_end`` takes those that are not over too.
        """
        with self._lock:
            self._sweep(float("inf") if at_end else now_s)
            left_over, self._left_over = self._left_over, {}
            return left_over

    def _sweep(self, now_s: float) -> None:
        for kind in [kind for kind, window in self._windows.items() if now_s >= window.ends_s]:
            self._put_away(kind)

    def _put_away(self, kind: Kind) -> None:
        window = self._windows.pop(kind, None)
        if window is not None and window.suppressed:
            kind = kind if kind in self._left_over or len(self._left_over) < self._kinds else _OTHER
            self._left_over[kind] = self._left_over.get(kind, 0) + window.suppressed
