"""`bigboard watch`: a board in a pipe."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from pathlib import Path

import click
import msgspec
import uvloop

from bigboard.cli.token import read_token
from bigboard.cli.trust import trust_options, trusting
from bigboard.client import BoardClient
from bigboard.errors import WireError
from bigboard.wire.messages import DiffUpdate, Error, StateUpdate

__all__ = ["watch"]

_EPILOG = """
\b
Examples:
  bigboard watch market_data:BTCUSDT
  bigboard watch trades orders --interval-ms 1000 | jq -c .changes
  bigboard watch '*' --url ws://desk:8086/ws > board.jsonl
  bigboard watch trades --url wss://desk.example/ws --token-file key.txt
"""


@click.command(epilog=_EPILOG)
@click.argument("subscriptions", nargs=-1, required=True, metavar="SUBSCRIPTION…")
@click.option("--url", default="ws://127.0.0.1:8086/ws", show_default=True, help="The board's WebSocket.")
@click.option(
    "--interval-ms", type=click.IntRange(20, 10_000), default=100, show_default=True, help="Least time between lines."
)
@click.option(
    "--token-file", type=click.Path(path_type=Path), metavar="FILE", help="An API key or token.  [$BIGBOARD_TOKEN]"
)
@trust_options
def watch(
    subscriptions: tuple[str, ...],
    *,
    url: str,
    interval_ms: int,
    token_file: Path | None,
    ca: Path | None,
    certificate: Path | None,
) -> None:
    """Print what changes, one JSON object a line: first the state, then diffs.

    A SUBSCRIPTION is a topic (market_data), a topic and a key (orderbook:BTCUSDT), or '*'. A lost connection is made
    again and resumed. Ends when the pipe closes.
    """
    # Ctrl-C is how one leaves this command: no traceback, and the exit code of an interrupted program.
    with contextlib.suppress(BrokenPipeError):
        token = read_token(token_file)
        trusted = trusting(ca, certificate)
        client = BoardClient(url, subscriptions, interval_ms=interval_ms, token=token, ssl=trusted, on_lost=_tell_lost)
        uvloop.run(_watch(client))
        return
    # Python flushes standard output once more at exit, into the pipe that is gone.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _watch(client: BoardClient) -> None:
    encoder = msgspec.json.Encoder()
    out = sys.stdout.buffer
    async with contextlib.aclosing(client.messages()) as messages:
        async for message in messages:
            if isinstance(message, StateUpdate | DiffUpdate):
                out.write(encoder.encode(message) + b"\n")
                out.flush()
            elif isinstance(message, Error):
                raise WireError(message.code, message.message)
            elif _reader_is_gone(out.fileno()):
                raise BrokenPipeError


def _reader_is_gone(descriptor: int) -> bool:
    # A quiet topic writes nothing that could fail, so whoever reads the pipe might leave unnoticed for hours. Heartbeats
    # come every few seconds; each is a moment to look.
    pipe = select.poll()
    pipe.register(descriptor, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in pipe.poll(0))


def _tell_lost(reason: str, wait_s: float) -> None:
    click.echo(f"bigboard: connection lost ({reason}); next try in {wait_s:.1f} s", err=True)
