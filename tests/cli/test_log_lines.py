"""A whole day of a server, in short: everybody who comes, goes and is refused has a line, and no secret is in any."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from servers import DEADLINE_S, Up, run, running_up, until_reads

if TYPE_CHECKING:
    from pathlib import Path

_QUERY = "s3cret-in-a-query"
_PAYLOAD = "s3cret-in-a-payload"
_WRONG = "bb_0000000000000000_s3cret-of-a-wrong-key"
_FORGED = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzM2NyZXQifQ.s3cret"
_PATH = "s3cret-in-a-path"


async def _key(folder: Path, *arguments: str) -> str:
    ended = await run("key", *arguments, environment={"BIGBOARD_KEYS_FILE": str(folder / "keys.json")})
    assert ended.status == 0
    return ended.out.strip()


def _lines(up: Up) -> list[dict[str, Any]]:
    assert up.ended is not None
    return [json.loads(line) for line in up.ended.err.splitlines()]


def _connect(url: str, token: str = "", **options: Any) -> connect:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return connect(url, additional_headers=headers, compression=None, proxy=None, **options)


async def _is_refused(url: str, status: int, **options: Any) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with _connect(url, **options):
            pass
    assert refused.value.response.status_code == status


async def _http(up: Up, token: str) -> None:
    async with httpx.AsyncClient(trust_env=False, base_url=up.page_url) as http:
        for shown in (token, _WRONG, _FORGED):
            await http.get("/api/v1/symbols", headers={"Authorization": f"Bearer {shown}"})
        await http.get("/api/v1/state", params={"subscriptions": _QUERY}, headers={"Authorization": f"Bearer {token}"})
        await http.get(f"/{_PATH}", params={"token": _QUERY, "api_key": token})
        await http.get("/health", headers={"Host": "evil.example"})
    reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
    writer.write(f"GET /{_PATH} HTTP/9.9\r\nAuthorization: Bearer {token}\r\n{_PAYLOAD}\r\n\r\n".encode())
    async with asyncio.timeout(DEADLINE_S):
        await reader.read()
    writer.close()


async def _handshakes(up: Up, token: str) -> None:
    await _is_refused(up.ws_url, 401, token=_WRONG)
    await _is_refused(up.ws_url, 401, token=_FORGED)
    await _is_refused(up.ws_url, 403, token=token, origin="http://evil.example")
    await _is_refused(f"{up.ws_url}?format={_QUERY}&token={token}", 400)
    await _is_refused(f"ws://evil.example:{up.port}/ws", 421, host="127.0.0.1", port=up.port)
    await _is_refused(f"{up.ws_url}/stream?symbol={_QUERY}", 404, token=token)


async def _conversation(up: Up, token: str) -> None:
    async with _connect(f"{up.ws_url}?client=tui&note={_QUERY}") as client:
        await client.send(json.dumps({"action": "authenticate", "token": token}))
        await until_reads(client, "authenticated")
        for nonsense in (_PAYLOAD, json.dumps({"action": _PAYLOAD}), json.dumps({"action": "ping", "id": _PAYLOAD})):
            await client.send(nonsense)
        await until_reads(client, "pong")
    async with _connect(up.hub_url) as client:
        await client.send(json.dumps({"action": "authenticate", "token": _WRONG}))
        assert await _close_code(client) == 4401
    async with _connect(f"{up.ws_url}/stream?symbol=BTC/USDT&token={token}") as client:
        await client.send(json.dumps({"action": "authenticate", "token": token}))
        await client.recv()


async def _close_code(client: ClientConnection) -> int | None:
    async with asyncio.timeout(DEADLINE_S):
        with suppress(ConnectionClosed):
            while True:
                await client.recv()
    return client.close_code


async def test_the_log_of_everything_tells_who_and_what_and_no_secret(tmp_path: Path) -> None:
    token = await _key(tmp_path, "create", "--name", "desk-1", "--permissions", "*")
    settings = {"BIGBOARD_LOG_FORMAT": "json", "BIGBOARD_MESSAGE_RATE": "1000", "BIGBOARD_HTTP_RATE": "1000"}
    options = [f"--keys-file={tmp_path / 'keys.json'}", "--log-level=debug", "--symbols=BTC/USDT"]
    async with running_up(*options, environment=settings, quiet=False) as up, _connect(up.ws_url, token) as early:
        await early.send('{"action": "subscribe", "subscriptions": ["market_data"]}')
        await until_reads(early, "diff_update")
        await _http(up, token)
        await _handshakes(up, token)
        await _conversation(up, token)
        await _key(tmp_path, "revoke", "desk-1")
        assert await _close_code(early) == 4401
    assert up.ended is not None
    secrets = (token, token.split("_", 2)[2], _QUERY, _PAYLOAD, _WRONG, _FORGED, _PATH, "s3cret")
    assert [secret for secret in secrets if secret in up.ended.err] == []

    lines = _lines(up)
    told = {(line["event"], line.get("why") or line.get("reason"), line.get("client")) for line in lines}
    assert told >= {
        ("request refused", "credential", None),
        ("request refused", "host", None),
        ("handshake refused", "credential", None),
        ("handshake refused", "origin", None),
        ("handshake refused", "format", None),
        ("handshake refused", "host", None),
        ("handshake refused", "symbol", None),
        ("authentication failed", "no such API key", "web"),
        ("credential ended", "withdrawn", "web"),
        ("connected", None, "tui"),
        ("authenticated", None, "tui"),
        ("disconnected", None, "tui"),
        ("connected", None, "stream"),
        ("authenticated", None, "stream"),
        ("disconnected", None, "stream"),
        ("credentials changed", None, None),
    }
    evil = next(line for line in lines if line.get("why") == "origin")
    assert (evil["origin"], evil["address"], evil["level"]) == ("http://evil.example", "127.0.0.1", "warning")
    known = next(line for line in lines if line["event"] == "authenticated" and line["client"] == "tui")
    assert (known["subject"], known["address"]) == ("desk-1", "127.0.0.1")
    gone = [(line["code"], line["client"]) for line in lines if line["event"] == "disconnected"]
    assert sorted(gone) == [(1000, "stream"), (1000, "tui"), (4401, "web"), (4401, "web")]
    asked = {(line["method"], line["route"], line["status"]) for line in lines if line["event"] == "request"}
    assert asked == {("GET", "/api/v1/symbols", 200), ("GET", "/api/v1/state", 400), ("GET", "other", 404)}


async def test_a_flood_of_refused_attempts_is_a_handful_of_lines_and_a_count() -> None:
    settings = {"BIGBOARD_LOG_FORMAT": "json", "BIGBOARD_HTTP_BURST": "20"}
    async with running_up("--symbols=1", environment=settings, quiet=False) as up:
        async with httpx.AsyncClient(trust_env=False, base_url=up.page_url) as http:
            for _ in range(200):
                await http.get("/api/v1/version")
        for _ in range(30):
            await _is_refused(up.ws_url, 403, origin="http://evil.example")
        for _ in range(30):
            reader, writer = await asyncio.open_connection("127.0.0.1", up.port)
            writer.write(b"no HTTP at all\r\n\r\n")
            async with asyncio.timeout(DEADLINE_S):
                await reader.read()
            writer.close()
    shown = [line for line in _lines(up) if line["event"] != "lines not shown"]
    reports = {line["of"]: line["count"] for line in _lines(up) if line["event"] == "lines not shown"}
    assert len(shown) == 30
    assert {line["event"] for line in shown} == {"limit reached", "handshake refused", "Invalid HTTP request received."}
    assert reports["handshake refused"] == 20
    assert reports["Invalid HTTP request received."] == 20
    assert reports["limit reached"] > 50
