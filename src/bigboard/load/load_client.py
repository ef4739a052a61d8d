"""One client of a load: a connection, and the follower that outlives it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from bigboard.load.connection import End
from bigboard.load.follower import Follower
from bigboard.wire import ClientState, CloseCode, Format, Replica

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigboard.load.connection import Connection
    from bigboard.load.running import RunningLoad

__all__ = ["Crowd", "LoadClient"]


class Crowd(Protocol):
    """Whom a client tells."""

    def lost(self, client: LoadClient, end: End) -> None:
        """Its connection ended, and it was not asked to."""


class LoadClient:
    """A ``Peer`` of its connection and the owner of its follower."""

    __slots__ = (
        "_clock",
        "_comparison",
        "_crowd",
        "_dropped_us",
        "_leaving",
        "_pinged_us",
        "_tally",
        "_text",
        "abandoned",
        "connection",
        "follower",
        "heard_us",
        "slow",
    )

    def __init__(
        self,
        load: RunningLoad,
        crowd: Crowd,
        name: str,
        subscriptions: Sequence[str],
        *,
        slow: bool = False,
        sampled: bool = False,
    ) -> None:
        self.follower = Follower(
            name,
            subscriptions,
            load.tally,
            self,
            format=load.plan.format,
            interval_ms=load.plan.interval_ms,
            replica=Replica() if sampled else None,
            measured=not slow,
        )
        self.connection: Connection | None = None
        self.slow = slow
        self.abandoned = False
        """It will not connect again: it was refused, or told not to come back."""
        self.heard_us = 0
        """When something came last, by our clock."""
        self._text = load.plan.format is Format.JSON
        self._tally = load.tally
        self._clock = load.clock
        self._crowd = crowd
        self._dropped_us: int | None = None
        self._pinged_us = 0
        self._leaving = False
        self._comparison: asyncio.Future[list[str] | None] | None = None

    @property
    def is_live(self) -> bool:
        """Whether it is connected and current."""
        return self.follower.state is ClientState.LIVE

    @property
    def owes_answer(self) -> bool:
        """Whether a ping is still to be answered."""
        return self.connection is not None and self._pinged_us != 0

    # What the crowd asks of it

    def joined(self, connection: Connection) -> None:
        """A connection is open for it."""
        self.connection = connection
        self.heard_us = self._clock.ours_us()
        self._send(self.follower.connected())
        if self.slow:
            connection.pause()

    def drop(self) -> None:
        """Lose the connection on purpose; whoever asks for it opens the next one."""
        self._dropped_us = self._clock.ours_us()
        self._tally.reconnects += 1
        self.follower.disconnected()
        self.abort()

    def lose(self, reason: str) -> None:
        """Give a connection up that is dead."""
        if self.connection is not None:
            self.abort()
            self.follower.disconnected()
            self._crowd.lost(self, End(CloseCode.ABNORMAL, reason))

    def abort(self) -> None:
        """End at once."""
        if self.connection is not None:
            self.connection.abort()
            self.connection = None

    def read_on(self) -> None:
        """Read, after all."""
        if self.connection is not None:
            self.connection.resume()

    def leave(self) -> None:
        """End in order."""
        self._leaving = True
        if self.connection is not None:
            self.connection.close()

    async def compare(self, timeout_s: float) -> list[str] | None:
        """Where the replica differs from the server's state at this moment; ``None`` if there was no answer to tell."""
        if not self.is_live:
            return None
        self._comparison = asyncio.get_running_loop().create_future()
        self._send(self.follower.check())
        try:
            async with asyncio.timeout(timeout_s):
                return await self._comparison
        except TimeoutError:
            return None
        finally:
            self._comparison = None

    def ping(self) -> None:
        """See how the clocks stand."""
        self._pinged_us = self._clock.ours_us()
        self._send(self.follower.ping(self._pinged_us))

    # What its connection tells

    def received(self, size: int) -> None:
        """See ``Peer``."""
        self._tally.window.bytes += size
        self.heard_us = self._clock.ours_us()

    def message(self, payload: bytes, *, text: bool) -> None:
        """See ``Peer``."""
        self._tally.window.messages += 1
        answer = self.follower.receive(payload, self.heard_us + self._clock.shift_us(), text=text)
        if answer is not None:
            self._send(answer)

    def ended(self, connection: Connection, end: End) -> None:
        """See ``Peer``."""
        if connection is self.connection:
            self.connection = None
            self.follower.disconnected()
            if not self._leaving:
                self._crowd.lost(self, end)

    # What its follower tells

    def live(self, *, resumed: bool) -> None:
        """See ``FollowerOwner``."""
        if self._dropped_us is not None:
            self._tally.returns.record(self._clock.ours_us() - self._dropped_us)
            self._dropped_us = None
            self._tally.resumed += resumed
            self._tally.snapshots += not resumed

    def checked(self, found: list[str] | None) -> None:
        """See ``FollowerOwner``."""
        if self._comparison is not None and not self._comparison.done():
            self._comparison.set_result(found)

    def answered(self, id: str | int | None, server_ms: int) -> None:
        """See ``FollowerOwner``."""
        if id == self._pinged_us:
            self._clock.offset.answered(self._pinged_us, self.heard_us, server_ms)
            self._pinged_us = 0

    def _send(self, payload: bytes) -> None:
        if self.connection is not None:
            self.connection.send(payload, text=self._text)
