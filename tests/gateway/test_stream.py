"""``/ws/stream`` over real sockets: the ticker and nothing else, for clients that say nothing (PROTOCOL section 10)."""

from __future__ import annotations

import asyncio
import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bigboard.board import Update
from bigboard.gateway import OriginCheck
from bigboard.gateway.stream import stream_routes
from servers import DEADLINE_S, Gateway, gateway

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from websockets.asyncio.client import ClientConnection

_PATH = "/ws/stream?symbol=BTC/USDT"


async def _next(client: Any) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE_S):
        message: dict[str, Any] = json.loads(await client.recv())
    return message


async def _drop_all(client: ClientConnection) -> None:
    while True:
        await client.recv()


async def _refused(served: Gateway, path: str, **options: Any) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused:
        await served.connect(path, **options)
    return refused.value.response.status_code, bytes(refused.value.response.body or b"").decode()


async def test_the_first_message_comes_at_once_and_is_the_flat_ticker() -> None:
    async with gateway() as served:
        served.commit(
            Update(
                "market_data", "BTCUSDT", {"last_price": 100.0, "bid_price": 99.5, "ask_price": 100.5, "spread": 1.0}
            ),
            Update("metrics", "BTCUSDT", {"messages_received": 7}),
        )
        async with served.connect(_PATH) as client:
            assert client.subprotocol is None
            message = await _next(client)
        assert (message["symbol"], message["last"], message["bid"], message["ask"]) == ("BTCUSDT", 100.0, 99.5, 100.5)
        assert "volume" in message
        assert (message["metrics"]["messages_received"], message["metrics"]["spread"]) == (7, 1.0)
        assert message["timestamp"].endswith("Z")
        # It is the same ticker as by HTTP.
        asked = (await served.get("/metrics", params={"symbol": "BTCUSDT"})).json()
        told = {name: value for name, value in message.items() if name not in ("metrics", "timestamp")}
        assert (told, message["metrics"]) == (asked["ticker"], asked["metrics"])


async def test_a_move_comes_sooner_than_the_calm() -> None:
    async with gateway() as served:
        served.price(100.0)
        async with served.connect(_PATH) as client:
            await _next(client)
            began = time.monotonic()
            assert (await _next(client))["last"] == 100.0
            assert time.monotonic() - began > 0.4
            served.price(101.0)
            # On a machine that is busy the look may be late; that the price is in the next message is sure.
            assert (await _next(client))["last"] == 101.0


async def test_whoever_comes_before_the_first_data_waits_for_its_symbol() -> None:
    async with gateway() as served, served.connect(_PATH) as client:
        served.price(1.0, "ETHUSDT")
        served.price(2.0)
        assert (await _next(client))["last"] == 2.0


async def test_what_a_client_says_means_nothing() -> None:
    async with gateway() as served:
        served.price(1.0)
        async with served.connect(_PATH) as client:
            for said in ("hello", '{"action": "subscribe", "subscriptions": ["*"]}', b"\xff\x00"):
                await client.send(said)
            for _ in range(2):
                assert (await _next(client))["symbol"] == "BTCUSDT"


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/ws/stream", 400, "?symbol=BTC/USDT"),
        ("/ws/stream?symbol=", 400, "?symbol=BTC/USDT"),
        ("/ws/stream?symbol=" + "x" * 129, 400, "128 characters"),
        ("/ws/stream?symbol=NOSUCH", 404, "/api/v1/symbols"),
    ],
)
async def test_a_refusal_says_what_is_wrong(path: str, status: int, words: str) -> None:
    async with gateway() as served:
        served.price(1.0)
        given, text = await _refused(served, path)
        assert (given, words in text, text.count("\n")) == (status, True, 1)


async def test_a_foreign_page_may_not_listen() -> None:
    async with gateway(allowed_origins=["http://desk.example"]) as served:
        served.price(1.0)
        status, text = await _refused(served, _PATH, additional_headers={"Origin": "http://evil.test"})
        assert (status, "allowed_origins" in text) == (403, True)
        for origin in ("http://desk.example", f"http://127.0.0.1:{served.port}"):
            async with served.connect(_PATH, additional_headers={"Origin": origin}) as client:
                assert (await _next(client))["last"] == 1.0


async def test_the_hub_port_has_no_stream() -> None:
    async with gateway() as served:
        assert (await _refused(served, _PATH, hub_port=True))[0] in (403, 404)


async def test_a_server_that_stops_says_come_back() -> None:
    async with gateway() as served:
        served.price(1.0)
        async with served.connect(_PATH) as client, asyncio.timeout(DEADLINE_S):
            await _next(client)
            await served.hub.drain(0.5)
            with pytest.raises(ConnectionClosed) as closed:
                await _drop_all(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert (await _refused(served, _PATH))[0] == 503


async def test_clients_that_come_and_go_leave_nothing_behind() -> None:
    async with gateway() as served:
        served.price(1.0)
        async with served.connect(_PATH) as client:
            await _next(client)
        tasks = len(asyncio.all_tasks())
        for _ in range(20):
            async with served.connect(_PATH) as client:
                await _next(client)
        async with asyncio.timeout(DEADLINE_S):
            while len(asyncio.all_tasks()) > tasks:
                await asyncio.sleep(0.01)


async def test_one_that_takes_nothing_is_closed_with_words(caplog: pytest.LogCaptureFixture) -> None:
    """Over the ASGI interface itself, where a client that reads nothing is a send that does not return."""
    async with gateway() as served:
        served.price(1.0)
        app = FastAPI()
        app.include_router(stream_routes(served.hub, OriginCheck([]), stuck_s=0.05))
        sent: list[MutableMapping[str, Any]] = []
        aborted = asyncio.Event()
        connected = asyncio.Event()
        ends: list[Callable[[], object]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)
            if message["type"] == "websocket.send":
                await asyncio.Event().wait()

        async def receive() -> MutableMapping[str, Any]:
            if not connected.is_set():
                connected.set()
                return {"type": "websocket.connect"}
            await asyncio.Event().wait()
            raise AssertionError

        scope = {
            "type": "websocket", "path": "/ws/stream", "raw_path": b"/ws/stream", "query_string": b"symbol=BTCUSDT",
            "headers": [], "subprotocols": [], "scheme": "ws", "root_path": "", "http_version": "1.1",
            "asgi": {"version": "3.0"},
            "extensions": {
                "bigboard.abort": {"abort": aborted.set},
                "bigboard.channel": {"channel": SimpleNamespace(at_end=ends.append)},
            },
        }  # fmt: skip
        async with asyncio.timeout(DEADLINE_S):
            await app(scope, receive, send)
        assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
        assert sent[-1]["code"] == 4508
        assert len(served.hub.admission) == 1
        for end in ends:
            end()
        assert len(served.hub.admission) == 0
        assert sent[-1]["reason"].startswith("too slow: ")
        assert [record for record in caplog.records if record.levelname == "ERROR"] == []
