"""Which pages may read what plain HTTP answers (CORS): those that may open a WebSocket, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.rate import Rate
from servers import gateway

if TYPE_CHECKING:
    from servers import Gateway

_DESK = "https://desk.example"


async def _allowed(served: Gateway, origin: str, *, hub_port: bool = False) -> str | None:
    answer = await served.get("/health", hub_port=hub_port, headers={"Origin": origin})
    assert answer.status_code == 200
    allowed: str | None = answer.headers.get("access-control-allow-origin")
    assert "access-control-allow-credentials" not in answer.headers
    return allowed


@pytest.mark.parametrize("hub_port", [False, True])
async def test_without_a_list_no_other_origin_reads(*, hub_port: bool) -> None:
    async with gateway() as served:
        for origin in (_DESK, "null", "http://evil.test", f"http://127.0.0.1:{served.port}"):
            assert await _allowed(served, origin, hub_port=hub_port) is None


async def test_a_listed_origin_reads_and_no_look_alike() -> None:
    async with gateway(allowed_origins=[_DESK]) as served:
        assert await _allowed(served, _DESK) == _DESK
        for origin in ("https://desk.example.evil.test", "http://desk.example", "https://desk.example:444", "null"):
            assert await _allowed(served, origin) is None
        answer = await served.get("/health", headers={"Origin": _DESK})
        assert "Origin" in answer.headers["vary"]


async def test_a_listed_page_may_send_its_credential_and_nothing_but_reads() -> None:
    async with gateway(allowed_origins=[_DESK]) as served:
        asked = {
            "Origin": _DESK,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization",
        }
        answer = await served.request("OPTIONS", "/api/v1/state", headers=asked)
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == _DESK
        assert "authorization" in answer.headers["access-control-allow-headers"].lower()
        refused = await served.request(
            "OPTIONS", "/api/v1/state", headers=asked | {"Access-Control-Request-Method": "DELETE"}
        )
        assert refused.status_code == 400


@pytest.mark.parametrize("hub_port", [False, True])
async def test_a_listed_page_reads_that_it_asked_too_often_and_when_to_come_again(*, hub_port: bool) -> None:
    path = "/debug" if hub_port else "/api/v1/version"
    async with gateway(allowed_origins=[_DESK], bounds=GatewayLimits(http=Rate(0.01, 1))) as served:
        for origin, allowed in ((_DESK, _DESK), ("https://other.example", None)):
            await served.get(path, hub_port=hub_port)
            answer = await served.get(path, hub_port=hub_port, headers={"Origin": origin})
            assert answer.status_code == 429
            assert answer.headers.get("access-control-allow-origin") == allowed
        exposed = (await served.get(path, hub_port=hub_port, headers={"Origin": _DESK})).headers
        assert "Retry-After" in exposed["access-control-expose-headers"]
        assert "same-origin" not in exposed.get("cross-origin-resource-policy", "")
        asked = {"Origin": _DESK, "Access-Control-Request-Method": "GET"}
        assert (await served.request("OPTIONS", path, hub_port=hub_port, headers=asked)).status_code == 200


async def test_every_origin_may_read_where_the_settings_say_so() -> None:
    async with gateway(allowed_origins=["*"]) as served:
        assert await _allowed(served, "http://anywhere.test") == "*"
        async with served.connect(origin="http://anywhere.test"):
            pass
