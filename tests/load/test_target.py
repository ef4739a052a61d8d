"""Where a server is: addresses, certificates, and what is none of these."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bigboard.errors import ConnectionFailed
from bigboard.load import Bounds, LoadPlan, Report, client_tls, find_target, run_load
from bigboard.wire import Format
from load.faulty_server import faulty_server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1/ws", "is no WebSocket address"),
        ("127.0.0.1:8086", "is no WebSocket address"),
        ("ws://[::1/ws", "is no WebSocket address"),
        ("ws://127.0.0.1:99999/ws", "is no WebSocket address"),
        ("ws://" + "a" * 300 + "/ws", "is no WebSocket address"),
        ("ws://no.such.host.invalid/ws", "no address for no.such.host.invalid"),
        ("ws://user:pass@127.0.0.1/ws", "BIGBOARD_TOKEN"),
    ],
)
async def test_a_wrong_address_says_so(url: str, words: str) -> None:
    with pytest.raises(ConnectionFailed, match=words) as failed:
        await find_target(url, "web", Format.JSON)
    assert "pass@" not in str(failed.value)


@pytest.mark.parametrize(
    ("url", "path", "own"),
    [
        ("ws://127.0.0.1/ws", "/ws?client=api", True),
        ("ws://localhost:8086/ws?client=web&format=json", "/ws?format=json&client=api", True),
        ("ws://[::1]:8086/deep/ws", "/deep/ws?client=api", True),
        ("ws://192.0.2.7/ws", "/ws?client=api", False),
        ("ws://[2001:db8::7]/ws", "/ws?client=api", False),
    ],
)
async def test_an_address_names_the_class_and_knows_whether_it_is_this_machine(
    url: str, path: str, *, own: bool
) -> None:
    target = await find_target(url, "api", Format.JSON)
    assert target.uri.resource_name == path
    assert target.is_this_machine is own


async def test_of_several_addresses_the_one_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async with faulty_server() as url:
        port = int(url.rsplit(":", 1)[1].partition("/")[0])

        async def both(*_: object, **__: object) -> list[object]:
            import socket

            return [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")
            ]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", both, raising=False)
        target = await find_target(f"ws://localhost:{port}/ws", "web", Format.JSON)
        assert target.address == ("127.0.0.1", port)


def _authority(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that is its own authority, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "board")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "board.pem", folder / "board.key"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths


async def _load(url: str, tls: ssl.SSLContext | None) -> Report:
    plan = LoadPlan(clients=3, seconds=0.3, format=Format.JSON, sample=1, churn_per_s=10.0)
    return await run_load(plan, await find_target(url, "web", Format.JSON, tls=tls), Bounds(), asyncio.Event())


async def test_a_load_over_tls_checks_the_certificate(tmp_path: Path) -> None:
    certificate, key = _authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with faulty_server(ssl=context) as plain:
        url = plain.replace("ws://", "wss://")
        for tls in (client_tls(certificate, insecure=False), client_tls(None, insecure=True)):
            report = await _load(url, tls)
            assert report.holds, report
            assert report.churn.resumed > 0
        with pytest.raises(ConnectionFailed, match=r"certificate does not hold .*--ca FILE"):
            await _load(url, None)


async def test_tls_options_without_tls_are_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailed, match="no wss:// address"):
        await find_target("ws://127.0.0.1/ws", "web", Format.JSON, tls=client_tls(None, insecure=True))
    for path in (tmp_path / "none.pem", tmp_path):
        with pytest.raises(ConnectionFailed, match="no certificates"):
            client_tls(path, insecure=False)
    (tmp_path / "text.pem").write_text("hello")
    with pytest.raises(ConnectionFailed, match="no certificates"):
        client_tls(tmp_path / "text.pem", insecure=False)
