"""`bigboard up` with TLS, `bigboard watch` that trusts its certificate, and settings that do not fit."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from certificates import Authority
from servers import DEADLINE_S, run, running_up

if TYPE_CHECKING:
    from pathlib import Path

_UP = ["up", "--port=0", "--hub-port=0"]


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def test_both_ports_have_it_and_say_so(authority: Authority) -> None:
    pair = authority.pair()
    options = [f"--tls-cert={pair.certificate}", f"--tls-key={pair.key}", "--symbols=1"]
    async with running_up(*options, quiet=False) as up:
        assert up.page_url == f"https://127.0.0.1:{up.port}"
        assert up.hub_url == f"wss://127.0.0.1:{up.hub_port}/ws"
        async with httpx.AsyncClient(verify=authority.trusted(), trust_env=False) as http:
            assert (await http.get(f"{up.page_url}/health")).status_code == 200
        # The page of the dashboard port may talk to the hub port, and so may nobody without TLS.
        tls = {"ssl": authority.trusted(), "proxy": None, "compression": None}
        async with connect(up.hub_url, origin=up.page_url, **tls):  # type: ignore[arg-type]
            pass
        with pytest.raises(InvalidStatus, match="403"):
            async with connect(up.hub_url, origin=up.page_url.replace("https", "http"), **tls):  # type: ignore[arg-type]
                pass
        kinds = await _first_of_a_watch(up.hub_url, "--ca", authority.ca)
        assert kinds == ["state_update", "diff_update", "diff_update"]


async def _first_of_a_watch(url: str, *options: str | Path) -> list[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bigboard", "watch", "market_data", "--url", url, *options,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=2**24,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        kinds = [json.loads(await process.stdout.readline())["type"] for _ in range(3)]
    process.terminate()
    await process.communicate()
    return kinds


async def test_the_very_certificate_is_trusted_by_any_name_and_nothing_else_that_it_comes_with(
    authority: Authority,
) -> None:
    pair, other = authority.pair(host="desk.example", loopback=False), authority.pair("other")
    chain = pair.certificate.with_name("chain.pem")
    chain.write_bytes(pair.certificate.read_bytes() + authority.ca.read_bytes())
    options = [f"--tls-cert={chain}", f"--tls-key={pair.key}", "--symbols=1"]
    async with running_up(*options) as up:
        named = await run("watch", "*", "--url", up.hub_url, "--ca", str(authority.ca))
        assert named.status == 1, "it is a certificate of another name"
        kinds = await _first_of_a_watch(up.hub_url, "--certificate", chain)
        assert kinds == ["state_update", "diff_update", "diff_update"]
        told = await run("status", "--json", "--url", up.hub_url, "--certificate", str(chain))
        assert json.loads(told.out)["roles"]
    async with running_up(f"--tls-cert={other.certificate}", f"--tls-key={other.key}", "--symbols=1") as up:
        for command in (["watch", "*"], ["status"]):
            ended = await run(*command, "--url", up.hub_url, "--certificate", str(chain))
            assert ended.status == 1
            assert ended.err.count("\n") == 1
            assert "its certificate is not trusted" in ended.err


async def test_a_client_that_does_not_know_the_certificate_says_why_and_ends(authority: Authority) -> None:
    pair = authority.pair()
    async with running_up(f"--tls-cert={pair.certificate}", f"--tls-key={pair.key}", "--symbols=1") as up:
        ended = await run("watch", "*", "--url", up.hub_url)
        assert ended.status == 1
        assert ended.err.count("\n") == 1
        assert "its certificate is not trusted" in ended.err
        assert "--ca FILE" in ended.err


async def test_an_expired_certificate_is_a_warning_at_the_start(authority: Authority) -> None:
    pair = authority.pair(days=-1)
    async with running_up(f"--tls-cert={pair.certificate}", f"--tls-key={pair.key}", "--symbols=1", quiet=False) as up:
        pass
    assert up.ended is not None
    (line,) = up.ended.err.splitlines()
    assert "warning" in line
    assert "certificate has expired" in line
    assert str(pair.certificate) in line


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--tls-cert={certificate}"], "tls_cert is given and tls_key is not"),
        (["--tls-key={key}"], "tls_key is given and tls_cert is not"),
        (["--tls-cert=/no/such.crt", "--tls-key={key}"], "tls_cert: cannot read /no/such.crt"),
        (["--tls-cert={certificate}", "--tls-key={other}"], "is not the key of the certificate"),
        (["--tls-cert={certificate}", "--tls-key={shut}"], "has a password"),
        (["--tls-cert={key}", "--tls-key={key}"], "there is no certificate in"),
    ],
)
async def test_a_mistake_is_one_line(authority: Authority, arguments: list[str], words: str) -> None:
    pair = authority.pair()
    files = {
        "certificate": pair.certificate, "key": pair.key,
        "other": authority.pair("other").key, "shut": authority.pair("shut", password="letmein").key,  # noqa: S106
    }  # fmt: skip
    ended = await run(*_UP, *(argument.format(**files) for argument in arguments))
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert words in ended.err


@pytest.mark.parametrize("proxies", ["*", "10.0.0.1/8", "127.0.0.1,nginx.local"])
async def test_a_proxy_that_is_no_network_is_one_line(proxies: str) -> None:
    ended = await run(*_UP, environment={"BIGBOARD_TRUSTED_PROXIES": proxies})
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert "trusted_proxies: " in ended.err
    assert "neither an address nor a network" in ended.err


async def test_who_lets_others_in_through_a_proxy_needs_a_key_or_the_word() -> None:
    environment = {"BIGBOARD_TRUSTED_PROXIES": "127.0.0.1"}
    ended = await run(*_UP, environment=environment)
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert "through a proxy" in ended.err
    assert "bigboard key create" in ended.err
    async with running_up("--insecure", "--symbols=1", environment=environment) as up:
        assert up.page_url


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--ca", "/no/such.pem", "--url", "wss://127.0.0.1:1/ws"], "--ca: cannot read /no/such.pem"),
        (["--ca", "{key}", "--url", "wss://127.0.0.1:1/ws"], "--ca: there is no certificate in"),
        (["--ca", "{ca}", "--url", "ws://127.0.0.1:1/ws"], "write wss://"),
        (["--certificate", "/no/such.pem", "--url", "wss://127.0.0.1:1/ws"], "--certificate: cannot read /no/such.pem"),
        (["--certificate", "{key}", "--url", "wss://127.0.0.1:1/ws"], "--certificate: there is no certificate in"),
        (["--certificate", "{ca}", "--ca", "{ca}", "--url", "wss://127.0.0.1:1/ws"], "exclude each other"),
    ],
)
async def test_a_watch_that_cannot_trust_is_one_line(authority: Authority, arguments: list[str], words: str) -> None:
    files = {"key": authority.pair().key, "ca": authority.ca}
    ended = await run("watch", "*", *(argument.format(**files) for argument in arguments))
    assert (ended.status, ended.out) == (1, "")
    assert ended.err.count("\n") == 1
    assert words in ended.err
