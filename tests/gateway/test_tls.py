"""TLS on the ports: clients that know nothing of this project, back-pressure, and files that do not serve."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bigboard.board import Update
from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.tls import CertificateError, certificate_trouble, tls_context
from bigboard.wire import ClientSession, Format
from certificates import Authority, Pair
from servers import DEADLINE_S, Gateway, gateway, until, until_reads

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def pair(authority: Authority) -> Pair:
    return authority.pair()


def _context(pair: Pair) -> ssl.SSLContext:
    return tls_context(str(pair.certificate), str(pair.key))


@pytest.fixture(scope="module")
def tls(pair: Pair) -> ssl.SSLContext:
    return _context(pair)


def _wss(served: Gateway, authority: Authority, *, hub_port: bool = False, **options: object) -> connect:
    port = served.hub_port if hub_port else served.port
    options = {"compression": None, "proxy": None, "ping_interval": None, "ssl": authority.trusted(), **options}
    return connect(f"wss://127.0.0.1:{port}/ws", **options)  # type: ignore[arg-type]


async def test_both_ports_speak_https_and_wss(authority: Authority, tls: ssl.SSLContext) -> None:
    async with gateway(tls=tls) as served:
        served.price(1.0)
        async with httpx.AsyncClient(verify=authority.trusted(), trust_env=False) as client:
            for port in (served.port, served.hub_port):
                answer = await client.get(f"https://127.0.0.1:{port}/health")
                assert answer.status_code == 200
        for hub_port in (False, True):
            async with _wss(served, authority, hub_port=hub_port) as client:
                await client.send('{"action": "subscribe", "subscriptions": ["market_data"], "interval_ms": 20}')
                assert (await until_reads(client, "state_update"))["data"]["market_data"]
                for price in range(2, 30):
                    served.price(float(price))
                    diff = await until_reads(client, "diff_update")
                    assert diff["changes"]["market_data"]["BTCUSDT"]["last_price"] == price


async def test_a_page_without_tls_is_another_origin(authority: Authority, tls: ssl.SSLContext) -> None:
    async with gateway(tls=tls) as served:
        host = f"127.0.0.1:{served.port}"
        async with _wss(served, authority, origin=f"https://{host}"):
            pass
        with pytest.raises(InvalidStatus) as refused:
            async with _wss(served, authority, origin=f"http://{host}"):
                pass
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("compression", [None, "deflate"])
async def test_a_state_and_diffs_of_megabytes_arrive_whole(
    authority: Authority, tls: ssl.SSLContext, compression: str | None
) -> None:
    async with gateway(tls=tls) as served:
        served.commit(*(Update("strategies", f"s{number}", {"message": "a" * 4_000}) for number in range(1_500)))
        async with _wss(served, authority, max_size=None, compression=compression) as client:
            await client.send('{"action": "subscribe", "subscriptions": ["strategies"], "interval_ms": 20}')
            state = await until_reads(client, "state_update")
            assert len(state["data"]["strategies"]) == 1_500
            for letter in "bcdef":
                text = letter * 4_000
                served.commit(*(Update("strategies", f"s{number}", {"message": text}) for number in range(1_500)))
                diff = await until_reads(client, "diff_update")
                assert {row["message"] for row in diff["changes"]["strategies"].values()} == {text}
                assert len(diff["changes"]["strategies"]) == 1_500


async def test_messages_that_come_one_after_the_other_are_all_answered(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    # The next message is read once the answer to the last has left: a transport that never says so would stop here.
    async with gateway(tls=tls, heartbeat_s=60.0) as served, _wss(served, authority) as client:
        for number in range(15):
            await client.send(json.dumps({"action": "ping", "id": number}))
        assert [(await until_reads(client, "pong"))["id"] for _ in range(15)] == list(range(15))


async def test_a_client_that_does_not_read_is_closed_with_4508_and_nobody_else_notices(
    authority: Authority, tls: ssl.SSLContext
) -> None:
    async with (
        gateway(tls=tls, stuck_s=0.5) as served,
        _wss(served, authority, max_size=None, max_queue=1) as slow,
        _wss(served, authority, max_size=None) as other,
    ):
        for client in (slow, other):
            await client.send('{"action": "subscribe", "subscriptions": ["strategies"], "interval_ms": 20}')
        await until_reads(other, "state_update")
        slow.transport.pause_reading()
        number = 0
        while served.hub.broadcaster.counters.too_slow == 0:
            number += 1
            text = f"{number:06}" + "." * 3_990
            served.commit(*(Update("strategies", f"s{key}", {"message": text}) for key in range(60)))
            diff = await until_reads(other, "diff_update")
            assert diff["changes"]["strategies"]["s0"]["message"] == text
            assert max(member.waiting_bytes() for member in served.hub.broadcaster.members) < 1_000_000
            assert number < 2_000
        assert served.hub.broadcaster.counters.skipped
        slow.transport.resume_reading()
        async with asyncio.timeout(DEADLINE_S):
            with suppress(ConnectionClosed):
                while True:
                    await slow.recv()
        assert slow.close_code == 4508


async def test_one_that_reads_again_gets_one_merged_diff(authority: Authority, tls: ssl.SSLContext) -> None:
    async with gateway(tls=tls, stuck_s=60.0) as served, _wss(served, authority, max_size=None, max_queue=1) as slow:
        session = ClientSession(["strategies"], format=Format.JSON, interval_ms=20)
        session.connected()
        for frame in session.outgoing():
            await slow.send(frame.payload, text=True)
        slow.transport.pause_reading()
        commits = 0

        def stuck() -> bool:
            nonlocal commits
            commits += 1
            text = f"{commits:06}" + "." * 3_990
            served.commit(*(Update("strategies", f"s{key}", {"message": text}) for key in range(60)))
            return served.hub.broadcaster.counters.skipped > 20

        await until(stuck, "its buffers are full")
        slow.transport.resume_reading()
        messages = 0
        async with asyncio.timeout(DEADLINE_S):
            while session.replica.data() != {"strategies": served.board.snapshot().data["strategies"]}:
                session.receive(await slow.recv())
                messages += 1
        assert messages < commits


async def test_who_speaks_no_tls_or_an_old_one_gets_nowhere(authority: Authority, tls: ssl.SSLContext) -> None:
    async with gateway(tls=tls) as served:
        async with httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.TransportError):
                await client.get(f"http://127.0.0.1:{served.port}/health")
        old = authority.trusted()
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError):
            async with _wss(served, authority, ssl=old):
                pass


async def test_a_tls_handshake_that_never_ends_is_dropped(tls: ssl.SSLContext) -> None:
    async with gateway(tls=tls, bounds=GatewayLimits(handshake_s=0.2)) as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(b"\x16\x03\x01")  # the beginning of a greeting
        async with asyncio.timeout(DEADLINE_S):
            assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize(
    ("files", "about_key", "words"),
    [
        (("{certificate}", "/no/such.key"), True, "cannot read /no/such.key (No such file or directory)"),
        (("/no/such.crt", "{key}"), False, "cannot read /no/such.crt"),
        (("{folder}", "{key}"), False, "Is a directory"),
        (("{key}", "{key}"), False, "there is no certificate in"),
        (("{certificate}", "{certificate}"), True, "there is no private key in"),
        (("{certificate}", "{other}"), True, "is not the key of the certificate in"),
        (("{certificate}", "{shut}"), True, "has a password"),
        (("{broken}", "{key}"), False, "cannot be used"),
    ],
)
def test_files_that_do_not_serve_are_said_in_one_line(
    authority: Authority, tmp_path: Path, files: tuple[str, str], about_key: bool, words: str
) -> None:
    pair = authority.pair()
    broken = tmp_path / "broken.crt"
    broken.write_text(pair.certificate.read_text().replace("M", "N"))
    places = {
        "certificate": pair.certificate, "key": pair.key, "folder": tmp_path, "broken": broken,
        "other": authority.pair("other").key, "shut": authority.pair("shut", password="letmein").key,  # noqa: S106
    }  # fmt: skip
    with pytest.raises(CertificateError) as error:
        tls_context(*(file.format(**places) for file in files))
    assert error.value.about_key is about_key
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("days", "trouble"), [(90, None), (10, "certificate expires on "), (-1, "certificate has expired")]
)
def test_a_certificate_that_clients_will_refuse_is_known_beforehand(
    authority: Authority, days: int, trouble: str | None
) -> None:
    pair = authority.pair(f"ends{days}", days=days)
    found = certificate_trouble(_context(pair), str(pair.certificate), time.time())
    assert found == trouble if trouble is None else (found is not None and found.startswith(trouble))
