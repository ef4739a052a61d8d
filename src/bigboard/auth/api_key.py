"""API keys: what they look like, what is kept of them, and how one is recognised.

A key is ``bb_ID_SECRET``. The ID finds the record without a search; the secret has 256 random bits, so that one round of
SHA-256 keeps it as safe as any slow hash would, and a check costs microseconds.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from bigboard.board import Subscription
from bigboard.errors import WireError
from bigboard.wire import ErrorCode, Identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["PREFIX", "ApiKey", "KeyRing", "new_key"]

PREFIX = "bb_"
"""What every key starts with, so that it is told from other tokens, and found by scanners where it should not be."""

_ID_BYTES = 5
_LONGEST = 200


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a key: everything but the key."""

    id: str
    name: str
    """The subject of its holder."""
    permissions: tuple[str, ...]
    """Subscription patterns."""
    sha256: str
    """Of the secret, in hexadecimal."""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def usable(self, now_ms: int) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or _ms(self.expires_at) > now_ms)


def new_key(
    name: str, permissions: Sequence[Subscription], *, now_ms: int, lifetime_s: float | None = None
) -> tuple[str, ApiKey]:
    """A new key, which is shown once, and the record that is kept of it."""
    id_, secret = secrets.token_hex(_ID_BYTES), secrets.token_urlsafe(32)
    created = datetime.fromtimestamp(now_ms / 1000, UTC).replace(microsecond=0)
    record = ApiKey(
        id=id_,
        name=name,
        permissions=tuple(map(str, permissions)),
        sha256=_digest(secret),
        created_at=created,
        expires_at=None
        if lifetime_s is None
        else datetime.fromtimestamp(created.timestamp() + lifetime_s, UTC).replace(microsecond=0),
    )
    return f"{PREFIX}{id_}_{secret}", record


class KeyRing:
    """The keys of a moment, to recognise their holders by."""

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self._keys = {key.id: (key, _identity(key)) for key in keys}

    def __len__(self) -> int:
        return len(self._keys)

    def identify(self, token: str, now_ms: int) -> Identity:
        """Who holds this key. Raises ``WireError`` (``unauthenticated``), the same for all keys that are none."""
        id_, _, secret = token[: _LONGEST + 1].removeprefix(PREFIX).partition("_")
        found = self._keys.get(id_)
        expected = found[0].sha256 if found is not None else "0" * 64
        # In constant time, and also where there is nothing to compare: the time taken tells nothing of what is kept.
        same = hmac.compare_digest(_digest(secret), expected)
        if found is None or not same or len(token) > _LONGEST:
            raise WireError(ErrorCode.UNAUTHENTICATED, "no such API key")
        key, identity = found
        if key.revoked_at is not None:
            raise WireError(ErrorCode.UNAUTHENTICATED, "this API key was revoked")
        if not key.usable(now_ms):
            raise WireError(ErrorCode.UNAUTHENTICATED, "this API key has expired")
        return identity

    def holder(self, id: str) -> Identity | None:
        """Who holds the key of this id now; ``None`` if there is no such key or it was revoked."""
        found = self._keys.get(id)
        return found[1] if found is not None and found[0].revoked_at is None else None


def _identity(key: ApiKey) -> Identity:
    permissions = tuple(Subscription.parse(permission) for permission in key.permissions)
    expires_ms = None if key.expires_at is None else _ms(key.expires_at)
    return Identity(key.name, permissions, expires_ms, f"key:{key.id}")


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
