"""`bigboard key`, and a board that runs on its keys."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.asyncio.client import connect

from servers import DEADLINE_S, Ended, close_of, run, running_up, until_reads

if TYPE_CHECKING:
    from pathlib import Path


async def _key(folder: Path, *arguments: str) -> Ended:
    return await run("key", *arguments, environment={"BIGBOARD_KEYS_FILE": str(folder / "keys.json")})


async def _made(folder: Path, name: str = "desk-1", permissions: str = "market_data,account:main") -> str:
    ended = await _key(folder, "create", "--name", name, "--permissions", permissions)
    assert ended.status == 0
    return ended.out.strip()


async def test_a_key_is_shown_once_and_only_its_hash_is_kept(tmp_path: Path) -> None:
    ended = await _key(tmp_path, "create", "--name", "desk-1", "--permissions", "market_data", "--expires", "90d")
    assert ended.status == 0
    assert re.fullmatch(r"bb_[0-9a-f]+_[\w-]+\n", ended.out)
    assert "shown this once" in ended.err
    token = ended.out.strip()
    assert token not in (tmp_path / "keys.json").read_text()
    listed = await _key(tmp_path, "list")
    assert "desk-1" in listed.out
    assert "active" in listed.out
    assert token.split("_", 2)[2] not in listed.out
    (line,) = (await _key(tmp_path, "list", "--json")).out.splitlines()
    shown = json.loads(line)
    assert (shown["name"], shown["permissions"], shown["state"]) == ("desk-1", ["market_data"], "active")
    assert "sha256" not in shown


async def test_a_revoked_key_is_listed_as_such(tmp_path: Path) -> None:
    await _made(tmp_path)
    assert (await _key(tmp_path, "revoke", "desk-1")).status == 0
    assert "revoked" in (await _key(tmp_path, "list")).out
    again = await _key(tmp_path, "revoke", "desk-1")
    assert again.status == 1
    assert "was revoked on" in again.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["create"], "--name"),
        (["create", "--name", "x"], "--permissions"),
        (["create", "--name", "x", "--permissions", "weather"], "no topic 'weather'; topics are market_data"),
        (["create", "--name", "x", "--permissions", " , "], "'*'"),
        (["create", "--name", "x", "--permissions", "*", "--expires", "soon"], "30s"),
        (["create", "--name", "x", "--permissions", "*", "--expires", "0s"], "from 1s"),
        (["create", "--name", " ", "--permissions", "*"], "1 to 128"),
        (["create", "--name", "a\nb", "--permissions", "*"], "printable"),
        (["revoke", "nobody"], "there is no key 'nobody'"),
        (["revoke"], "NAME"),
    ],
)
async def test_a_mistake_is_told_without_a_traceback(tmp_path: Path, arguments: list[str], words: str) -> None:
    ended = await _key(tmp_path, *arguments)
    assert ended.status in (1, 2)
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "keys.json").exists()


async def test_an_empty_list_says_how_to_make_a_key(tmp_path: Path) -> None:
    ended = await _key(tmp_path, "list")
    assert (ended.status, ended.out) == (0, "")
    assert "bigboard key create" in ended.err


async def test_a_board_takes_the_key_and_ends_its_connections_when_it_is_revoked(tmp_path: Path) -> None:
    token = await _made(tmp_path)
    async with running_up(f"--keys-file={tmp_path / 'keys.json'}", quiet=False) as up:
        async with httpx.AsyncClient(trust_env=False, base_url=up.page_url) as http:
            assert (await http.get("/api/v1/symbols")).status_code == 401
            headers = {"Authorization": f"Bearer {token}"}
            assert (await http.get("/api/v1/symbols", headers=headers)).status_code == 200
        async with connect(up.ws_url, additional_headers=headers, compression=None, proxy=None) as client:
            await client.send(json.dumps({"action": "subscribe", "subscriptions": ["market_data"]}))
            await until_reads(client, "state_update")
            assert (await _key(tmp_path, "revoke", "desk-1")).status == 0
            revoked = time.monotonic()
            assert (await close_of(client))[0] == 4401
            # Promised is a second; the rest is for a busy machine.
            assert time.monotonic() - revoked < 3


async def test_watch_shows_its_key_from_a_file_or_the_environment(tmp_path: Path) -> None:
    token = await _made(tmp_path)
    (tmp_path / "token").write_text(token + "\n")
    async with running_up(f"--keys-file={tmp_path / 'keys.json'}", quiet=False) as up:
        refused = await run("watch", "market_data", "--url", up.ws_url)
        assert refused.status == 1
        assert "unauthenticated" in refused.err or "who you are" in refused.err
        wrong = await run("watch", "market_data", "--url", up.ws_url, environment={"BIGBOARD_TOKEN": token[:-1]})
        assert wrong.status == 1
        assert "refused (401): no such API key" in wrong.err
        assert token[:-1] not in wrong.err
        forbidden = await run("watch", "orders", "--url", up.ws_url, "--token-file", str(tmp_path / "token"))
        assert forbidden.status == 1
        assert "not permitted: orders" in forbidden.err
        command = f"{sys.executable} -m bigboard watch market_data --url {up.ws_url} --token-file {tmp_path / 'token'}"
        process = await asyncio.create_subprocess_shell(f"{command} | head -n 1", stdout=asyncio.subprocess.PIPE)
        async with asyncio.timeout(DEADLINE_S):
            out, _ = await process.communicate()
        assert json.loads(out)["type"] == "state_update"


async def test_a_public_address_needs_a_key_or_the_word(tmp_path: Path) -> None:
    alone = await run("up", "--host=0.0.0.0", "--port=0", "--hub-port=0")
    assert alone.status == 1
    assert "bigboard key create" in alone.err
    assert "--insecure" in alone.err
    await _made(tmp_path)
    async with (
        running_up("--host=0.0.0.0", f"--keys-file={tmp_path / 'keys.json'}", quiet=False) as up,
        httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{up.port}") as http,
    ):
        assert (await http.get("/api/v1/state")).status_code == 401


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"BIGBOARD_KEYS_FILE": "/nonexistent/keys.json"}, "there is no /nonexistent/keys.json"),
        ({"BIGBOARD_AUTHENTICATION": "on"}, "there are no credentials: make a key"),
        ({"BIGBOARD_AUTHENTICATION": "yes"}, "auto, on, off"),
        ({"BIGBOARD_JWT_SECRET_FILE": "/nonexistent/secret"}, "jwt_issuer"),
        ({"BIGBOARD_JWT_SECRET_FILE": "/nonexistent/secret", "BIGBOARD_JWT_ISSUER": "x"}, "cannot read"),
    ],
)
async def test_settings_that_do_not_fit_stop_the_start_with_the_reason(settings: dict[str, str], words: str) -> None:
    ended = await run("up", "--port=0", "--hub-port=0", environment=settings)
    assert ended.status == 1
    assert words in ended.err
    assert ended.err.count("\n") == 1


async def test_every_origin_does_not_go_with_credentials(tmp_path: Path) -> None:
    await _made(tmp_path)
    settings = {"BIGBOARD_ALLOWED_ORIGINS": "*", "BIGBOARD_KEYS_FILE": str(tmp_path / "keys.json")}
    ended = await run("up", "--port=0", "--hub-port=0", environment=settings)
    assert ended.status == 1
    assert "* does not go with authentication" in ended.err
