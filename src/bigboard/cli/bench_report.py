"""What `bigboard bench` says to people; programs read its JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bigboard.load import Report
    from bigboard.load.report import Bound, Delay

__all__ = ["print_report"]

_MEANINGS = {
    "429": "a limit of the server, such as its setting max_connections_per_address",
    "4429": "a limit of the server, such as its setting max_connections_per_address",
    "4401": "not authenticated, or no longer",
    "4403": "permission withdrawn",
    "4508": "too slow for the server",
    "1012": "the server restarts",
}
_BUSY_PERCENT = 80.0


def print_report(report: Report) -> None:
    """Print it on standard output."""
    for label, text in _lines(report):
        click.echo(f"{label:<15} {text}".rstrip())
    broken = [bound for bound in report.bounds if not bound.holds]
    if broken:
        click.echo(f"DOES NOT HOLD   {'; '.join(map(_broken, broken))}")
    else:
        click.echo(f"holds           {', '.join(map(_kept, report.bounds))}")


def _lines(report: Report) -> Iterator[tuple[str, str]]:
    yield "server", f"{report.url} ({report.address})"
    yield from _clients(report)
    yield from _figures(report)
    if report.churn.dropped:
        churn = report.churn
        came = f"{churn.dropped} dropped: {churn.resumed} resumed, {churn.snapshots} got a snapshot"
        yield "churn", f"{came}; current again after {_brief(churn.current_ms)}"
    yield from _faults(report)
    yield "this program", _load_tool(report.load_tool.cpu_percent, report.load_tool.late_ms)


def _clients(report: Report) -> Iterator[tuple[str, str]]:
    clients, connections = report.clients, report.connections
    names = " ".join(report.subscriptions)
    what = f"{report.watch_list} symbols each of {names}" if report.watch_list else names
    early = ", interrupted" if report.interrupted else ""
    kind = f"{report.client}, {report.format}, {what}"
    yield (
        "clients",
        f"{clients.connected} of {clients.asked} connected ({kind}); measured for {report.seconds:.1f} s{early}",
    )
    rate, handshake = f"{connections.per_second:,.0f} connections/s", _brief(connections.handshake_ms)
    yield "connecting", f"{rate}, handshake {handshake}; all current after {connections.ramp_seconds:.2f} s"
    yield from _counts("refused", connections.refusals)
    if clients.slow:
        yield "slow", f"{clients.slow} never read; {sum(clients.slow_ends.values())} of them were closed"
        yield from _counts("", clients.slow_ends)


def _figures(report: Report) -> Iterator[tuple[str, str]]:
    traffic, clocks = report.traffic, report.clocks
    yield "delivery", f"{_delay(report.delivery_ms)} from commit to arrival, {report.delivery_ms.count:,} diffs"
    interval = "" if report.interval_ms is None else f"a change may wait {report.interval_ms} ms for its turn; "
    yield "", f"{interval}resolution {clocks.resolution_ms} ms; {_clocks(clocks.offset_ms, clocks.uncertainty_ms)}"
    rates = f"{traffic.messages_per_second:,.0f} messages/s, {traffic.bytes_per_second:,.0f} bytes/s"
    yield "traffic", f"{rates}, {traffic.bytes / max(1, traffic.messages):,.0f} bytes a message"


def _faults(report: Report) -> Iterator[tuple[str, str]]:
    yield "disconnects", str(sum(report.disconnects.values()))
    yield from _counts("", report.disconnects)
    yield "gaps", str(report.gaps)
    if report.violations:
        yield "violations", f"{report.violations} messages against the protocol"
    yield from (("", fault) for fault in report.faults)
    yield from _counts("errors", report.errors)
    state = report.final_state
    unclear = f"; {state.unclear} could not be compared" if state.unclear else ""
    yield "final state", f"{state.equal} of {state.clients} sampled clients hold exactly the server's{unclear}"
    yield from (("", difference) for difference in state.differences)


def _delay(delay: Delay) -> str:
    if delay.p50 is None or delay.p99 is None or delay.p999 is None or delay.max is None:
        return "unknown"
    return f"p50 {delay.p50:.1f} ms, p99 {delay.p99:.1f} ms, p99.9 {delay.p999:.1f} ms, at most {delay.max:.1f} ms"


def _brief(delay: Delay) -> str:
    return "unknown" if delay.p50 is None or delay.p99 is None else f"p50 {delay.p50:.1f} ms, p99 {delay.p99:.1f} ms"


def _clocks(offset_ms: float, uncertainty_ms: float) -> str:
    if offset_ms:
        return (
            f"the server's clock is {offset_ms:+.1f} ms from ours (± {uncertainty_ms:.1f} ms), which is corrected for"
        )
    return f"the server's clock and ours agree (± {uncertainty_ms:.1f} ms)"


def _counts(label: str, counts: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for reason, count in counts.items():
        meaning = _MEANINGS.get(reason.partition(" ")[0])
        yield label, f"{count} x {reason}{f' ({meaning})' if meaning else ''}"
        label = ""


def _load_tool(cpu_percent: float, late: Delay) -> str:
    text = f"{cpu_percent:.0f} % of a core, its own timer late by {_brief(late)}"
    if cpu_percent >= _BUSY_PERCENT:
        return f"{text}; it was busy, so delays are partly its own: load from several machines, or with fewer clients"
    return text


def _broken(bound: Bound) -> str:
    if bound.measured is None:
        return f"{bound.name}: nothing was measured"
    return (
        f"{bound.name}: {bound.measured:g} instead of {'all' if bound.name == 'clients' else 'at most'} {bound.limit:g}"
    )


def _kept(bound: Bound) -> str:
    allowed = f" of at most {bound.limit:g}" if bound.limit and bound.name != "clients" else ""
    return f"{bound.name} {bound.measured:g}{allowed}"
