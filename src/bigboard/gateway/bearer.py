"""The credential of an HTTP request or a handshake: ``Authorization: Bearer …`` (RFC 6750), and nowhere else.

A token in an address would stand in the log of every proxy on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from bigboard.board import Subscription
from bigboard.errors import TooManyFailures, WireError
from bigboard.gateway.access_log import note
from bigboard.gateway.address import client_address
from bigboard.gateway.problem import Problem
from bigboard.wire import ANONYMOUS, Identity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bigboard.gateway.gatekeeper import Gatekeeper

__all__ = ["CHALLENGE", "REFUSALS", "MaybeVisitor", "Visitor", "bearer_token", "require"]

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="bigboard"'}
REFUSALS: dict[int | str, dict[str, Any]] = {401: {"model": Problem}, 403: {"model": Problem}}
"""For the OpenAPI document: what a visitor without a good credential, or without the permission, gets."""
_SCHEME = HTTPBearer(auto_error=False, description="an API key or a JSON Web Token; not asked for by an open server")
_MISSING = "this server wants an API key or a token: Authorization: Bearer …"


def bearer_token(headers: Mapping[str, str]) -> str | None:
    """The token of a request; ``None`` if it carries none. Raises ``ValueError`` for a header that is of another kind."""
    header = headers.get("authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ValueError("the Authorization header must be: Bearer TOKEN")
    return token.strip()


async def _visitor(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_SCHEME)]
) -> Identity:
    hub = request.app.state.hub
    gatekeeper: Gatekeeper | None = hub.gatekeeper
    if gatekeeper is None:
        return ANONYMOUS
    if given is None:
        note(request.scope, reason="no credential")
        raise HTTPException(401, _MISSING, headers=CHALLENGE)
    try:
        identity = gatekeeper.identify(given.credentials, hub.clock.epoch_ms(), client_address(request.scope))
    except TooManyFailures as error:
        raise HTTPException(429, str(error), headers={"Retry-After": str(error.wait_s)}) from None
    except WireError as error:
        note(request.scope, reason=str(error))
        raise HTTPException(401, str(error), headers=CHALLENGE) from None
    note(request.scope, subject=identity.subject)
    return identity


async def _maybe_visitor(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_SCHEME)]
) -> Identity | None:
    return None if given is None and request.app.state.hub.gatekeeper is not None else await _visitor(request, given)


Visitor = Annotated[Identity, Depends(_visitor)]
"""Who asks; a request without a good credential gets 401, where one is asked for."""
MaybeVisitor = Annotated[Identity | None, Depends(_maybe_visitor)]
"""Who asks, or ``None`` for somebody without a credential; a bad one gets 401."""


def require(identity: Identity, wanted: Iterable[Subscription | str]) -> None:
    """Refuse with 403, by name, what this visitor may not see."""
    parsed = [Subscription.parse(one) if isinstance(one, str) else one for one in wanted]
    refused = [one for one in parsed if not identity.permits(one)]
    if refused:
        raise HTTPException(403, identity.refusal(refused))
