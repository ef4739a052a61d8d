"""Log lines about one WebSocket: that it opened and closed, and whether its client could prove who it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import TYPE_CHECKING

import structlog

from bigboard.errors import TooManyFailures, WireError
from bigboard.gateway.access_log import origin_of
from bigboard.gateway.address import client_address

if TYPE_CHECKING:
    from fastapi import WebSocket

    from bigboard.gateway.gatekeeper import Gatekeeper
    from bigboard.wire import Identity

__all__ = ["Visit", "WatchedCredentials"]

_log = structlog.stdlib.get_logger("bigboard.gateway")


@dataclass(frozen=True, slots=True)
class Visit:
    """What lines say of a connection besides its subject: the client's address, class and origin, and when it came."""

    address: str
    client: str
    origin: str | None
    began_s: float

    @classmethod
    def of(cls, websocket: WebSocket, client: str, now_s: float) -> Visit:
        """The visit that begins with this handshake; ``now_s`` is steady time."""
        return cls(client_address(websocket.scope), client, origin_of(websocket.headers), now_s)

    def opened(self, identity: Identity | None) -> None:
        """The WebSocket is there."""
        _log.info("connected", **self._fields(identity))

    def closed(self, identity: Identity | None, code: int, now_s: float) -> None:
        """It is gone, with this close code."""
        _log.info("disconnected", code=code, seconds=round(now_s - self.began_s, 1), **self._fields(identity))

    def authenticated(self, identity: Identity) -> None:
        """The client has said who it is, or did so anew."""
        _log.info("authenticated", credential=identity.credential, **self._fields(identity))

    def not_authenticated(self, reason: str) -> None:
        """It showed a token that is no good, or none in time; ``reason`` is a sentence that does not quote it."""
        _log.warning("authentication failed", reason=reason, **self._fields(None))

    def ended(self, identity: Identity | None, reason: str) -> None:
        """Its proof was good and is so no more: expired, or withdrawn."""
        _log.info("credential ended", reason=reason, **self._fields(identity))

    def failed(self, error: BaseException) -> None:
        """A fault of the server's own. Where, and of which kind: the text of an error may quote what a client sent."""
        last = extract_tb(error.__traceback__)[-1:]
        place = f"{Path(last[0].filename).name}:{last[0].lineno}" if last else "unknown"
        _log.error("connection failed", error=type(error).__name__, at=place, **self._fields(None))

    def _fields(self, identity: Identity | None) -> dict[str, str]:
        fields = {"address": self.address, "client": self.client}
        if self.origin is not None:
            fields["origin"] = self.origin
        if identity is not None:
            fields["subject"] = identity.subject
        return fields


class WatchedCredentials:
    """A ``TokenCheck`` that asks in the name of one visit, whose lines tell of each token that was no good."""

    __slots__ = ("_gatekeeper", "_visit")

    def __init__(self, gatekeeper: Gatekeeper, visit: Visit) -> None:
        self._gatekeeper = gatekeeper
        self._visit = visit

    def identify(self, token: str, now_ms: int) -> Identity:
        """See ``TokenCheck``."""
        try:
            return self._gatekeeper.identify(token, now_ms, self._visit.address)
        except TooManyFailures:
            raise  # It is logged as the limit that it is.
        except WireError as error:
            self._visit.not_authenticated(str(error))
            raise
