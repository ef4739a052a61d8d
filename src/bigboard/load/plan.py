"""What a load consists of, and what it has to keep."""

from __future__ import annotations

from dataclasses import dataclass

from bigboard.wire import Format

__all__ = ["Bounds", "LoadPlan"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadPlan:
    """How many clients do what, and for how long."""

    clients: int = 100
    seconds: float = 30.0
    """What is measured, from the moment when all are connected."""
    subscriptions: tuple[str, ...] = ("*",)
    watch_list: int = 0
    """So many symbols of its own for each client, in the topics of ``subscriptions``; 0 for these as they are."""
    client_class: str = "web"
    format: Format = Format.MSGPACK
    interval_ms: int | None = None
    ramp_per_s: float = 250.0
    """Connections begun per second."""
    churn_per_s: float = 0.0
    """Connections dropped per second, which come back by cursor."""
    slow_percent: float = 0.0
    """Share of the clients that subscribe and then never read."""
    sample: int = 10
    """Clients that keep the whole state, to compare it with the server's at the end."""

    answer_s: float = 10.0
    """How long the server has to answer a question."""

    @property
    def slow(self) -> int:
        """How many never read."""
        return round(self.clients * self.slow_percent / 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What must hold. That every client took part and every sampled state is right must hold always."""

    p99_ms: float | None = None
    """Delivery, 99th percentile; ``None`` for no bound."""
    gaps: int = 0
    disconnects: int = 0
    """Connections that ended without our asking."""
