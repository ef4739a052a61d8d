"""How a connection begins: formats, client classes, and the words of a refusal (PROTOCOL section 1)."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from servers import DEADLINE_S, Gateway, gateway

_PING = json.dumps({"action": "ping", "id": 1})

_FORMATS: list[tuple[str, list[str], str | None, bool]] = [
    # query, subprotocols offered, the one chosen, whether text comes
    ("", [], None, True),
    ("?format=json", [], None, True),
    ("?format=msgpack", [], None, False),
    ("", ["bigboard.v1.json"], "bigboard.v1.json", True),
    ("", ["bigboard.v1.msgpack"], "bigboard.v1.msgpack", False),
    ("?format=json", ["bigboard.v1.msgpack"], "bigboard.v1.msgpack", False),
    ("", ["graphql-ws", "bigboard.v1.msgpack", "bigboard.v1.json"], "bigboard.v1.msgpack", False),
]
_ORIGINS: list[tuple[str, bool | str]] = [
    ("http://127.0.0.1:{port}", True),
    ("http://127.0.0.1:{hub_port}", "hub"),
    ("HTTP://127.0.0.1:{port}", True),
    ("http://desk.example", True),
    ("https://Desk.example:8443", True),
    ("https://desk.example", False),
    ("http://desk.example:81", False),
    ("http://desk.example.evil.test", False),
    ("http://evil.test", False),
    ("http://127.0.0.1", False),
    ("http://127.0.0.1:1", False),
    ("null", False),
    ("", False),
    ("http://[", False),
    ("file://", False),
    ("http://127.0.0.1:{port}@evil.test", False),
    ("ws://127.0.0.1:{port}", False),
]


async def _refusal(served: Gateway, path: str = "/ws", **options: Any) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused:
        await served.connect(path, **options)
    return refused.value.response.status_code, bytes(refused.value.response.body or b"").decode()


@pytest.mark.parametrize("hub_port", [False, True])
async def test_the_format_is_agreed_on(*, hub_port: bool) -> None:
    async with gateway() as served:
        for query, offered, chosen, text in _FORMATS:
            protocols = [Subprotocol(name) for name in offered] or None
            async with served.connect(f"/ws{query}", hub_port=hub_port, subprotocols=protocols) as client:
                assert client.subprotocol == chosen
                await client.send(_PING)
                answer = await client.recv()
                assert isinstance(answer, str) is text
                message = (msgspec.json if text else msgspec.msgpack).decode(answer)
                assert (message["type"], message["id"]) == ("pong", 1)


async def test_what_comes_in_may_have_either_format() -> None:
    async with gateway() as served, served.connect() as client:
        await client.send(msgspec.msgpack.encode({"action": "ping", "id": "m"}))
        await client.send(_PING)
        assert [json.loads(await client.recv())["id"] for _ in range(2)] == ["m", 1]


@pytest.mark.parametrize(
    ("path", "words"),
    [("/ws?format=xml", ["xml", "json", "msgpack"]), ("/ws?client=fridge", ["fridge", "web", "tui", "api"])],
)
async def test_an_unknown_word_in_the_address_is_refused_by_name(path: str, words: list[str]) -> None:
    async with gateway() as served:
        status, text = await _refusal(served, path)
        assert status == 400
        assert all(word in text for word in words)
        assert text.count("\n") == 1


async def test_an_unknown_subprotocol_is_refused() -> None:
    async with gateway() as served:
        status, text = await _refusal(served, subprotocols=[Subprotocol("graphql-ws")])
        assert status == 400
        assert "bigboard.v1.json and bigboard.v1.msgpack" in text


@pytest.mark.parametrize(("name", "interval_ms"), [("web", 250), ("tui", 100), ("api", 100)])
async def test_a_client_class_sets_the_interval(name: str, interval_ms: int) -> None:
    async with gateway() as served, served.connect(f"/ws?client={name}") as client:
        await client.send(json.dumps({"action": "subscribe", "subscriptions": []}))
        assert json.loads(await client.recv())["interval_ms"] == interval_ms


async def test_other_paths_take_no_websocket() -> None:
    async with gateway() as served:
        for path in ("/", "/wss", "/health", "/assets/x", "/api/v1/state"):
            assert (await _refusal(served, path))[0] in (403, 404)


async def test_a_plain_request_to_the_websocket_is_an_error_not_a_crash() -> None:
    async with gateway() as served:
        assert (await served.get("/ws")).status_code in (404, 405, 426)


@pytest.mark.parametrize("hub_port", [False, True])
async def test_a_browser_may_come_from_the_own_page_or_the_list_alone(*, hub_port: bool) -> None:
    async with gateway(allowed_origins=["http://desk.example/", "https://desk.example:8443"]) as served:
        for origin, allowed in _ORIGINS:
            given = origin.format(port=served.port, hub_port=served.hub_port)
            if allowed is True or (allowed == "hub" and hub_port):
                async with served.connect(hub_port=hub_port, additional_headers={"Origin": given}) as client:
                    await client.send(_PING)
                    assert json.loads(await client.recv())["type"] == "pong"
            else:
                status, text = await _refusal(served, hub_port=hub_port, additional_headers={"Origin": given})
                assert status == 403, given
                assert "allowed_origins" in text


async def test_a_refusal_is_no_error_of_the_servers(caplog: pytest.LogCaptureFixture) -> None:
    """Strangers must not be able to fill the log."""
    async with gateway() as served:
        for path in ("/ws?format=xml", "/nowhere"):
            await _refusal(served, path)
        await _refusal(served, additional_headers={"Origin": "http://evil.test"})
    assert [record.message for record in caplog.records if record.levelname not in ("DEBUG", "INFO")] == []


async def test_a_server_that_stops_takes_nobody_and_says_so() -> None:
    async with gateway() as served:
        await served.hub.drain(0.1)
        status, text = await _refusal(served)
        assert (status, "again" in text) == (503, True)


async def test_many_at_once_are_all_served() -> None:
    async with gateway() as served:

        async def talk(number: int) -> None:
            async with served.connect(hub_port=number % 2 == 0) as client:
                await client.send(json.dumps({"action": "ping", "id": number}))
                assert json.loads(await client.recv())["id"] == number

        await asyncio.gather(*(talk(number) for number in range(100)))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X-Long": "x" * 10_000}, 431),
        ({f"X-{number}": "x" for number in range(200)}, 431),
        ({"X-Odd": "\x01"}, 400),
    ],
)
async def test_a_handshake_that_cannot_be_read_is_answered_and_ended(headers: dict[str, str], status: int) -> None:
    lines = [
        "GET /ws HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *(f"{name}: {value}" for name, value in headers.items()), "", "",
    ]  # fmt: skip
    async with gateway() as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write("\r\n".join(lines).encode())
        async with asyncio.timeout(DEADLINE_S):
            answer = await reader.read()
        writer.close()
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
