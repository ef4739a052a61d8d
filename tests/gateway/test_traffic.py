"""What the counting middleware does around an application that misbehaves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bigboard.gateway.traffic import Traffic, TrafficCounter
from servers import gateway

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send


async def _nothing() -> Message:
    return {"type": "http.request"}


async def _drop(_: Message) -> None:
    return


def _scope(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "path": "/ws", "query_string": b"client=tui", "method": "GET", **more}


async def _fails(_: Scope, __: Receive, ___: Send) -> None:
    raise RuntimeError("broken")


async def _accepts_and_fails(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "websocket.accept"})
    raise RuntimeError("broken")


async def test_a_request_that_raises_counts_as_500_and_still_raises() -> None:
    traffic = Traffic(0.0)
    with pytest.raises(RuntimeError, match="broken"):
        await TrafficCounter(_fails, traffic)(_scope("http"), _nothing, _drop)
    assert dict(traffic.requests) == {("GET", "other", "500"): 1}


async def test_a_method_that_nobody_knows_makes_no_label_of_its_own() -> None:
    traffic = Traffic(0.0)
    for method in ("BREW", "PROPFIND"):
        with pytest.raises(RuntimeError, match="broken"):
            await TrafficCounter(_fails, traffic)(_scope("http", method=method), _nothing, _drop)
    assert dict(traffic.requests) == {("other", "other", "500"): 2}


async def test_a_connection_that_fails_is_no_longer_open() -> None:
    traffic = Traffic(0.0)
    with pytest.raises(RuntimeError, match="broken"):
        await TrafficCounter(_accepts_and_fails, traffic)(_scope("websocket"), _nothing, _drop)
    assert (traffic.accepted["tui"], traffic.connected["tui"]) == (1, 0)


async def test_the_ports_of_a_hub_share_their_counters_and_two_hubs_do_not() -> None:
    async with gateway() as one, gateway() as other:
        await one.get("/health")
        await one.get("/health", hub_port=True)
        assert one.hub.traffic.requests["GET", "/health", "200"] == 2
        assert not other.hub.traffic.requests
