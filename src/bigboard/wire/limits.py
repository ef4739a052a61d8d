"""Bounds of one connection (PROTOCOL sections 1 and 2)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["INTERVALS_MS", "SessionLimits"]

INTERVALS_MS = {"web": 250, "tui": 100, "api": 100}
"""The client classes of PROTOCOL section 1 with the least time between two diffs."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """Bounds of one connection."""

    max_message: int = 64 * 1024
    """Bytes of one inbound message; a larger one closes the connection with 1009."""
    max_subscriptions: int = 1_000
    """Subscriptions held; more are refused."""
    max_bad_messages: int = 3
    """Bad messages in a row that close the connection."""
    max_deferred: int = 16
    """Messages kept while a resume waits; more are refused."""
    min_interval_ms: int = 20
    max_interval_ms: int = 10_000
    resume_wait: float = 5.0
    """Seconds that a cursor ahead of the replica is waited for; then the client gets a snapshot."""
