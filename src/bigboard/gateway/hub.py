"""What every route of a gateway shares: the replica, its frames, the clients."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from bigboard.broadcaster import Broadcaster, Pacemaker
from bigboard.gateway.admission import Admission
from bigboard.gateway.burst import burst
from bigboard.gateway.gatekeeper import Gatekeeper
from bigboard.gateway.guests import Guests
from bigboard.gateway.http_limit import RequestRates
from bigboard.gateway.limits import GatewayLimits, Limited
from bigboard.gateway.prepared import FramePreparer
from bigboard.gateway.sockets import Sockets
from bigboard.gateway.traffic import Traffic
from bigboard.gateway.visit import WatchedCredentials
from bigboard.wire import Close, CloseCode, Door, Frames, SessionLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bigboard.auth import ServerCredentials
    from bigboard.board import Board
    from bigboard.clock import Clock
    from bigboard.gateway.visit import Visit
    from bigboard.wire import Identity

__all__ = ["CandleQuery", "Hub"]


class CandleQuery(Protocol):
    """Where the candles of the past come from."""

    async def query(self, key: str, *, limit: int, before: int | None = None) -> Sequence[Any]:
        """The last ``limit`` candles of ``SYMBOL/INTERVAL``, oldest first."""


class Hub:
    """One replica of the board and everyone who looks at it; several ports may serve it."""

    def __init__(
        self,
        board: Board,
        clock: Clock,
        candles: CandleQuery,
        *,
        limits: SessionLimits | None = None,
        bounds: GatewayLimits | None = None,
        credentials: ServerCredentials | None = None,
        auth_timeout_s: float = 10.0,
        heartbeat_s: float = 5.0,
        stuck_s: float = 30.0,
        is_proxy: Callable[[str], bool] = lambda _: False,
        parts: Callable[[], Mapping[str, Mapping[str, Any]]] = dict,
        in_step: Callable[[], bool] = lambda: True,
    ) -> None:
        self.board = board
        self.clock = clock
        self.candles = candles
        self.limits = limits or SessionLimits()
        """Of one connection."""
        self.bounds = bounds or GatewayLimits()
        """Of all that strangers may do to the ports."""
        self.limited = Limited()
        self.admission = Admission(self.bounds, self.limited)
        self.sockets = Sockets(self.bounds, self.limited, lambda: len(self.admission), is_proxy)
        self.requests = RequestRates(self.bounds)
        self.credentials = credentials
        """What clients are recognised by; ``None`` where nobody is asked."""
        self.gatekeeper = (
            None if credentials is None else Gatekeeper(credentials, self.bounds, self.limited, self.clock)
        )
        """Whom to ask in their place."""
        self.guests = Guests(credentials)
        self._auth_timeout_s = auth_timeout_s
        self.frames = Frames(board)
        self.broadcaster = Broadcaster(self.frames, heartbeat_s=heartbeat_s, stuck_s=stuck_s, burst=burst)
        self.pacemaker = Pacemaker(self.broadcaster, clock)
        self.preparer = FramePreparer()
        self.traffic = Traffic(clock.monotonic_s())
        """What the ports of this hub count together."""
        self.parts = parts
        """The state of each part of the process, for ``/health``."""
        self.in_step = in_step
        """Whether this gateway hears of what changes; if not, all that it holds is as old as the last word."""
        self.draining = False
        """Set at shutdown: no new client is taken."""

    def is_ready(self) -> bool:
        """Whether it serves the present: it has a state, hears of changes, and does not stop."""
        return self.board.sequence > 0 and self.in_step() and not self.draining

    def wake(self) -> None:
        """The board has changed."""
        self.pacemaker.committed()

    def door(self, identity: Identity | None, visit: Visit) -> Door:
        """The door of a new connection, which came with a credential or has some time to give one."""
        credentials = None if self.gatekeeper is None else WatchedCredentials(self.gatekeeper, visit)
        return Door(credentials, identity, self.clock.monotonic_s() + self._auth_timeout_s)

    async def drain(self, timeout_s: float) -> None:
        """Ask every client to come back later (1012) and wait until they are gone, at most ``timeout_s``."""
        self.draining = True
        self.pacemaker.stop()
        for member in list(self.broadcaster.members):
            member.close(Close(CloseCode.SERVICE_RESTART, "the server stops; reconnect and resume"))
        deadline = self.clock.monotonic_s() + timeout_s
        # Members leave one by one, each by its own task; to look now and then is simpler than to be told by each.
        while self.broadcaster.members and self.clock.monotonic_s() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
