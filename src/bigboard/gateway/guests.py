"""Looks after credentials while the server runs: a key that is revoked ends its connections within a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

if TYPE_CHECKING:
    from bigboard.auth.server_credentials import ServerCredentials
    from bigboard.clock import Clock
    from bigboard.wire import Identity

__all__ = ["CredentialWatch", "Guest", "Guests"]

_LOOK_S = 0.4
_READ_TIMEOUT_S = 5.0
_log = structlog.stdlib.get_logger("bigboard.auth")


class Guest(Protocol):
    """An open connection that may have proven who it is."""

    @property
    def identity(self) -> Identity | None:
        """Who it is; ``None`` for one that has not said yet."""

    def identify(self, identity: Identity | None) -> None:
        """The credentials know it as this from now on; ``None``: its credential was withdrawn, and it has to go."""


class Guests:
    """The open connections of all ports. Without ``credentials`` nobody has to prove anything."""

    def __init__(self, credentials: ServerCredentials | None = None) -> None:
        self._credentials = credentials
        self._guests: dict[Guest, None] = {}

    def __len__(self) -> int:
        return len(self._guests)

    def add(self, guest: Guest) -> None:
        """A connection opened. Its credential may have changed since it was looked at, early in the handshake."""
        self._guests[guest] = None
        self._look_at(guest)

    def discard(self, guest: Guest) -> None:
        """A connection ended."""
        self._guests.pop(guest, None)

    def look_again(self) -> None:
        """Tell each connection whose credential has changed."""
        for guest in list(self._guests):
            self._look_at(guest)

    def _look_at(self, guest: Guest) -> None:
        identity = guest.identity
        if self._credentials is None or identity is None or not identity.credential:
            return
        known = self._credentials.still_valid(identity)
        if known != identity:
            guest.identify(known)


class CredentialWatch:
    """Reads the credentials anew when their files change."""

    def __init__(self, credentials: ServerCredentials, guests: Guests, clock: Clock) -> None:
        self._credentials = credentials
        self._guests = guests
        self._clock = clock

    async def run(self) -> None:
        """Look until cancelled."""
        known = self._credentials.generation
        while True:
            await self._clock.sleep(_LOOK_S)
            try:
                async with asyncio.timeout(_READ_TIMEOUT_S):
                    await asyncio.to_thread(self._credentials.refresh)
            except TimeoutError:
                # The thread goes on, and what it reads in the end is seen at a later look.
                _log.error("the files of credentials do not answer; those of before stay in force")
            if self._credentials.generation != known:
                known = self._credentials.generation
                _log.info("credentials changed")
                self._guests.look_again()
