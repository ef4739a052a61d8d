"""``/docs``: the REST interface to read and to try out, by Swagger UI, with nothing from another host.

FastAPI's own page loads Swagger UI from a public network and starts it by an inline script. Here its files come from an
installed package, the script that starts it is a file too, and the policy allows neither inline scripts nor other hosts.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

__all__ = ["docs_routes"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"}
# Addresses are relative, so that the page also works under a path of a proxy.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Bigboard: REST interface</title>
<link rel="icon" href="favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs" data-testid="docs"></div>
<noscript>This page needs scripts; the document itself is at <a href="openapi.json">openapi.json</a>.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# The validator is a service of another host; the document is checked by this project's tests instead.
_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#docs", deepLinking: true, tryItOutEnabled: true, validatorUrl: null
});
"""
_FILES = ("swagger-ui-bundle.js", "swagger-ui.css")


def docs_routes() -> list[BaseRoute]:
    """The page and its files."""

    async def page(_: Request) -> Response:
        return HTMLResponse(_PAGE, headers=_HEADERS)

    async def start(_: Request) -> Response:
        return Response(_START, media_type="text/javascript", headers=_HEADERS)

    # A plain function runs on a thread, because it looks at the disk.
    def file(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return FileResponse(_assets() / name, headers=_HEADERS)

    return [
        Route("/docs", page),
        Route("/docs/start.js", start),
        *(Route(f"/docs/{name}", file) for name in _FILES),
    ]


@lru_cache(maxsize=1)
def _assets() -> Path:
    # Found, not imported: of that package nothing but the files is wanted.
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise RuntimeError("fastapi-offline is not installed, though Bigboard requires it")
    return Path(spec.origin).parent / "static"
