"""What a gateway allows, to whom, and how often it had to refuse."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import structlog

from bigboard.gateway.rate import Rate

__all__ = ["GatewayLimits", "Limit", "Limited"]

_log = structlog.stdlib.get_logger("bigboard.limits")


class Limit(StrEnum):
    """The limits by the names that metrics and log lines give them."""

    HTTP_RATE = "http_rate"
    MESSAGE_RATE = "message_rate"
    CONNECTIONS = "connections"
    CONNECTIONS_PER_ADDRESS = "connections_per_address"
    CONNECTIONS_PER_SUBJECT = "connections_per_subject"
    SOCKETS = "sockets"
    SOCKETS_PER_ADDRESS = "sockets_per_address"
    REQUEST_SIZE = "request_size"
    HANDSHAKE_TIME = "handshake_time"
    READING_TIME = "reading_time"
    AUTHENTICATION_TIME = "authentication_time"
    AUTHENTICATION_RATE = "authentication_rate"


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Bounds of all ports together."""

    http: Rate = field(default_factory=lambda: Rate(10.0, 100))
    """Requests of one address."""
    messages: Rate = field(default_factory=lambda: Rate(10.0, 20))
    """Messages on one WebSocket."""
    failed_authentications: Rate = field(default_factory=lambda: Rate(10 / 60, 10))
    """Credentials of one address that are no good."""
    connections: int = 20_000
    """WebSockets over all."""
    spare: int = 1_000
    """Connections besides: for plain requests, and for those who are refused."""
    connections_per_address: int = 1_000
    connections_per_subject: int = 1_000
    handshake_s: float = 10.0
    """How long a client has to send a request or a handshake."""
    reading_s: float = 30.0
    """How long a client may read nothing of an answer that waits for it."""


class Limited:
    """How often each limit refused something."""

    def __init__(self) -> None:
        self.counts: Counter[Limit] = Counter()

    def count(self, limit: Limit, **who: str) -> None:
        """One more; ``who`` is for the log line, such as ``address`` and ``subject``."""
        self.counts[limit] += 1
        _log.warning("limit reached", why=limit.value, **who)
