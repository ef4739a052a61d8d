"""The report of a load, from what was counted, and the bounds that it has to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from bigboard.load.report import (
    Bound,
    Check,
    Churn,
    Clients,
    Clocks,
    Connections,
    LoadTool,
    Report,
    Traffic,
    delay_of,
)

if TYPE_CHECKING:
    from bigboard.load.histogram import Histogram
    from bigboard.load.plan import Bounds
    from bigboard.load.report import Delay
    from bigboard.load.running import RunningLoad
    from bigboard.load.tally import Tally, Window

__all__ = ["Measured", "Outcome", "Ramp", "summarise"]


class Ramp(NamedTuple):
    """How the clients came."""

    seconds: float
    """Until all were current."""
    per_second: float
    """Connections, while there were still some to open."""


class Measured(NamedTuple):
    """What was seen while it was measured."""

    window: Window
    seconds: float
    cpu_s: float
    late: Histogram


class Outcome(NamedTuple):
    """What each phase brought."""

    ramp: Ramp
    measured: Measured
    connected: int
    """Clients, in the end."""
    compared: list[list[str] | None]
    """Of each sampled client where its state differed from the server's; ``None`` if that could not be told."""


def summarise(load: RunningLoad, outcome: Outcome, bounds: Bounds) -> Report:
    """Everything that a load showed."""
    plan, target, tally, offset = load.plan, load.target, load.tally, load.clock.offset
    ramp, measured = outcome.ramp, outcome.measured
    window, seconds = measured.window, max(measured.seconds, 1e-9)
    delivery, check = delay_of(window.delivery), _check(outcome.compared)
    kept = [*_always(load, outcome.connected, check), *_asked_for(tally, bounds, delivery)]
    return Report(
        url=target.url,
        address=target.address[0],
        client=plan.client_class,
        format=str(plan.format),
        subscriptions=list(plan.subscriptions),
        watch_list=plan.watch_list,
        interval_ms=tally.interval_ms,
        seconds=round(measured.seconds, 3),
        interrupted=load.stop.is_set(),
        clients=Clients(plan.clients, outcome.connected, plan.slow, dict(tally.slow_ends)),
        connections=Connections(
            tally.opened, round(ramp.seconds, 3), round(ramp.per_second, 1), delay_of(tally.handshakes),
            dict(tally.refusals),
        ),
        delivery_ms=delivery,
        clocks=Clocks(1, offset.offset_us / 1_000, round(offset.uncertainty_us / 1_000, 3), window.early),
        traffic=Traffic(
            window.messages, window.bytes, window.diffs, window.states, window.heartbeats,
            round(window.messages / seconds, 1), round(window.bytes / seconds, 1),
        ),
        churn=Churn(tally.reconnects, tally.resumed, tally.snapshots, delay_of(tally.returns)),
        disconnects=dict(tally.disconnects),
        gaps=tally.gaps,
        violations=tally.violations,
        errors=dict(tally.errors),
        faults=tally.faults,
        final_state=check,
        load_tool=LoadTool(round(100 * measured.cpu_s / seconds, 1), delay_of(measured.late)),
        bounds=kept,
        holds=all(bound.holds for bound in kept),
    )  # fmt: skip


def _check(compared: list[list[str] | None]) -> Check:
    answered = [found for found in compared if found is not None]
    equal = sum(not found for found in answered)
    told = [line for found in answered for line in found]
    return Check(len(compared), equal, len(compared) - len(answered), told[:10])


def _always(load: RunningLoad, connected: int, check: Check) -> list[Bound]:
    # Figures of half the clients answer another question than was asked. A slow one may be closed for it, by design;
    # one that the server ended is a disconnect, and comes back.
    wanted = load.plan.clients - load.tally.slow_ends.total()
    return [
        Bound("clients", wanted, connected, connected >= wanted),
        _at_most("violations", 0, load.tally.violations),
        _at_most("wrong states", 0, check.clients - check.equal),
    ]


def _asked_for(tally: Tally, bounds: Bounds, delivery: Delay) -> list[Bound]:
    found = [
        _at_most("gaps", bounds.gaps, tally.gaps),
        _at_most("disconnects", bounds.disconnects, tally.disconnects.total()),
    ]
    if bounds.p99_ms is not None:
        # If not one diff came, nothing shows that the bound holds.
        holds = delivery.p99 is not None and delivery.p99 <= bounds.p99_ms
        found.append(Bound("p99_ms", bounds.p99_ms, delivery.p99, holds))
    return found


def _at_most(name: str, limit: float, measured: float) -> Bound:
    return Bound(name, limit, measured, measured <= limit)
