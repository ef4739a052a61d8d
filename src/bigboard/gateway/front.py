"""What stands before the application of a port, from the outside in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.gateway.access_log import AccessLog
from bigboard.gateway.forwarded import ForwardedClient, TrustedProxies
from bigboard.gateway.hosts import HostGuard
from bigboard.gateway.security_headers import SecurityHeaders

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp

__all__ = ["front"]


def front(app: ASGIApp, *, hosts: frozenset[str] | None = None, trusted_proxies: Iterable[str] = ()) -> ASGIApp:
    """The application behind its guards. Raises ``ValueError`` for a proxy that is neither an address nor a network.

    They are not added as the framework's middleware, because its answer to a failure passes outside of that.
    """
    guarded = SecurityHeaders(HostGuard(app, hosts))
    # Who the client is stands first: all the others go by it.
    return ForwardedClient(AccessLog(guarded), TrustedProxies(trusted_proxies))
