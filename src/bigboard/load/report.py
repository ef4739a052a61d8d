"""What a load showed: the figures as JSON has them, and whether what was asked for holds.

The shape is for programs: names and units stay, and nothing is left out when it is zero. Times are milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from bigboard.load.histogram import Histogram

__all__ = [
    "Bound",
    "Check",
    "Churn",
    "Clients",
    "Clocks",
    "Connections",
    "Delay",
    "LoadTool",
    "Report",
    "Traffic",
    "delay_of",
]


class Delay(msgspec.Struct, frozen=True):
    """A distribution; ``None`` where there was nothing to measure. Percentiles are right within 1 %."""

    count: int
    p50: float | None
    p99: float | None
    p999: float | None
    max: float | None


def delay_of(histogram: Histogram) -> Delay:
    """Milliseconds from a histogram of microseconds."""
    p50, p99, p999 = (
        None if value is None else value / 1_000 for value in map(histogram.percentile, (50.0, 99.0, 99.9))
    )
    return Delay(histogram.count, p50, p99, p999, histogram.largest / 1_000 if histogram.count else None)


class Clients(msgspec.Struct, frozen=True):
    """Who took part."""

    asked: int
    connected: int
    """In the end, when those that had dropped were back."""
    slow: int
    """Of those asked, how many never read."""
    slow_ends: dict[str, int]
    """Those whose connection the server ended, by close code and reason."""


class Connections(msgspec.Struct, frozen=True):
    """How they came."""

    opened: int
    """Returns included."""
    ramp_seconds: float
    """Until all were connected and current."""
    per_second: float
    """While they connected."""
    handshake_ms: Delay
    """From the begin of TCP to the open WebSocket."""
    refusals: dict[str, int]
    """Connections that did not come to be, by status and the server's words."""


class Traffic(msgspec.Struct, frozen=True):
    """What arrived in what was measured, at all clients together."""

    messages: int
    bytes: int
    """Of WebSocket frames, headers included."""
    diffs: int
    states: int
    heartbeats: int
    messages_per_second: float
    bytes_per_second: float


class Clocks(msgspec.Struct, frozen=True):
    """How far delivery can be trusted."""

    resolution_ms: int
    """Of the commit's time in a diff: it is cut off to whole milliseconds, so a delay may be told this much too long."""
    offset_ms: float
    """The server's clock less ours, as corrected for; 0 if they may well be the same."""
    uncertainty_ms: float
    early: int
    """Diffs that seem to have arrived before their commit; they count as 0."""


class Churn(msgspec.Struct, frozen=True):
    """Connections that were dropped on purpose."""

    dropped: int
    resumed: int
    """Went on from their cursor."""
    snapshots: int
    """Got the whole state instead."""
    current_ms: Delay
    """From the drop until current again."""


class Check(msgspec.Struct, frozen=True):
    """Sampled clients against the server's own state at the same sequence."""

    clients: int
    equal: int
    unclear: int
    """Not connected, or not answered in time."""
    differences: list[str]


class LoadTool(msgspec.Struct, frozen=True):
    """This program itself: what it needs, it may take from the figures."""

    cpu_percent: float
    """Of one core, while it measured."""
    late_ms: Delay
    """How late its own timer was: so much of a delivery's delay may be its own."""


class Bound(msgspec.Struct, frozen=True):
    """Something that has to hold."""

    name: str
    limit: float
    measured: float | None
    holds: bool


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    url: str
    address: str
    client: str
    format: str
    subscriptions: list[str]
    watch_list: int
    interval_ms: int | None
    """The least time between two diffs, as the server set it: so long may a change wait for its turn, by design."""
    seconds: float
    """Measured; less than asked for if it was interrupted."""
    interrupted: bool
    clients: Clients
    connections: Connections
    delivery_ms: Delay
    """From the newest commit in a diff to its arrival, the wait for the interval included."""
    clocks: Clocks
    traffic: Traffic
    churn: Churn
    disconnects: dict[str, int]
    """Connections that ended without our asking, by close code and reason."""
    gaps: int
    violations: int
    errors: dict[str, int]
    """The server's error messages, by code and text."""
    faults: list[str]
    """The first gaps and violations in words."""
    final_state: Check
    load_tool: LoadTool
    bounds: list[Bound]
    holds: bool
    """Whether every bound does."""
