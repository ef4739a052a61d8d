"""The progress bar of a replay."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ReplayProgress"]

_WIDTH = 32
_EVERY_S = 0.2


class ReplayProgress:
    """Draws one line on the terminal: how much of the recording is played, and what time it is there."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._drawn_at = float("-inf")
        self._drawn = False
        self._begun = False

    def begin(self) -> None:
        """Draw from now on: what the program says first must not share the bar's line."""
        self._begun = True

    def __call__(self, fraction: float, recorded_ms: int) -> None:
        """Take the share of the bytes read, 0 to 1, and the recorded time in epoch milliseconds."""
        if not self._begun or (self._now_s() - self._drawn_at < _EVERY_S and fraction < 1):
            return
        self._drawn_at = self._now_s()
        self._drawn = True
        done = round(fraction * _WIDTH)
        recorded = datetime.fromtimestamp(recorded_ms / 1000, UTC)
        bar = "█" * done + "░" * (_WIDTH - done)
        click.echo(f"\r{bar} {fraction:4.0%}  {recorded:%Y-%m-%d %H:%M:%S} UTC ", nl=False, err=True)
        sys.stderr.flush()

    def finish(self) -> None:
        """Leave the line, so that what follows starts on its own."""
        if self._drawn:
            click.echo(err=True)
