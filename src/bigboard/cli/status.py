"""`bigboard status`: every role of a board, and how it is."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
import uvloop

from bigboard.cli.token import read_token
from bigboard.cli.trust import trust_options, trusting
from bigboard.client import BoardClient
from bigboard.errors import ConnectionFailed, WireError
from bigboard.wire.messages import Error, StateUpdate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Line", "lines_of", "status", "table"]

_TIMEOUT_S = 10.0
_OLD_MS = 5_000
_REPORTING = ("feed", "collector", "redis", "aggregator", "gateway")
"""Kinds that report every second, in the order of the flow: what they last said is stale soon."""
_WRONG = 3
"""Exit code where a role is not up."""

_EPILOG = """
\b
Examples:
  bigboard status
  bigboard status --url ws://desk:8086/ws --json | jq '.roles[] | select(.status != "up")'
The exit code is 0 if every role is up, and 3 if one is not.
"""


class Line(msgspec.Struct, omit_defaults=True):
    """One role. ``lag`` is commits behind the aggregator, ``age_ms`` the time since the role last reported."""

    role: str
    name: str
    status: str
    sequence: int | None = None
    lag: int | None = None
    age_ms: int | None = None
    latency_ms: float | None = None
    messages_per_second: float | None = None
    detail: str | None = None


@click.command(epilog=_EPILOG)
@click.option("--url", default="ws://127.0.0.1:8086/ws", show_default=True, help="The WebSocket of any gateway.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
@click.option("--all", "everything", is_flag=True, help="Every stream of every symbol too.")
@click.option(
    "--token-file", type=click.Path(path_type=Path), metavar="FILE", help="An API key or token.  [$BIGBOARD_TOKEN]"
)
@trust_options
def status(
    url: str, *, as_json: bool, everything: bool, token_file: Path | None, ca: Path | None, certificate: Path | None
) -> None:
    """Print every role of the board: its sequence, how far it is behind, and its health."""
    client = BoardClient(url, ["services"], token=read_token(token_file), ssl=trusting(ca, certificate))
    state = uvloop.run(_first_state(client, url))
    lines = lines_of(state, time.time_ns() // 1_000_000, everything=everything)
    if as_json:
        answer = {"epoch": state.epoch, "sequence": state.sequence, "timestamp": state.timestamp, "roles": lines}
        click.echo(msgspec.json.encode(answer).decode())
    else:
        click.echo(f"Board {state.epoch} at {state.sequence}, {state.timestamp}")
        click.echo(table(lines))
    if any(line.status != "up" for line in lines):
        sys.exit(_WRONG)


async def _first_state(client: BoardClient, url: str) -> StateUpdate:
    try:
        async with asyncio.timeout(_TIMEOUT_S), contextlib.aclosing(client.messages()) as messages:
            async for message in messages:
                if isinstance(message, StateUpdate):
                    return message
                if isinstance(message, Error):
                    raise WireError(message.code, message.message)
    except TimeoutError:
        pass
    raise ConnectionFailed(url, f"no state within {_TIMEOUT_S:g} s")


def lines_of(state: StateUpdate, now_ms: int, *, everything: bool) -> list[Line]:
    """The roles of a state of the topic ``services``, those that work for the board first."""
    rows: Mapping[str, Mapping[str, Any]] = state.data.get("services", {})
    shown = [(name, row) for name, row in rows.items() if everything or row.get("kind") != "stream"]
    shown.sort(key=lambda one: (_place(one[1].get("kind")), one[0]))
    return [_line(name, row, state.sequence, now_ms) for name, row in shown]


def _place(kind: Any) -> int:
    return _REPORTING.index(kind) if kind in _REPORTING else len(_REPORTING)


def _line(name: str, row: Mapping[str, Any], newest: int, now_ms: int) -> Line:
    sequence, seen = row.get("sequence"), row.get("last_seen")
    role, status = str(row.get("kind", "service")), str(row.get("status", "unknown"))
    age_ms = max(0, now_ms - int(seen)) if isinstance(seen, int | float) else None
    if status == "up" and role in _REPORTING and age_ms is not None and age_ms > _OLD_MS:
        status = "stale"  # Nobody could say so on a board that hears of nothing, as while Redis is away.
    return Line(
        role=role,
        name=name,
        status=status,
        sequence=sequence,
        # What a row says is as old as the row: some commits behind is where everybody is.
        lag=max(0, newest - sequence) if isinstance(sequence, int) else None,
        age_ms=age_ms,
        latency_ms=row.get("latency_ms"),
        messages_per_second=row.get("messages_per_second"),
        detail=row.get("detail") or None,
    )


def table(lines: Iterable[Line]) -> str:
    """The lines in columns, numbers to the right."""
    heads = ("role", "name", "status", "sequence", "lag", "age", "latency", "messages/s", "")
    cells = [heads, *(_cells(line) for line in lines)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(heads))]
    words = {0, 1, 2, len(heads) - 1}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at in words else cell.rjust(width) for at, (cell, width) in enumerate(row)
        ).rstrip()
        for row in (tuple(zip(one, widths, strict=True)) for one in cells)
    )


def _cells(line: Line) -> tuple[str, ...]:
    return (
        line.role,
        line.name,
        line.status,
        _whole(line.sequence),
        _whole(line.lag),
        "–" if line.age_ms is None else f"{line.age_ms / 1000:.1f} s",
        "–" if line.latency_ms is None else f"{line.latency_ms:.1f} ms",
        "–" if line.messages_per_second is None else f"{line.messages_per_second:,.0f}",
        line.detail or "",
    )


def _whole(number: int | None) -> str:
    return "–" if number is None else f"{number:,}"
