"""The command `bigboard`."""

from __future__ import annotations

import sys

import click

from bigboard.cli.aggregator import aggregator
from bigboard.cli.bench import bench
from bigboard.cli.collector import collector
from bigboard.cli.feed import feed
from bigboard.cli.gateway import gateway
from bigboard.cli.key import key
from bigboard.cli.status import status
from bigboard.cli.up import up
from bigboard.cli.watch import watch
from bigboard.errors import BigboardError
from bigboard.version import VERSION

__all__ = ["cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="bigboard", message="%(prog)s %(version)s")
def cli() -> None:
    """One live board for everything a trading system does.

    \b
    bigboard up                              a simulated market on http://127.0.0.1:8000
    bigboard up --exchange binanceusdm --symbols BTC/USDT:USDT
    bigboard up --replay recordings/         recorded exchange streams instead
    bigboard feed --simulated                market data for collectors in other processes
    bigboard collector --redis redis://…     what a feed publishes, measured and written to Redis
    bigboard aggregator --redis redis://…    what services publish there, merged into one board
    bigboard gateway --redis redis://…       that board for browsers and programs; any number side by side
    bigboard status                          every role, its sequence, lag and health
    bigboard watch market_data:BTCUSDT       diffs as JSON lines
    bigboard bench --clients 100             see whether your server holds
    bigboard key create --name desk-1 --permissions market_data
    """


cli.add_command(aggregator)
cli.add_command(bench)
cli.add_command(collector)
cli.add_command(feed)
cli.add_command(gateway)
cli.add_command(key)
cli.add_command(status)
cli.add_command(up)
cli.add_command(watch)


def main() -> None:
    """Run the command; a user's mistake ends as one line, never as a traceback."""
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BigboardError as error:
        click.echo(f"bigboard: {error}", err=True)
        sys.exit(1)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
