"""Who listens to a plain stream: one message is taken, ``authenticate`` (PROTOCOL sections 7 and 10)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bigboard.board import Subscription
from bigboard.errors import TooManyFailures, WireError
from bigboard.wire import Close, CloseCode, ErrorCode
from bigboard.wire.codec import decode_object, read_client
from bigboard.wire.messages import Authenticate

if TYPE_CHECKING:
    from bigboard.gateway.visit import Visit
    from bigboard.wire import Door, Identity, Instant

__all__ = ["StreamGuest"]

_LONGEST_REASON = 123
"""Bytes of a close reason (RFC 6455 section 5.5)."""


class StreamGuest:
    """A ``Guest`` that may see one symbol, or has to leave."""

    def __init__(self, door: Door, symbol: str, visit: Visit) -> None:
        self.end: Close | None = None
        """Set once the client has to leave."""
        self._door = door
        self._visit = visit
        self._wanted = (Subscription("market_data", symbol), Subscription("metrics", symbol))
        self._spoken = asyncio.Event()
        if door.identity is not None:
            self.identify(door.identity)

    @property
    def identity(self) -> Identity | None:
        """See ``Guest``."""
        return self._door.identity

    @property
    def sees_metrics(self) -> bool:
        """Whether it may see how the symbol's data comes in, beside the ticker."""
        return self.identity is not None and self.identity.permits(self._wanted[1])

    def identify(self, identity: Identity | None) -> None:
        """See ``Guest``."""
        if identity is None:
            self._visit.ended(self.identity, "withdrawn")
            self.leave(CloseCode.UNAUTHENTICATED, "the credential was withdrawn")
        elif not identity.permits(self._wanted[0]):
            self.leave(CloseCode.FORBIDDEN, identity.refusal(self._wanted[:1]))
        else:
            self._door.identity = identity
            if identity.credential:
                self._visit.authenticated(identity)
            self._spoken.set()

    def take(self, payload: str | bytes, now: Instant) -> None:
        """Hear what the client says. What is no ``authenticate`` means nothing here."""
        try:
            said = decode_object(payload)
            message = read_client(said) if isinstance(said, dict) else None
        except WireError:
            return
        if isinstance(message, Authenticate):
            try:
                self.identify(self._door.prove(message.token, now))
            except TooManyFailures as error:
                # Who has proven itself already may stay until its proof ends, and try again by then.
                if self.identity is None:
                    self.leave(CloseCode.RATE_LIMITED, str(error))
            except WireError as error:
                forbidden = error.code == ErrorCode.FORBIDDEN
                self.leave(CloseCode.FORBIDDEN if forbidden else CloseCode.UNAUTHENTICATED, str(error))

    async def spoken(self, now: Instant) -> None:
        """Wait until the client has said who it is, has to leave, or its time is up."""
        try:
            async with asyncio.timeout(None if self._spoken.is_set() else self._door.seconds_left(now)):
                await self._spoken.wait()
        except TimeoutError:
            self.leave(CloseCode.UNAUTHENTICATED, "not authenticated in time")

    def look(self, now: Instant) -> Close | None:
        """Why the client has to leave by now, if it has to."""
        reason = self._door.end(now)
        if reason is not None:
            if self.end is None and self.identity is not None:
                self._visit.ended(self.identity, "expired")
            self.leave(CloseCode.UNAUTHENTICATED, reason)
        return self.end

    def leave(self, code: CloseCode, reason: str) -> None:
        """The client has to leave, for this reason if there is none yet."""
        self.end = self.end or Close(code, reason.encode()[:_LONGEST_REASON].decode(errors="ignore"))
        self._spoken.set()
