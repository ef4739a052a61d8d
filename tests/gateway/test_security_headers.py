"""What every answer of both ports tells a browser not to do with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from websockets.exceptions import InvalidStatus

from bigboard.gateway.front import front
from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.rate import Rate
from gateway.key_holder import KeyHolder, protected
from servers import gateway

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.requests import Request

_DESK = "https://desk.example"


def _check(headers: Mapping[str, str], *, cache: str = "no-store") -> None:
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "microphone=()" in headers["permissions-policy"]
    assert headers["cache-control"] == cache


@pytest.mark.parametrize(
    ("path", "hub_port", "status"),
    [
        ("/health", False, 200),
        ("/health", True, 200),
        ("/debug", True, 200),
        ("/metrics", True, 200),
        ("/api/v1/state", False, 200),
        ("/api/v1/state?subscriptions=nonsense", False, 400),
        ("/api/v1/candles", False, 422),
        ("/openapi.json", False, 200),
        ("/metrics?symbol=NO/SUCH", False, 503),
        ("/no/such/path", False, 404),
        ("/no/such/path", True, 404),
    ],
)
async def test_answers_of_the_interface_have_them_and_are_not_stored(path: str, hub_port: bool, status: int) -> None:
    async with gateway() as served:
        answer = await served.get(path, hub_port=hub_port)
        assert answer.status_code == status
        _check(answer.headers)


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/start.js", "/docs/swagger-ui.css", "/favicon.svg"])
async def test_pages_have_them_once_each_and_say_themselves_how_long_they_keep(path: str) -> None:
    async with gateway() as served:
        answer = await served.get(path)
        if answer.status_code == 503:
            pytest.skip("the page is not built")
        _check(answer.headers, cache="no-cache")
        names = [name.lower() for name, _ in answer.headers.multi_items()]
        assert len(names) == len(set(names))
        assert ("content-security-policy" in names) is (path != "/favicon.svg")


async def test_refusals_have_them(tmp_path: Path) -> None:
    async with protected(KeyHolder(tmp_path), bounds=GatewayLimits(http=Rate(0.001, 3))) as served:
        answers = [await served.get("/api/v1/state") for _ in range(4)]
        answers.append(await served.request("POST", "/health"))
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 405]
        for answer in answers:
            _check(answer.headers)
        with pytest.raises(InvalidStatus) as refused:
            async with served.connect(origin="http://evil.test"):
                pass
        assert refused.value.response.status_code == 403
        _check(refused.value.response.headers)


async def test_a_page_of_a_listed_origin_may_use_what_it_reads() -> None:
    async with gateway(allowed_origins=[_DESK]) as served:
        listed = await served.get("/health", headers={"Origin": _DESK})
        assert listed.headers["access-control-allow-origin"] == _DESK
        assert "cross-origin-resource-policy" not in listed.headers
        other = await served.get("/health", headers={"Origin": "https://evil.test"})
        _check(other.headers)


async def test_an_answer_to_a_failure_of_the_server_has_them_too() -> None:
    async def fail(_: Request) -> None:
        raise RuntimeError("a fault")

    sent: list[dict[str, object]] = []
    app = front(Starlette(routes=[Route("/", fail)]))

    async def receive() -> dict[str, object]:
        return {"type": "http.request"}

    async def send(message: object) -> None:
        assert isinstance(message, dict)
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/",
        "headers": [],
        "query_string": b"",
        "client": ("192.0.2.1", 1),
    }
    with pytest.raises(RuntimeError):
        await app(scope, receive, send)
    assert sent[0]["status"] == 500
    headers = sent[0]["headers"]
    assert isinstance(headers, list)
    _check({name.decode(): value.decode() for name, value in headers})
