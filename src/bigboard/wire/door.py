"""One client's proof of who it is: asked for, given, renewed, and its end (PROTOCOL section 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.errors import WireError
from bigboard.wire.codes import ErrorCode
from bigboard.wire.identity import ANONYMOUS, Identity

if TYPE_CHECKING:
    from bigboard.wire.identity import TokenCheck
    from bigboard.wire.instant import Instant

__all__ = ["Door"]


class Door:
    """Where a client stands with authentication.

    ``identity`` is ``None`` for a stranger, who has until ``deadline``, in seconds of the steady clock, to say who it is.
    Without ``credentials`` nobody is asked, and everybody is anonymous.
    """

    __slots__ = ("_credentials", "_deadline", "identity")

    def __init__(
        self, credentials: TokenCheck | None = None, identity: Identity | None = None, deadline: float = 0.0
    ) -> None:
        self.identity = ANONYMOUS if credentials is None else identity
        self._credentials = credentials
        self._deadline = deadline

    def prove(self, token: str, now: Instant) -> Identity:
        """Who holds this token. Raises ``WireError``: ``unauthenticated``, or ``forbidden`` for somebody else's token."""
        if self._credentials is None:
            return ANONYMOUS
        identity = self._credentials.identify(token, now.wall_ms)
        if self.identity is not None and identity.subject != self.identity.subject:
            # Limits and log lines count a connection for its subject, so it keeps that one for life.
            raise WireError(ErrorCode.FORBIDDEN, "this connection belongs to another subject: open one for this token")
        return identity

    def seconds_left(self, now: Instant) -> float | None:
        """How long the client may stay without a new proof; ``None`` for as long as it likes."""
        if self.identity is None:
            return self._deadline - now.monotonic
        if self.identity.expires_ms is None:
            return None
        return (self.identity.expires_ms - now.wall_ms) / 1000

    def end(self, now: Instant) -> str | None:
        """Why the client may not stay, or ``None`` while it may."""
        left = self.seconds_left(now)
        if left is None or left > 0:
            return None
        return "not authenticated in time" if self.identity is None else "the token has expired"
