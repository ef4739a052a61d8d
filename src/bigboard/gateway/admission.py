"""How many WebSockets there may be: over all, from one address, of one subject."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bigboard.gateway.address import counted_as
from bigboard.gateway.limits import Limit

if TYPE_CHECKING:
    from bigboard.gateway.limits import GatewayLimits, Limited
    from bigboard.wire import Identity

__all__ = ["Admission", "Place"]

_MOST_TURNED_AWAY = 32
"""Connections that are accepted only to be told by a close code that they are too many; more are refused right away."""


class Place:
    """One connection among those that are counted."""

    __slots__ = ("address", "excess", "subject")

    def __init__(self, address: str, excess: Limit | None) -> None:
        self.address = address
        """As it is counted."""
        self.subject: str | None = None
        self.excess = excess
        """The limit that this connection is beyond: it may only be told so."""


class Admission:
    """Keeps the counts. Every ``enter`` that gives a place is followed by one ``leave``."""

    def __init__(self, limits: GatewayLimits, limited: Limited) -> None:
        self._limits = limits
        self._limited = limited
        self._places = 0
        self._turned_away = 0
        self._addresses: Counter[str] = Counter()
        self._subjects: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._places

    def enter(self, address: str) -> Place | Limit:
        """A place for a connection from this address, or the limit that leaves no room even to tell it so nicely."""
        counted = counted_as(address)
        if self._places >= self._limits.connections:
            self._limited.count(Limit.CONNECTIONS, address=address)
            return Limit.CONNECTIONS
        if self._addresses[counted] >= self._limits.connections_per_address:
            self._limited.count(Limit.CONNECTIONS_PER_ADDRESS, address=address)
            if self._turned_away >= _MOST_TURNED_AWAY:
                return Limit.CONNECTIONS_PER_ADDRESS
            self._turned_away += 1
            return Place(counted, Limit.CONNECTIONS_PER_ADDRESS)
        self._places += 1
        self._addresses[counted] += 1
        return Place(counted, None)

    def name(self, place: Place, identity: Identity) -> bool:
        """The connection has proven who it is; whether its subject may have so many. Nobody counts what is anonymous."""
        if place.subject is not None or not identity.credential:
            return True
        subject = identity.subject
        if self._subjects[subject] >= self._limits.connections_per_subject:
            self._limited.count(Limit.CONNECTIONS_PER_SUBJECT, address=place.address, subject=subject)
            return False
        place.subject = subject
        self._subjects[subject] += 1
        return True

    def leave(self, place: Place) -> None:
        """The connection has ended."""
        if place.excess is not None:
            self._turned_away -= 1
            return
        self._places -= 1
        _release(self._addresses, place.address)
        if place.subject is not None:
            _release(self._subjects, place.subject)

    def reason(self, limit: Limit) -> str:
        """The sentence for a client that is one too many."""
        if limit is Limit.CONNECTIONS:
            return f"this server has {self._limits.connections} connections, which is all it takes; try again later"
        if limit is Limit.CONNECTIONS_PER_ADDRESS:
            return f"too many connections from your address: at most {self._limits.connections_per_address}"
        return f"too many connections of this subject: at most {self._limits.connections_per_subject}"


def _release(counts: Counter[str], key: str) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
