"""Who a client is and what it may see (PROTOCOL section 7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bigboard.board import EVERYTHING, Subscription

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["ANONYMOUS", "Credentials", "Identity", "TokenCheck"]

_MOST_NAMED = 20
"""Patterns named in one sentence."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A client that has proven who it is.

    A permission is a subscription pattern: ``*``, ``market_data``, ``account:main``.
    """

    subject: str
    permissions: tuple[Subscription, ...]
    expires_ms: int | None = None
    """Epoch milliseconds at which the proof ends; ``None`` for never."""
    credential: str = ""
    """What it was proven by, so that it can be withdrawn: ``key:ID``, ``jwt:KEY``; empty where nothing had to be proven."""

    @property
    def unlimited(self) -> bool:
        """Whether it may see everything."""
        return EVERYTHING in self.permissions

    def permits(self, wanted: Subscription) -> bool:
        """Whether all that ``wanted`` selects may be seen. ``*`` is always permitted: it means all that one may see."""
        return wanted == EVERYTHING or any(permission.covers(wanted) for permission in self.permissions)

    def restrict(self, wanted: Iterable[Subscription]) -> list[Subscription]:
        """What may be seen of all this, as patterns without repetition.

        Two patterns are disjoint or one covers the other, so what they share is the narrower one.
        """
        if self.unlimited:
            return list(dict.fromkeys(wanted))
        shared: dict[Subscription, None] = {}
        for subscription in wanted:
            for permission in self.permissions:
                if permission.covers(subscription):
                    shared[subscription] = None
                elif subscription.covers(permission):
                    shared[permission] = None
        return list(shared)

    def refusal(self, refused: Sequence[Subscription]) -> str:
        """The sentence that names what is not permitted, and what is."""
        more = f" and {len(refused) - _MOST_NAMED} more" if len(refused) > _MOST_NAMED else ""
        named = ", ".join(map(str, refused[:_MOST_NAMED]))
        permitted = ", ".join(map(str, self.permissions[:_MOST_NAMED])) or "nothing"
        return f"not permitted: {named}{more}; {self.subject} may see {permitted}"


ANONYMOUS = Identity("anonymous", (EVERYTHING,))
"""Everybody, where no authentication is configured."""


class TokenCheck(Protocol):
    """What tells a client by its API key or token. It neither reads a file nor waits: it runs between two messages."""

    def identify(self, token: str, now_ms: int) -> Identity:
        """Who holds this token. Raises ``WireError`` (``unauthenticated``) with a reason that is safe to tell."""


class Credentials(TokenCheck, Protocol):
    """All that is known of clients by now. To ask neither reads a file nor waits."""

    def still_valid(self, identity: Identity) -> Identity | None:
        """The same client as the credentials know it now; ``None`` once its credential was withdrawn."""
