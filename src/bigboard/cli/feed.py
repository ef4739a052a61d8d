"""`bigboard feed`: exchange data in, published for collectors."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import uvloop

from bigboard.cli.lines import reporting
from bigboard.cli.progress import ReplayProgress
from bigboard.logs import configure_logs
from bigboard.settings import load_settings
from bigboard.version import VERSION

if TYPE_CHECKING:
    from bigboard.logs import LineLimit
    from bigboard.settings import Settings

__all__ = ["feed"]

_EPILOG = """
\b
Examples:
  bigboard feed --exchange binanceusdm --symbols BTC/USDT:USDT,ETH/USDT:USDT
  bigboard feed --replay btcusdt.gz ethusdt.gz --speed 10
  bigboard feed --simulated --symbols 50 --feed tcp://127.0.0.1:5556
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, metavar="")
@click.option("--exchange", metavar="ID", help="Live data of an exchange, by its name in ccxt.")
@click.option("--replay", multiple=True, metavar="PATH", help="Play recorded streams: a file, several, or a folder.")
@click.option("--simulated", is_flag=True, help="A market that does not exist; so it is without the two above.")
@click.option(
    "--symbols", metavar="NAMES|COUNT", help="Symbols: names by commas; of the simulated also how many.  [12]"
)
@click.option("--feed", metavar="ENDPOINT", help="Where to publish.  [tcp://127.0.0.1:5555]")
@click.option("--speed", metavar="FACTOR", help="Replay speed: 1, 10, 0.5, or max.  [1]")
@click.option("--loop", is_flag=True, default=None, help="Start the replay again when it ends.")
@click.option("--exit", is_flag=True, default=None, help="End the program when the replay ends.")
@click.option("--rate", metavar="N", help="Simulated updates per second and symbol, 1 to 1000.  [10]")
@click.option("--seed", metavar="N", help="Seed of the simulated market.")
@click.option("--name", metavar="NAME", help="What it is called in `bigboard status`.")
@click.option("--insecure", is_flag=True, default=None, help="Publish where others can listen, without authentication.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [warning]")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="YAML file with settings.")
def feed(
    config: Path | None, paths: tuple[str, ...], replay: tuple[str, ...], *, simulated: bool, **flags: Any
) -> None:
    """Publish market data on ZeroMQ for `bigboard collector`, which may start before or after.

    A replay begins when the first collector listens.
    """
    if paths and not replay:
        raise click.UsageError(f"{paths[0]!r} is no option; a recording is played by --replay {paths[0]}")
    if sum((simulated, bool(replay), flags["exchange"] is not None)) > 1:
        raise click.UsageError("--exchange, --replay and --simulated exclude each other")
    recordings = (*replay, *paths) or None
    settings = load_settings(config=config, environment=os.environ, flags={**flags, "replay": recordings})
    lines = configure_logs(settings.log_level, settings.log_format)
    try:
        uvloop.run(_run(settings, lines))
    finally:
        lines.report(at_end=True)


async def _run(settings: Settings, lines: LineLimit) -> None:
    # Imported late, so that --help and a mistyped option answer at once.
    from bigboard.clock import SystemClock  # noqa: PLC0415
    from bigboard.runtime.feed_choice import build_feed, meet_exchange  # noqa: PLC0415
    from bigboard.runtime.feed_role import FeedRole  # noqa: PLC0415

    clock = SystemClock()
    progress = ReplayProgress(time.monotonic) if settings.replay and sys.stderr.isatty() else None
    source, what = build_feed(settings, clock, progress)
    await meet_exchange(source)
    role = FeedRole(settings, source, clock, lambda line: click.echo(line, err=True))

    def announce() -> None:
        click.echo(f"Bigboard {VERSION} feed: {what}")
        click.echo(f"Publishes on {role.publisher.endpoint}")
        click.echo("Stop with Ctrl-C")
        if progress is not None:
            progress.begin()

    async with reporting(lines, clock):
        await role.run(announce)
    if progress is not None:
        progress.finish()
