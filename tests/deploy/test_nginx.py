"""deploy/nginx/bigboard.conf in a real nginx, as it stands there: only ports and paths are edited."""

from __future__ import annotations

import json
import re
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from certificates import Authority
from deploy.nginx_server import NGINX, in_nginx, running_nginx
from ports import free_ports
from servers import Up, run, running_up, until_reads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CONF = Path(__file__).parents[2] / "deploy" / "nginx" / "bigboard.conf"
_NAME = "board.example.com"
_CLIENT = "127.0.0.2"
"""Where clients come from, so that they are not taken for the proxy, which is 127.0.0.1."""
_FORGED = "203.0.113.9"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(NGINX is None, reason="nginx is not here: make test installs it")]


class Behind:
    """A board behind nginx, with a key."""

    def __init__(self, up: Up, authority: Authority, token: str, port: int, plain_port: int) -> None:
        self.up = up
        self.authority = authority
        self.port = port
        self.plain_port = plain_port
        self.headers = {"Authorization": f"Bearer {token}"}
        self.origin = f"https://{_NAME}:{port}"

    async def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        """A request as a browser makes it, which has found the name's address."""
        transport = httpx.AsyncHTTPTransport(verify=self.authority.trusted(), local_address=_CLIENT)
        async with httpx.AsyncClient(transport=transport, base_url=f"https://127.0.0.1:{self.port}") as client:
            given = {"Host": f"{_NAME}:{self.port}", **(headers or {})}
            return await client.get(path, headers=given, extensions={"sni_hostname": _NAME})

    def connect(self, path: str = "/ws", headers: dict[str, str] | None = None, **options: Any) -> connect:
        """A WebSocket likewise."""
        return connect(
            f"wss://{_NAME}:{self.port}{path}", host="127.0.0.1", port=self.port, ssl=self.authority.trusted(),
            local_addr=(_CLIENT, 0), additional_headers={**self.headers, **(headers or {})}, proxy=None, **options,
        )  # fmt: skip

    def lines(self) -> list[dict[str, Any]]:
        """The log, once the board has ended."""
        assert self.up.ended is not None
        return [json.loads(line) for line in self.up.ended.err.splitlines()]


def _rendered(folder: Path, authority: Authority, ports: tuple[int, int, int]) -> Path:
    """The example with its ports and paths edited, in the least configuration around it that nginx takes."""
    plain_port, port, board_port = ports
    pair = authority.pair(host=_NAME)
    text = _CONF.read_text()
    for old, new in {
        "/etc/letsencrypt/live/board.example.com/fullchain.pem": str(pair.certificate),
        "/etc/letsencrypt/live/board.example.com/privkey.pem": str(pair.key),
        "/var/log/nginx/bigboard.log": str(folder / "access.log"),
        "https://board.example.com$": f"https://board.example.com:{port}$",
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{board_port};",
    }.items():
        assert old in text, old
        text = text.replace(old, new)
    text, count = re.subn(r"(?m)^ *listen \[::\]:.*\n", "", text)
    assert count == 2
    return in_nginx(folder, text)


@asynccontextmanager
async def _behind(folder: Path, **settings: str) -> AsyncIterator[Behind]:
    keys = folder / "keys.json"
    made = await run(
        "key", "create", "--name", "desk-1", "--permissions", "*", environment={"BIGBOARD_KEYS_FILE": str(keys)}
    )
    authority = Authority(folder)
    plain_port, port, board_port = free_ports(3)
    environment = {
        "BIGBOARD_TRUSTED_PROXIES": "127.0.0.1",
        "BIGBOARD_ALLOWED_ORIGINS": f"https://{_NAME}:{port}",
        "BIGBOARD_LOG_LEVEL": "info",
        "BIGBOARD_LOG_FORMAT": "json",
        **settings,
    }
    conf = _rendered(folder, authority, (plain_port, port, board_port))
    options = [f"--keys-file={keys}", f"--port={board_port}", "--symbols=BTC/USDT"]
    async with running_up(*options, environment=environment, quiet=False) as up, running_nginx(conf, port):
        yield Behind(up, authority, made.out.strip(), port, plain_port)


async def test_page_rest_and_diffs_come_through(tmp_path: Path) -> None:
    async with _behind(tmp_path) as behind:
        page = await behind.get("/")
        assert page.status_code in (200, 503)  # 503 where it is not built, in the board's own words
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["strict-transport-security"] == "max-age=31536000"
        assert (await behind.get("/api/v1/symbols")).status_code == 401
        answer = await behind.get("/api/v1/symbols", behind.headers)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        async with behind.connect("/ws?client=tui", origin=behind.origin) as client:
            await client.send('{"action": "subscribe", "subscriptions": ["market_data"], "interval_ms": 20}')
            await until_reads(client, "state_update")
            for _ in range(20):
                assert (await until_reads(client, "diff_update"))["changes"]["market_data"]
        async with behind.connect("/ws/stream?symbol=BTC/USDT") as client:
            assert json.loads(await client.recv())["symbol"]


async def test_who_comes_without_tls_is_sent_to_it(tmp_path: Path) -> None:
    async with _behind(tmp_path) as behind, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"http://127.0.0.1:{behind.plain_port}/docs?x=1", headers={"Host": _NAME})
        assert (answer.status_code, answer.headers["location"]) == (301, f"{behind.origin}/docs?x=1")


async def test_the_client_s_address_arrives_and_a_forged_one_does_not(tmp_path: Path) -> None:
    forged = {
        "X-Forwarded-For": _FORGED,
        "Forwarded": f"for={_FORGED}",
        "X-Real-IP": _FORGED,
        "X-Forwarded-Proto": "http",
    }
    async with _behind(tmp_path) as behind:
        assert (await behind.get("/health", forged)).status_code == 200
        async with behind.connect(headers=forged):
            pass
    lines = behind.lines()
    for event in ("request", "connected", "authenticated", "disconnected"):
        assert {line["address"] for line in lines if line["event"] == event} == {_CLIENT}
    assert _FORGED not in json.dumps(lines)


async def test_limits_are_the_client_s_and_not_the_proxy_s(tmp_path: Path) -> None:
    async with _behind(tmp_path, BIGBOARD_HTTP_BURST="3", BIGBOARD_HTTP_RATE="0.01") as behind:
        statuses = [
            (await behind.get("/api/v1/version", {"X-Forwarded-For": f"203.0.113.{n}"})).status_code for n in range(5)
        ]
        assert statuses == [200, 200, 200, 429, 429]
        async with httpx.AsyncClient(trust_env=False) as other:
            assert (await other.get(f"{behind.up.page_url}/api/v1/version")).status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", f"http://{_NAME}", f"https://{_NAME}.evil.example", "null"])
async def test_another_origin_is_refused(tmp_path: Path, origin: str) -> None:
    async with _behind(tmp_path) as behind:
        with pytest.raises(InvalidStatus) as refused:
            async with behind.connect(origin=origin):
                pass
        assert refused.value.response.status_code == 403


async def test_the_page_s_own_name_without_tls_is_another_origin(tmp_path: Path) -> None:
    async with _behind(tmp_path) as behind:
        with pytest.raises(InvalidStatus) as refused:
            async with behind.connect(origin=behind.origin.replace("https", "http")):
                pass
        assert refused.value.response.status_code == 403


async def test_another_name_is_not_answered(tmp_path: Path) -> None:
    async with _behind(tmp_path) as behind:
        answer = await behind.get("/health", {"Host": "evil.example"})
        assert answer.status_code == 421


def test_nginx_gives_up_on_no_quiet_connection() -> None:
    times = re.findall(r"proxy_(?:read|send)_timeout (\d+)s;", _CONF.read_text())
    # A ping goes out every 30 s, and who does not answer is closed after 60 s.
    assert len(times) == 2
    assert all(int(seconds) > 60 for seconds in times)
