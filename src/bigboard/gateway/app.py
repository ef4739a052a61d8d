"""The two ASGI applications of a gateway: the dashboard port and the hub port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from bigboard.gateway.asyncapi import asyncapi_routes
from bigboard.gateway.catalogue import catalogue_routes
from bigboard.gateway.debug import debug_routes
from bigboard.gateway.docs_page import docs_routes
from bigboard.gateway.health import health_routes
from bigboard.gateway.http_limit import TOO_MANY, HttpLimit
from bigboard.gateway.metrics_routes import metrics_routes
from bigboard.gateway.openapi import describe_truly
from bigboard.gateway.page import page_routes
from bigboard.gateway.state_routes import state_routes
from bigboard.gateway.stream import stream_routes
from bigboard.gateway.ticker_routes import ticker_routes
from bigboard.gateway.traffic import TrafficCounter
from bigboard.gateway.websocket import BoardEndpoint
from bigboard.version import VERSION

if TYPE_CHECKING:
    from bigboard.gateway.hub import Hub
    from bigboard.gateway.origin import OriginCheck

__all__ = ["dashboard_app", "hub_app"]

_TOO_LARGE: dict[int | str, dict[str, Any]] = {431: {"description": "a request line or headers of more than 64 KiB"}}


def dashboard_app(hub: Hub, origins: OriginCheck) -> FastAPI:
    """Port 8000: the page, REST and its documentation, ``/ws``, ``/ws/stream``, one symbol's ``/metrics``, ``/health``."""
    app = _app("Bigboard dashboard", hub, origins)
    app.include_router(stream_routes(hub, origins))
    app.include_router(ticker_routes(hub))
    app.include_router(health_routes(hub, "dashboard-api"), tags=["operation"])
    app.include_router(state_routes(hub))
    app.include_router(catalogue_routes(hub))
    app.router.routes.extend([*docs_routes(), *page_routes()])
    return app


def hub_app(hub: Hub, origins: OriginCheck) -> FastAPI:
    """Port 8086: ``/ws`` for programs and terminals; ``/health``, ``/debug`` and ``/metrics`` for who runs it."""
    app = _app("Bigboard hub", hub, origins)
    app.include_router(health_routes(hub, "dashboard-server"), tags=["operation"])
    app.include_router(debug_routes(hub))
    app.include_router(metrics_routes(hub))
    return app


def _app(title: str, hub: Hub, origins: OriginCheck) -> FastAPI:
    # FastAPI's own documentation pages load scripts from another host, which nothing here may do; see docs_page.
    app = FastAPI(
        title=title,
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        responses={**TOO_MANY, **_TOO_LARGE},
    )
    app.state.hub = hub
    describe_truly(app, hub)
    app.router.routes.extend(asyncapi_routes())
    app.add_middleware(BoardEndpoint, hub=hub, origins=origins)
    app.add_middleware(HttpLimit, rates=hub.requests, limited=hub.limited, clock=hub.clock)
    if origins.elsewhere:
        # Without it a browser lets no page of another origin read an answer, which is the default. It stands around the
        # limit, so that such a page can read a 429 and when to come again. The question that a browser asks beforehand is
        # then not counted, but to answer it costs no more than to refuse it would.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins.elsewhere,
            allow_methods=["GET"],
            allow_headers=["Authorization"],
            expose_headers=["Retry-After", "WWW-Authenticate"],
        )
    app.add_middleware(TrafficCounter, traffic=hub.traffic)
    return app
