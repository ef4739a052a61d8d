"""Progress bars: of a replay, and of a load."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.load import Moment

__all__ = ["LoadProgress", "ReplayProgress"]

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
        recorded = datetime.fromtimestamp(recorded_ms / 1000, UTC)
        _draw(fraction, f"{recorded:%Y-%m-%d %H:%M:%S} UTC ")

    def finish(self) -> None:
        """Leave the line, so that what follows starts on its own."""
        if self._drawn:
            click.echo(err=True)


class LoadProgress:
    """Draws one line on the terminal: how far a load is, and what it sees."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._drawn_at = float("-inf")
        self._phase = ""

    def __call__(self, moment: Moment) -> None:
        """Take a moment of the load."""
        if moment.phase == self._phase and self._now_s() - self._drawn_at < _EVERY_S:
            return
        self._drawn_at = self._now_s()
        self._phase = moment.phase
        p99 = "" if moment.p99_ms is None else f", p99 {moment.p99_ms:.1f} ms"
        messages = f", {moment.messages:,} messages" if moment.messages else ""
        # Spaces at the end wipe what a longer line left.
        _draw(moment.fraction, f"{moment.phase}: {moment.clients:,} clients{messages}{p99}".ljust(60))

    def finish(self) -> None:
        """Wipe the line: the report says it all."""
        if self._phase:
            click.echo(f"\r{'':100}\r", nl=False, err=True)


def _draw(fraction: float, text: str) -> None:
    done = round(fraction * _WIDTH)
    click.echo(f"\r{'█' * done}{'░' * (_WIDTH - done)} {fraction:4.0%}  {text}", nl=False, err=True)
    sys.stderr.flush()
