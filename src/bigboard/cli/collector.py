"""`bigboard collector`: the feed of another process in, Redis out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import uvloop

from bigboard.cli.lines import reporting
from bigboard.logs import configure_logs
from bigboard.settings import load_settings
from bigboard.version import VERSION

if TYPE_CHECKING:
    from bigboard.logs import LineLimit
    from bigboard.settings import Settings

__all__ = ["collector"]

_EPILOG = """
\b
Examples:
  bigboard collector --redis redis://127.0.0.1:6379
  bigboard collector --feed tcp://10.0.0.5:5555 --redis rediss://user:secret@redis.internal:6380/1
A password is better kept in the environment, as BIGBOARD_REDIS: others can read the arguments of a process.
"""


@click.command(epilog=_EPILOG)
@click.option("--feed", metavar="ENDPOINT", help="Where the feed publishes.  [tcp://127.0.0.1:5555]")
@click.option("--redis", metavar="URL", help="Where to write: redis://, rediss://, unix://, redis+sentinel://.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [warning]")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="YAML file with settings.")
def collector(config: Path | None, **flags: Any) -> None:
    """Measure what `bigboard feed` publishes, and write it to Redis for the aggregator and for any other program.

    Feed and Redis may start before or after it, go away and come back.
    """
    settings = load_settings(config=config, environment=os.environ, flags=flags)
    lines = configure_logs(settings.log_level, settings.log_format)
    try:
        uvloop.run(_run(settings, lines))
    finally:
        lines.report(at_end=True)


async def _run(settings: Settings, lines: LineLimit) -> None:
    # Imported late, so that --help and a mistyped option answer at once.
    from bigboard.clock import SystemClock  # noqa: PLC0415
    from bigboard.runtime.collector_role import CollectorRole  # noqa: PLC0415

    clock = SystemClock()
    role = CollectorRole(settings, clock, lambda line: click.echo(line, err=True))

    def announce() -> None:
        click.echo(f"Bigboard {VERSION} collector: from {role.source.endpoint} to {role.publisher.where}")
        click.echo("Stop with Ctrl-C")

    async with reporting(lines, clock):
        await role.run(announce)
