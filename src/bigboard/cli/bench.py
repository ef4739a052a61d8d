"""`bigboard bench`: load a server of one's own, and see whether it holds."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
import uvloop

from bigboard.cli.bench_report import print_report
from bigboard.cli.progress import LoadProgress
from bigboard.cli.token import read_token
from bigboard.errors import BigboardError, ConnectionFailed
from bigboard.wire import Format
from bigboard.wire.limits import INTERVALS_MS

if TYPE_CHECKING:
    import ssl

    from bigboard.load import Bounds, LoadPlan, Moment, Report, Target

__all__ = ["bench"]

_OWNED = "--yes-i-own-this-server"
_OTHER_FILES = 64
"""Open files of this program beside its clients' connections."""

_EPILOG = f"""
\b
Examples:
  bigboard bench
  bigboard bench --clients 1000 --seconds 60 --client tui --churn 5 --p99-ms 100
  bigboard bench --clients 500 --watch-list 20 --slow 1 --json | jq .delivery_ms
  BIGBOARD_TOKEN=… bigboard bench --url wss://desk.example/ws {_OWNED}

Status 0: every bound holds. 1: one does not, or the server could not be loaded at all. A message against the protocol, a
state that is not the server's, and a client that could not take part always count as a bound that does not hold.
"""


@click.command(epilog=_EPILOG)
@click.option("--url", default="ws://127.0.0.1:8086/ws", show_default=True, help="The board's WebSocket.")
@click.option("--clients", type=click.IntRange(1, 50_000), default=100, show_default=True, help="How many connect.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 86_400),
    default=30.0,
    show_default=True,
    help="What is measured, once all are connected.",
)
@click.option(
    "--client",
    "client_class",
    type=click.Choice(list(INTERVALS_MS)),
    default="web",
    show_default=True,
    help="Client class: web gets a diff every 250 ms, tui and api every 100 ms.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice([str(format_) for format_ in Format]),
    default="msgpack",
    show_default=True,
    help="Encoding on the wire.",
)
@click.option("--subscribe", multiple=True, metavar="NAME", help="Topic, topic:key or '*'; repeatable.  [*]")
@click.option("--watch-list", type=click.IntRange(1, 1_000), help="So many symbols of its own for each client.")
@click.option("--interval-ms", type=click.IntRange(20, 10_000), help="Least time between two diffs.")
@click.option(
    "--ramp", type=click.FloatRange(1, 100_000), default=250.0, show_default=True, help="Connections per second."
)
@click.option(
    "--churn",
    type=click.FloatRange(0, 10_000),
    default=0.0,
    show_default=True,
    help="Clients per second that drop and come back by cursor.",
)
@click.option(
    "--slow",
    type=click.FloatRange(0, 99),
    default=0.0,
    show_default=True,
    help="Percent of the clients that never read.",
)
@click.option(
    "--sample",
    type=click.IntRange(0, 1_000),
    default=10,
    show_default=True,
    help="Clients whose whole state is compared at the end.",
)
@click.option("--p99-ms", type=click.FloatRange(min=0), metavar="MS", help="Bound: delivery, 99th percentile.")
@click.option("--max-gaps", type=click.IntRange(min=0), default=0, show_default=True, help="Bound: gaps.")
@click.option(
    "--max-disconnects",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Bound: connections that the server ended.",
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An API key or token.  [$BIGBOARD_TOKEN]",
)
@click.option("--token-in-clear", is_flag=True, help="Send the token over ws:// to another machine.")
@click.option("--ca", type=click.Path(path_type=Path), metavar="FILE", help="Authority of the server's certificate.")
@click.option("--insecure-tls", is_flag=True, help="Take any certificate.")
@click.option(_OWNED, "owned", is_flag=True, help="Load a server on another machine.")
@click.option("--json", "as_json", is_flag=True, help="Nothing but JSON on standard output.")
def bench(
    *,
    url: str,
    clients: int,
    seconds: float,
    client_class: str,
    format_name: str,
    subscribe: tuple[str, ...],
    watch_list: int | None,
    interval_ms: int | None,
    ramp: float,
    churn: float,
    slow: float,
    sample: int,
    p99_ms: float | None,
    max_gaps: int,
    max_disconnects: int,
    token_file: Path | None,
    token_in_clear: bool,
    ca: Path | None,
    insecure_tls: bool,
    owned: bool,
    as_json: bool,
) -> None:
    """Load your own server with many clients, and see whether it holds.

    Every client proves by its cursor that no diff is left out; a sample of them keep the whole state and compare it with
    the server's at the end. Delivery is the time from the newest commit in a diff to its arrival. Ctrl-C ends early and
    still reports.
    """
    # Imported late, so that --help and every other command answer at once.
    from bigboard.load import WATCHABLE, Bounds, LoadPlan, client_tls  # noqa: PLC0415

    _check_watch_list(subscribe, watch_list, WATCHABLE)
    plan = LoadPlan(
        clients=clients,
        seconds=seconds,
        subscriptions=subscribe or (("market_data",) if watch_list else ("*",)),
        watch_list=watch_list or 0,
        client_class=client_class,
        format=Format(format_name),
        interval_ms=interval_ms,
        ramp_per_s=ramp,
        churn_per_s=churn,
        slow_percent=slow,
        sample=sample,
    )
    bounds = Bounds(p99_ms=p99_ms, gaps=max_gaps, disconnects=max_disconnects)
    tls = client_tls(ca, insecure=insecure_tls) if ca is not None or insecure_tls else None
    _allow_files(clients)
    token = read_token(token_file)
    try:
        report = uvloop.run(_load(url, plan, bounds, tls, token, owned=owned, in_clear=token_in_clear))
    except asyncio.CancelledError:
        sys.exit(130)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        print_report(report)
    if not report.holds:
        sys.exit(1)
    if report.interrupted:
        sys.exit(130)


async def _load(
    url: str,
    plan: LoadPlan,
    bounds: Bounds,
    tls: ssl.SSLContext | None,
    token: str | None,
    *,
    owned: bool,
    in_clear: bool,
) -> Report:
    from bigboard.load import find_target, run_load  # noqa: PLC0415

    target = await find_target(url, plan.client_class, plan.format, tls=tls, token=token)
    _check_target(target, owned=owned, in_clear=in_clear)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _interrupt, stop, asyncio.current_task())
    progress = LoadProgress(time.monotonic) if sys.stderr.isatty() else None
    said = False

    def tell(moment: Moment) -> None:
        # Not before the first moment: until then a mistake may end it all, in one line.
        nonlocal said
        if not said:
            said = True
            click.echo(f"Loading {url} ({target.address[0]}) with {plan.clients} clients; Ctrl-C ends early", err=True)
        if progress is not None:
            progress(moment)

    try:
        return await run_load(plan, target, bounds, stop, tell)
    finally:
        if progress is not None:
            progress.finish()


def _check_target(target: Target, *, owned: bool, in_clear: bool) -> None:
    if target.is_this_machine:
        return
    if not owned:
        reason = (
            f"{target.address[0]} is not this machine, and to load somebody else's server is an attack; add {_OWNED}"
        )
        raise ConnectionFailed(target.url, reason)
    if target.token is not None and target.tls is None and not in_clear:
        reason = "the token would go over the network in clear: use wss://, or add --token-in-clear"
        raise ConnectionFailed(target.url, reason)


def _interrupt(stop: asyncio.Event, task: asyncio.Task[object] | None) -> None:
    # Whoever asks twice does not want to wait for a report.
    if stop.is_set() and task is not None:
        task.cancel()
    stop.set()


def _check_watch_list(subscribe: tuple[str, ...], watch_list: int | None, watchable: tuple[str, ...]) -> None:
    strange = [name for name in subscribe if watch_list is not None and name not in watchable]
    if strange:
        raise click.UsageError(
            f"--watch-list gives each client its own symbols, so --subscribe names topics of symbols"
            f" ({', '.join(watchable)}), not {strange[0]!r}"
        )


def _allow_files(clients: int) -> None:
    """A connection is an open file. Raises ``BigboardError`` if this user may not open so many."""
    wanted = clients + _OTHER_FILES
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most != resource.RLIM_INFINITY and wanted > most:
        raise BigboardError(
            f"{clients} clients need {wanted} open files, and this user may have {most}: see ulimit -Hn"
        )
    if allowed != resource.RLIM_INFINITY and wanted > allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
