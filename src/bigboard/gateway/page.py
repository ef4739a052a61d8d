"""The built web app, served from the package: ``/`` and its hashed assets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.types import Scope

__all__ = ["PAGE", "page_is_built", "page_routes"]

PAGE = Path(__file__).parent / "page"
"""Where the build puts the app, and where the wheel has it."""

_POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
# The document names the assets by hash, so it must be fresh and they never change.
_FRESH = {"Cache-Control": "no-cache"}
_HEADERS = {"Content-Security-Policy": _POLICY, **_FRESH}
_MISSING = (
    "The page is not built. With Node 20 or newer: make web, then reload.\n"
    "Everything else works: /ws, /health, /api/v1/state.\n"
)


class _Assets(StaticFiles):
    async def check_config(self) -> None:
        """Accept a folder that is not built: what is asked for there is not found, which is no error of the server."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def page_is_built() -> bool:
    """Whether there is a page to serve."""
    return (PAGE / "index.html").is_file()


def page_routes() -> list[BaseRoute]:
    """The routes of the page; without a built app ``/`` says how to get it."""

    # Plain functions run on a thread, because they look at the disk.
    def index(_: Request) -> Response:
        if not page_is_built():
            return PlainTextResponse(_MISSING, 503)
        return FileResponse(PAGE / "index.html", headers=_HEADERS)

    def beside(request: Request) -> Response:
        file = PAGE / request.url.path.removeprefix("/")
        return FileResponse(file, headers=_FRESH) if file.is_file() else Response(status_code=404)

    return [
        Route("/", index),
        Route("/favicon.svg", beside),
        Route("/NOTICE.txt", beside),
        Mount("/assets", _Assets(directory=PAGE / "assets", check_dir=False)),
    ]
