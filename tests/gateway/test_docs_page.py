"""``/docs`` and ``/openapi.json``: a valid document, and a page that needs no other host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from bigboard.version import VERSION
from servers import gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATHS = {
    "/health", "/metrics", "/api/v1/state", "/api/v1/candles", "/api/v1/topics", "/api/v1/symbols", "/api/v1/services",
    "/api/v1/version",
}  # fmt: skip
_HUB_PATHS = {"/health", "/debug", "/metrics"}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            yield path, operation


@pytest.mark.parametrize(("hub_port", "paths"), [(False, _PATHS), (True, _HUB_PATHS)])
async def test_the_document_is_valid_and_names_every_path(hub_port: bool, paths: set[str]) -> None:
    async with gateway() as served:
        answer = await served.get("/openapi.json", hub_port=hub_port)
        document = answer.json()
        assert (answer.status_code, document["info"]["version"]) == (200, VERSION)
        assert document["openapi"].startswith("3.1")
        assert [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
        assert paths == set(document["paths"])
        for path, operation in _operations(document):
            if path != "/health":
                assert operation["description"], path
        names = [operation["operationId"] for _, operation in _operations(document)]
        assert len(names) == len(set(names))


async def test_refusals_are_in_the_document() -> None:
    async with gateway() as served:
        paths = (await served.get("/openapi.json")).json()["paths"]
        for path, operation in _operations({"paths": paths}):
            assert "Retry-After" in operation["responses"]["429"]["headers"], path
        assert {"200", "404", "422", "429", "431", "503"} == set(paths["/metrics"]["get"]["responses"])
        assert {"200", "400", "422", "429", "431"} == set(paths["/api/v1/state"]["get"]["responses"])


async def test_the_page_loads_its_own_files_alone() -> None:
    async with gateway() as served:
        page = await served.get("/docs")
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
        assert {"docs/swagger-ui-bundle.js", "docs/swagger-ui.css", "docs/start.js"} <= set(loaded)
        for address in loaded:
            assert not re.match(r"(?:[a-z]+:)?//", address), address
            if address != "favicon.svg":
                assert (await served.get(f"/{address}")).status_code == 200, address
        style = (await served.get("/docs/swagger-ui.css")).text
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", style)
        start = (await served.get("/docs/start.js")).text
        assert "//" not in start
        assert "validatorUrl: null" in start


async def test_the_policy_allows_no_other_host_and_nothing_inline() -> None:
    async with gateway() as served:
        for path, kind in {
            "/docs": "text/html",
            "/docs/start.js": "text/javascript",
            "/docs/swagger-ui-bundle.js": "text/javascript",
            "/docs/swagger-ui.css": "text/css",
        }.items():
            answer = await served.get(path)
            assert answer.headers["content-type"].startswith(kind)
            assert answer.headers["x-content-type-options"] == "nosniff"
            rules = dict(rule.strip().split(" ", 1) for rule in answer.headers["content-security-policy"].split(";"))
            assert rules["default-src"] == "'none'"
            assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
            assert rules["frame-ancestors"] == rules["base-uri"] == rules["form-action"] == "'none'"
            assert set(" ".join(rules.values()).split()) <= {"'self'", "'none'", "data:"}
        page = (await served.get("/docs")).text
        assert "<style" not in page
        assert not re.search(r"<script>|<script [^>]*>[^<]|\son\w+=|style=", page)


@pytest.mark.parametrize(
    "path", ["/docs/", "/docs/../docs_page.py", "/docs/redoc.standalone.js", "/docs/%2e%2e/x", "/redoc"]
)
async def test_nothing_else_is_under_it(path: str) -> None:
    async with gateway() as served:
        assert (await served.get("", extensions={"target": path.encode()})).status_code in (307, 404)
