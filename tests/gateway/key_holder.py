"""A gateway that asks who one is, with a key file that a test changes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from bigboard.auth import CredentialSource, KeyFile, ServerCredentials, new_key
from bigboard.board import Subscription
from bigboard.gateway.guests import CredentialWatch
from servers import Gateway, gateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from bigboard.auth import ApiKey

__all__ = ["KeyHolder", "bearer", "protected", "watched"]


def bearer(token: str) -> dict[str, str]:
    """The header of a request or handshake."""
    return {"Authorization": f"Bearer {token}"}


class KeyHolder:
    """Makes, changes and revokes keys, as ``bigboard key`` does."""

    def __init__(self, folder: Path) -> None:
        with ThreadPoolExecutor(1) as pool:
            self.file = pool.submit(KeyFile, folder / "keys.json").result(10)
        self._records: dict[str, ApiKey] = {}

    def key(self, name: str, *permissions: str, lifetime_s: float | None = None) -> str:
        """A new key."""
        patterns = [Subscription.parse(permission) for permission in permissions]
        token, record = new_key(name, patterns, now_ms=time.time_ns() // 1_000_000, lifetime_s=lifetime_s)
        self._records[name] = record
        _elsewhere(lambda: self.file.add(record))
        return token

    def revoke(self, name: str) -> None:
        """Take a key back."""
        record = self._records[name]
        _elsewhere(lambda: self.file.replace(msgspec.structs.replace(record, revoked_at=record.created_at)))

    def permit(self, name: str, *permissions: str) -> None:
        """Give a key other permissions."""
        self._records[name] = msgspec.structs.replace(self._records[name], permissions=permissions)
        _elsewhere(lambda: self.file.replace(self._records[name]))


def _elsewhere(change: Callable[[], None]) -> None:
    """As another process would do it: what blocks is not on the event loop of the server."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(change).result(10)


@asynccontextmanager
async def protected(credentials: KeyHolder | CredentialSource, **options: Any) -> AsyncIterator[Gateway]:
    """A gateway that takes the credentials which there are by now, and those that come while it runs."""
    if isinstance(credentials, KeyHolder):
        credentials = CredentialSource(keys_file=str(credentials.file.path))
    read = await asyncio.to_thread(ServerCredentials, credentials)
    async with gateway(credentials=read, **options) as served:
        yield served


@asynccontextmanager
async def watched(credentials: KeyHolder | CredentialSource) -> AsyncIterator[Gateway]:
    """A protected gateway that looks at its key files all the time, as ``bigboard up`` does."""
    async with protected(credentials) as served:
        assert isinstance(served.hub.credentials, ServerCredentials)
        watch = asyncio.create_task(CredentialWatch(served.hub.credentials, served.hub.guests, served.hub.clock).run())
        try:
            yield served
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
