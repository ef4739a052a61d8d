"""``GET /health``: is it alive, how is each part, and with ``?ready`` whether it should get clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Response

from bigboard.gateway.bearer import REFUSALS, MaybeVisitor
from bigboard.version import VERSION
from bigboard.wire.messages import rfc3339

if TYPE_CHECKING:
    from bigboard.gateway.hub import Hub

__all__ = ["health_routes"]


def health_routes(hub: Hub, service: str) -> APIRouter:
    """The health route of one port; ``service`` is the name that it answers with."""
    router = APIRouter(responses={401: REFUSALS[401]})

    @router.get("/health", responses={503: {"description": "Not ready to serve, where that was asked for."}})
    async def _health(
        visitor: MaybeVisitor, response: Response, ready: Annotated[str | None, Query(max_length=16)] = None
    ) -> dict[str, Any]:
        """How it is; with ``?ready`` the status is 503 while clients had better go elsewhere."""
        parts = {name: dict(part) for name, part in hub.parts().items()}
        healthy = all(part.get("status", "up") == "up" for part in parts.values())
        told = {
            "status": "healthy" if healthy else "degraded",
            "service": service,
            "timestamp": rfc3339(hub.clock.epoch_ms()),
        }
        if ready is not None and not hub.is_ready():
            response.status_code = 503
            told["status"] = "not ready"
        # A load balancer has no key; what runs here, and how, is not everybody's business.
        return told if visitor is None else {**told, "version": VERSION, "parts": parts}

    return router
