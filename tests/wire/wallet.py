"""Credentials that are written down in a test: they keep the contract, and no secret."""

from __future__ import annotations

from dataclasses import replace

from bigboard.board import Subscription
from bigboard.errors import WireError
from bigboard.wire import ErrorCode, Identity

__all__ = ["Wallet", "person"]


def person(subject: str, *permissions: str, expires_ms: int | None = None) -> Identity:
    """Somebody with permissions."""
    return Identity(subject, tuple(map(Subscription.parse, permissions)), expires_ms, f"key:{subject}")


class Wallet:
    """Tokens and who holds them; a test adds, changes and removes them."""

    def __init__(self, **holders: Identity) -> None:
        self.holders = holders

    def identify(self, token: str, now_ms: int) -> Identity:
        """See ``Credentials``."""
        identity = self.holders.get(token)
        if identity is None or (identity.expires_ms is not None and identity.expires_ms <= now_ms):
            raise WireError(ErrorCode.UNAUTHENTICATED, "no such token")
        return identity

    def still_valid(self, identity: Identity) -> Identity | None:
        """See ``Credentials``."""
        known = next((held for held in self.holders.values() if held.credential == identity.credential), None)
        return None if known is None else replace(known)
