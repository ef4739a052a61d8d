"""What the commands of single roles have in common: settings, log lines, one role that runs until it is stopped."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

import click
import uvloop

from bigboard.cli.lines import reporting
from bigboard.logs import configure_logs
from bigboard.settings import load_settings
from bigboard.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bigboard.clock import Clock
    from bigboard.logs import LineLimit
    from bigboard.settings import Settings

__all__ = ["Role", "run_role"]


class Role(Protocol):
    """A role of its own process."""

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Run until it is stopped; ``on_ready`` is called once it may be said to run."""


def run_role(
    config: Path | None,
    flags: Mapping[str, Any],
    build: Callable[[Settings, Clock, Callable[[str], None]], tuple[Role, Callable[[], str]]],
) -> None:
    """Build a role from file, environment and flags, and run it.

    ``build`` gets what tells lines to people, and gives the role with what says, once it runs, what it does.
    """
    settings = load_settings(config=config, environment=os.environ, flags=flags)
    lines = configure_logs(settings.log_level, settings.log_format)
    try:
        uvloop.run(_run(settings, lines, build))
    finally:
        lines.report(at_end=True)


async def _run(
    settings: Settings,
    lines: LineLimit,
    build: Callable[[Settings, Clock, Callable[[str], None]], tuple[Role, Callable[[], str]]],
) -> None:
    from bigboard.clock import SystemClock  # noqa: PLC0415 - late, so that --help and a mistyped option answer at once

    clock = SystemClock()
    role, what = build(settings, clock, lambda line: click.echo(line, err=True))

    def announce() -> None:
        click.echo(f"Bigboard {VERSION} {what()}")
        click.echo("Stop with Ctrl-C")

    async with reporting(lines, clock):
        await role.run(announce)
