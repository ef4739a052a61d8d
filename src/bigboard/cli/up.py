"""`bigboard up`: everything in one process."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import uvloop

from bigboard.cli.progress import ReplayProgress
from bigboard.logs import configure_logs
from bigboard.settings import load_settings
from bigboard.version import VERSION

if TYPE_CHECKING:
    from bigboard.clock import Clock
    from bigboard.feed.base import Feed
    from bigboard.logs import LineLimit
    from bigboard.runtime.embedded import Embedded
    from bigboard.runtime.redis_up import RedisUp
    from bigboard.settings import Settings

__all__ = ["up"]

_REPORT_S = 10.0

_EPILOG = """
\b
Examples:
  bigboard up --symbols 50 --seed 7
  bigboard up --exchange binanceusdm --symbols BTC/USDT:USDT,ETH/USDT:USDT
  bigboard up --replay btcusdt.gz ethusdt.gz --speed 10 --loop
  bigboard up --config bigboard.yaml --port 9000
  bigboard up --redis redis://127.0.0.1:6379
Every setting can stand in the YAML file, or in the environment as BIGBOARD_NAME.
"""


@click.command(epilog=_EPILOG)
@click.argument("paths", nargs=-1, metavar="")
@click.option("--exchange", metavar="ID", help="Live data of an exchange, by its name in ccxt.")
@click.option("--replay", multiple=True, metavar="PATH", help="Play recorded streams: a file, several, or a folder.")
@click.option("--speed", metavar="FACTOR", help="Replay speed: 1, 10, 0.5, or max.  [1]")
@click.option("--loop", is_flag=True, default=None, help="Start the replay again when it ends.")
@click.option("--exit", is_flag=True, default=None, help="End the program when the replay ends.")
@click.option(
    "--symbols", metavar="NAMES|COUNT", help="Symbols: names by commas; of the simulated also how many.  [12]"
)
@click.option("--rate", metavar="N", help="Simulated updates per second and symbol, 1 to 1000.  [10]")
@click.option("--seed", metavar="N", help="Seed of the simulated market.")
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [127.0.0.1]")
@click.option(
    "--insecure", is_flag=True, default=None, help="Listen where others can reach it, without authentication."
)
@click.option("--keys-file", metavar="FILE", help="API keys of `bigboard key`; with it, clients have to authenticate.")
@click.option("--tls-cert", metavar="FILE", help="Certificate with its chain, PEM: https and wss on both ports.")
@click.option("--tls-key", metavar="FILE", help="Its key, PEM.")
@click.option("--port", metavar="PORT", help="Port of the page, REST and /ws.  [8000]")
@click.option("--hub-port", metavar="PORT", help="Port of the hub for programs.  [8086]")
@click.option("--redis", metavar="URL", help="Join the roles by this Redis, which others may use too.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [warning]")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="YAML file with settings.")
def up(config: Path | None, paths: tuple[str, ...], replay: tuple[str, ...], **flags: Any) -> None:
    """Run the whole board in this process.

    Without --exchange and --replay the market is simulated. Nothing else is needed: no Redis, no database.
    """
    if paths and not replay:
        raise click.UsageError(f"{paths[0]!r} is no option; a recording is played by --replay {paths[0]}")
    # `--replay *.gz`: a shell gives the first name to the option and leaves the others beside it.
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
    from bigboard.gateway.page import page_is_built  # noqa: PLC0415
    from bigboard.runtime import build_feed, meet_exchange  # noqa: PLC0415

    clock = SystemClock()
    progress = ReplayProgress(time.monotonic) if settings.replay and sys.stderr.isatty() else None
    feed, what = build_feed(settings, clock, progress)
    await meet_exchange(feed)
    board = _board(settings, feed, clock)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host

    def announce() -> None:
        page = "" if page_is_built() else "  (the page is not built: that needs Node 20; the rest works)"
        click.echo(f"Bigboard {VERSION}: {what}")
        tls = "s" if settings.tls_cert else ""
        click.echo(f"Open http{tls}://{host}:{board.port}{page}   programs: ws{tls}://{host}:{board.hub_port}/ws")
        click.echo("Stop with Ctrl-C")
        if progress is not None:
            progress.begin()

    reports = asyncio.create_task(_report(lines, clock))
    try:
        await board.run(announce)
    finally:
        reports.cancel()
    if progress is not None:
        progress.finish()


def _board(settings: Settings, feed: Feed, clock: Clock) -> Embedded | RedisUp:
    if settings.redis is None:
        from bigboard.runtime import Embedded  # noqa: PLC0415 - late, as above

        return Embedded(settings, feed, clock)
    from bigboard.runtime.redis_up import RedisUp  # noqa: PLC0415 - late: Redis is an extra

    return RedisUp(settings, feed, clock, lambda line: click.echo(line, err=True))


async def _report(lines: LineLimit, clock: Clock) -> None:
    while True:
        await clock.sleep(_REPORT_S)
        lines.report()
