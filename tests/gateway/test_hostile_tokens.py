"""Tokens that somebody forged, over the wire: on the handshake, by message and with a request, none of them opens."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from websockets.exceptions import InvalidStatus

from auth.tokens import AUDIENCE, ISSUER, SECRET, claims, pem, private_pem, rsa_pair, signed, written
from bigboard.auth import CredentialSource, ServerCredentials
from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.rate import Rate
from gateway.key_holder import bearer
from gateway.siege import Siege, siege
from servers import close_of, until_reads

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_BOUNDS = GatewayLimits(http=Rate(10_000.0, 10_000), failed_authentications=Rate(10_000.0, 10_000))
RSA = rsa_pair()
OTHER = rsa_pair()


def _part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _by_hand(header: dict[str, Any], secret: bytes | None = None, **changes: Any) -> str:
    """A token with any header; signed by HMAC with a secret, or not at all."""
    said = f"{_part({'typ': 'JWT', **header})}.{_part(claims(permissions=['*'], **changes))}"
    return f"{said}.{_part(hmac.new(secret, said.encode(), hashlib.sha256).digest()) if secret else ''}"


def _forgeries() -> dict[str, str]:
    now = int(time.time())
    good_head, good_body, good_signature = signed(private_pem(RSA), "RS256").split(".")
    return {
        "expired": signed(private_pem(RSA), "RS256", exp=now - 3_600),
        "expired long ago": signed(private_pem(RSA), "RS256", exp=1),
        "without an end": signed(private_pem(RSA), "RS256", exp=None),
        "not yet good": signed(private_pem(RSA), "RS256", nbf=now + 3_600),
        "for another audience": signed(private_pem(RSA), "RS256", aud="somebody"),
        "for no audience": signed(private_pem(RSA), "RS256", aud=None),
        "of another issuer": signed(private_pem(RSA), "RS256", iss="https://evil.test"),
        "of no issuer": signed(private_pem(RSA), "RS256", iss=None),
        "by another key": signed(private_pem(OTHER), "RS256"),
        "by another secret": signed("f" * 32),
        "of another algorithm": jwt.encode(claims(), SECRET * 2, algorithm="HS512"),
        **{f"algorithm {none!r}": _by_hand({"alg": none}) for none in ("none", "None", "NONE", "nOnE", "")},
        "no algorithm": _by_hand({}),
        "none, signed": _by_hand({"alg": "none"}, SECRET.encode()),
        "the public key as a secret": _by_hand({"alg": "HS256"}, pem(RSA)),
        "the public key without its end as a secret": _by_hand({"alg": "HS256"}, pem(RSA).strip()),
        "an empty secret": _by_hand({"alg": "HS256"}, b"\0"),
        "a key that it brings itself": _by_hand(
            {"alg": "HS256", "jwk": {"kty": "oct", "k": _part(b"x" * 32)}}, b"x" * 32
        ),
        "a key from an address": _by_hand({"alg": "HS256", "jku": "http://evil.test/keys"}, b"x" * 32),
        "a key that is a file": _by_hand({"alg": "HS256", "kid": "../../../../dev/null"}, b"\0"),
        "a critical extension": _by_hand({"alg": "HS256", "crit": ["exp"]}, SECRET.encode()),
        "other claims under a good signature": f"{good_head}.{_part(claims(permissions=['*']))}.{good_signature}",
        "no signature": f"{good_head}.{good_body}.",
        "a cut signature": f"{good_head}.{good_body}.{good_signature[:-8]}",
        "four parts": f"{good_head}.{good_body}.{good_signature}.x",
        "no token": "a.b.c",
        "dots": "..",
        "a deep header": f"{_part(b'[' * 5_000)}.{good_body}.{good_signature}",
        "claims that are a list": f"{_part({'alg': 'HS256'})}.{_part([1])}.x",
    }


@asynccontextmanager
async def _guarded(folder: Path) -> AsyncIterator[tuple[Siege, str]]:
    """A server with an RSA key and a secret, and a good token."""
    source = CredentialSource(
        jwt_secret_file=await asyncio.to_thread(written, folder / "secret", SECRET),
        jwt_key_file=await asyncio.to_thread(written, folder / "rsa.pem", pem(RSA)),
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
    )
    credentials = await asyncio.to_thread(ServerCredentials, source)
    good = signed(private_pem(RSA), "RS256", sub="witness", permissions=["*"])
    async with siege(witness_shows=bearer(good), credentials=credentials, bounds=_BOUNDS) as stage:
        yield stage, good


async def test_none_opens_on_the_handshake(tmp_path: Path) -> None:
    async with _guarded(tmp_path) as (stage, good):
        for name, token in _forgeries().items():
            for path in ("/ws", "/ws/stream?symbol=BTCUSDT"):
                with pytest.raises(InvalidStatus) as refused:
                    await stage.served.connect(path, additional_headers=bearer(token))
                assert refused.value.response.status_code == 401, name
        async with stage.served.connect(additional_headers=bearer(good)) as client:
            await client.send('{"action": "subscribe", "subscriptions": ["risk"]}')
            await until_reads(client, "state_update")


async def test_none_opens_by_message(tmp_path: Path) -> None:
    async with _guarded(tmp_path) as (stage, _):
        for name, token in _forgeries().items():
            async with stage.served.connect() as client:
                await client.send(json.dumps({"action": "authenticate", "token": token}))
                await client.send('{"action": "subscribe", "subscriptions": ["*"]}')
                code, reason = await close_of(client)
            assert (code, bool(reason)) == (4401, True), name


async def test_none_opens_a_request(tmp_path: Path) -> None:
    async with _guarded(tmp_path) as (stage, good):
        for name, token in _forgeries().items():
            answer = await stage.served.get("/api/v1/state", headers=bearer(token))
            assert answer.status_code == 401, name
            assert token not in answer.text
        assert (await stage.served.get("/api/v1/state", headers=bearer(good))).status_code == 200


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "bearer ", "Basic eDp5", "Token {}", "{}", "Bearer {} {}", "Bearer\t{}\x0b", "Bearer {},Bearer {}"],
)
async def test_a_good_token_in_a_bad_header_opens_nothing(tmp_path: Path, header: str) -> None:
    async with _guarded(tmp_path) as (stage, good):
        reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
        said = f"GET /api/v1/state HTTP/1.1\r\nHost: a\r\nAuthorization: {header.replace('{}', good)}\r\n\r\n"
        writer.write(said.encode())
        status = (await reader.readline()).split()[1]
        writer.close()
        assert status in (b"400", b"401")


async def test_a_token_ends_under_a_stream_of_updates(tmp_path: Path) -> None:
    async with _guarded(tmp_path) as (stage, _):
        # PyJWT counts whole seconds, and the server forgives none once it is in.
        token = signed(private_pem(RSA), "RS256", sub="brief", permissions=["*"], exp=int(time.time()) + 2)
        async with stage.served.connect(max_size=None, additional_headers=bearer(token)) as client:
            await client.send('{"action": "subscribe", "subscriptions": ["*"], "interval_ms": 20}')
            await until_reads(client, "diff_update")
            code, reason = await close_of(client)
        assert (code, "expired" in reason) == (4401, True)
