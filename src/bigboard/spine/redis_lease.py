"""Who may write: a lease in Redis that its holder renews, and that anybody may take once it has run out."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, Final, NamedTuple

from bigboard.board import Cursor
from bigboard.errors import SpineUnavailable
from bigboard.spine.redis_scripts import ACQUIRE, RELEASE, RENEW

if TYPE_CHECKING:
    from bigboard.clock import Clock
    from bigboard.spine.redis_connection import RedisConnection
    from bigboard.spine.redis_keys import SpineKeys

__all__ = ["Lease", "Standing"]

_SHARE: Final = 0.8
"""The lease in Redis is a little shorter than the setting, so that to find it free and to read the log fit in as well."""
_RENEWALS: Final = 5
"""Renewals within a lease: one or two that are late or lost do no harm."""


class Standing(NamedTuple):
    """What a new leader finds."""

    cursor: Cursor | None
    """Where the log ends; ``None`` where there is no history."""
    own: bool
    """Whether this process wrote the last commit."""
    whole: bool
    """Whether the log is known to hold all that followers have seen of it. Not so after Redis came back with older data, or
    a replica took over, and no leader has looked since: then a leader that does not know better begins a new epoch."""


class Lease:
    """The right to append, of one process.

    Redis checks it with every append and save, so a leader that hung, or was cut off, and lost it can write nothing any
    more, whatever it believes. Each time that it is acquired it has a new token.
    """

    def __init__(
        self, connection: RedisConnection, keys: SpineKeys, clock: Clock, *, seconds: float, owner: str | None = None
    ) -> None:
        self.owner = owner or secrets.token_hex(8)
        self.token = ""
        """Of this holding or the last one; empty before the first."""
        self.held = False
        self.lost = asyncio.Event()
        """Set while it is not held after it was."""
        self.confirmed: Cursor | None = None
        """The last commit that Redis is known to have taken from this process."""
        self.seconds = seconds
        """Within so many seconds somebody else leads after the holder has died."""
        self._milliseconds = max(1, round(seconds * _SHARE * 1_000))
        self._connection = connection
        self._keys = keys
        self._clock = clock
        self._number = 0

    @property
    def renewal_s(self) -> float:
        """The time between two renewals; who waits for the lease looks at least so often, too."""
        return self._milliseconds / 1_000 / _RENEWALS

    async def acquire(self) -> Standing | None:
        """Take the lease if it is free; what the new leader finds, or ``None`` while another leads.

        Raises ``SpineUnavailable`` where Redis is away.
        """
        self._number += 1
        token = f"{self.owner}:{self._number}"
        taken, head = await self._connection.script(ACQUIRE, self._keys, token, self.owner, self._milliseconds)
        if not taken:
            return None
        self.token, self.held = token, True
        self.lost.clear()
        if head is None:
            return Standing(None, own=False, whole=False)
        epoch, _, _, last, writer, whole = head
        return Standing(Cursor(epoch.decode(), int(last)), own=writer.decode() == self.owner, whole=bool(whole))

    async def renew(self) -> bool:
        """Prolong it; ``False``, and ``lost`` is set, if it had run out or the log has lost commits of this leader.

        Raises ``SpineUnavailable`` where Redis is away, which alone loses nothing yet.
        """
        epoch, sequence = self.confirmed or ("", 0)
        said = await self._connection.script(RENEW, self._keys, self.token, self._milliseconds, epoch, sequence)
        if said != b"ok":
            self.give_up()
        return self.held

    async def keep(self) -> None:
        """Renew it for as long as it lasts; returns when it is lost, be it that Redis was away for too long."""
        renewed_s = self._clock.monotonic_s()
        while self.held:
            await self._clock.sleep(self.renewal_s)
            asked_s = self._clock.monotonic_s()
            try:
                if await self.renew():
                    renewed_s = asked_s
            except SpineUnavailable:
                if self._clock.monotonic_s() - renewed_s > self._milliseconds / 1_000:
                    self.give_up()

    async def wait(self) -> Standing:
        """Wait until it is free, and take it. Redis may be away meanwhile."""
        while True:
            try:
                standing = await self.acquire()
            except SpineUnavailable:
                standing = None
            if standing is not None:
                return standing
            await self._clock.sleep(self.renewal_s / 4)

    async def release(self) -> None:
        """Give it back, so that a standby need not wait. Where Redis is away it runs out by itself."""
        if self.held:
            self.give_up()
            try:
                await self._connection.script(RELEASE, self._keys, self.token)
            except SpineUnavailable:
                return

    def give_up(self) -> None:
        """Note that it is gone: whoever leads with it has to acquire it again."""
        self.held = False
        self.lost.set()
