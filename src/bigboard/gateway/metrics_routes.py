"""``GET /metrics`` on the hub port: what Prometheus scrapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from bigboard.gateway.bearer import REFUSALS, Visitor, require
from bigboard.gateway.hub_metrics import HubMetrics

if TYPE_CHECKING:
    from bigboard.gateway.hub import Hub

__all__ = ["metrics_routes"]


def metrics_routes(hub: Hub) -> APIRouter:
    """The scrape route of a hub. Its registries are its own: two hubs in one process do not meet."""
    router = APIRouter(tags=["operation"], responses=REFUSALS)
    own = CollectorRegistry()
    own.register(HubMetrics(hub))
    process = CollectorRegistry()
    ProcessCollector(registry=process)

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def metrics(visitor: Visitor) -> Response:
        """All metrics in the Prometheus text format, version 0.0.4, for who may see the topic ``metrics``."""
        require(visitor, ["metrics"])
        # The board belongs to the event loop; the figures of the process are read from /proc, which blocks.
        text = generate_latest(own) + await run_in_threadpool(generate_latest, process)
        return Response(text, media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router
