"""JSON Web Tokens: good ones are known, and everything that was ever done to forge one is refused."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
import pytest

from auth.tokens import AUDIENCE, ISSUER, SECRET, claims, ec_pair, pem, rsa_pair, signed
from bigboard.auth.jwt_keys import VerificationKey
from bigboard.auth.jwt_tokens import JwtVerifier
from bigboard.errors import WireError
from bigboard.wire.messages import rfc3339

RSA, EC = rsa_pair(), ec_pair()
HS256 = VerificationKey("HS256", SECRET.encode())
RS256 = VerificationKey("RS256", RSA.public_key())
ES256 = VerificationKey("ES256", EC.public_key())


def _verifier(*keys: VerificationKey) -> JwtVerifier:
    return JwtVerifier(keys or (HS256,), issuer=ISSUER, audience=AUDIENCE, salt=b"salt")


def _refusal(token: str, *keys: VerificationKey) -> str:
    with pytest.raises(WireError) as refused:
        _verifier(*keys).identify(token)
    assert refused.value.code == "unauthenticated"
    assert token not in str(refused.value) or not token
    return str(refused.value)


@pytest.mark.parametrize(
    ("key", "private", "algorithm"), [(HS256, SECRET, "HS256"), (RS256, RSA, "RS256"), (ES256, EC, "ES256")]
)
def test_a_good_token_tells_who_and_what(key: VerificationKey, private: Any, algorithm: str) -> None:
    expires = int(time.time()) + 60
    token = signed(private, algorithm, exp=expires, permissions=["market_data", "account:main", "market_data"])
    identity = _verifier(key).identify(token)
    assert identity.subject == "desk-1"
    assert [str(permission) for permission in identity.permissions] == ["market_data", "account:main"]
    assert (identity.expires_ms, identity.credential) == (expires * 1000, f"jwt:{key.mark(b'salt')}")


def test_a_scope_is_permissions_with_spaces_between() -> None:
    identity = _verifier().identify(signed(permissions=None, scope="market_data trades"))
    assert [str(permission) for permission in identity.permissions] == ["market_data", "trades"]


def test_one_audience_of_several_is_enough() -> None:
    assert _verifier().identify(signed(aud=["other", AUDIENCE])).subject == "desk-1"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exp": int(time.time()) - 10}, "has expired"),
        ({"exp": None}, "no claim exp"),
        ({"exp": "soon"}, "cannot be verified"),
        ({"exp": float("inf")}, "cannot be verified"),
        ({"exp": float("nan")}, "cannot be verified"),
        ({"exp": [1]}, "cannot be verified"),
        ({"nbf": int(time.time()) + 86_400}, "not valid yet"),
        ({"aud": "other"}, "another audience"),
        ({"aud": None}, "no claim aud"),
        ({"iss": "https://id.desk.example.evil.test"}, "another issuer"),
        ({"iss": None}, "no claim iss"),
        ({"sub": None}, "no claim sub"),
        ({"sub": ""}, "subject"),
        ({"sub": "a\nb"}, "subject"),
        ({"sub": "x" * 200}, "subject"),
        ({"permissions": None}, "no claim permissions"),
        ({"permissions": []}, "no claim permissions"),
        ({"permissions": {"market_data": True}}, "no claim permissions"),
        ({"permissions": ["weather"]}, "no topic 'weather'"),
        ({"permissions": [1]}, "must be a string"),
        ({"permissions": ["market_data:S" + str(n) for n in range(1_001)]}, "more than 1000|longer than"),
    ],
)
def test_a_token_that_lacks_something_is_refused_with_the_reason(changes: dict[str, Any], words: str) -> None:
    text = _refusal(signed(**changes))
    assert any(part in text for part in words.split("|"))


@pytest.mark.parametrize("expires", [10**15, 10**30, 2.5e9])
def test_an_end_in_the_far_future_can_be_written_down(expires: float) -> None:
    assert rfc3339(_verifier().identify(signed(exp=expires)).expires_ms or 0).endswith("Z")


def test_clocks_may_differ_by_some_seconds() -> None:
    assert _verifier().identify(signed(nbf=int(time.time()) + 3)).subject == "desk-1"


def test_a_wrong_signature_is_refused() -> None:
    token = signed("f" * 32)
    assert _refusal(token) == "the token's signature is wrong"
    head, body, signature = signed().split(".")
    other = _encoded(claims(permissions=["*"]))
    assert _refusal(f"{head}.{other}.{signature}") == "the token's signature is wrong"
    assert _refusal(f"{head}.{body}.") == "the token's signature is wrong"


@pytest.mark.parametrize("none", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("keys", [(HS256,), (RS256,), (HS256, RS256, ES256)])
def test_none_is_no_algorithm(none: str, keys: tuple[VerificationKey, ...]) -> None:
    for signature in ("", "AAAA"):
        token = f"{_encoded({'alg': none, 'typ': 'JWT'})}.{_encoded(claims())}.{signature}"
        assert "refused" not in _refusal(token, *keys)


def test_a_public_key_is_no_secret() -> None:
    # The classic confusion: an HMAC over the public key that everybody has.
    for secret in (pem(RSA), pem(RSA).strip()):
        head, body = _encoded({"alg": "HS256", "typ": "JWT"}), _encoded(claims())
        mac = hmac.new(secret, f"{head}.{body}".encode(), hashlib.sha256).digest()
        token = f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        assert "no key of this server" in _refusal(token, RS256)
        assert "signature" in _refusal(token, RS256, HS256)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_an_algorithm_that_the_key_is_not_for_is_refused(algorithm: str) -> None:
    assert "no key of this server" in _refusal(jwt.encode(claims(), SECRET * 2, algorithm=algorithm), HS256)


def test_a_key_of_the_token_s_own_is_not_looked_at() -> None:
    attacker = rsa_pair()
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(attacker.public_key()))
    headers = {"jwk": jwk, "jku": "http://127.0.0.1:1/jwks", "x5u": "http://127.0.0.1:1/x"}
    assert "signature" in _refusal(signed(attacker, "RS256", headers), RS256)


def test_a_token_goes_to_the_key_of_its_id() -> None:
    other = rsa_pair()
    keys = VerificationKey("RS256", other.public_key(), "old"), VerificationKey("RS256", RSA.public_key(), "new")
    assert _verifier(*keys).identify(signed(RSA, "RS256", {"kid": "new"})).subject == "desk-1"
    assert _verifier(*keys).identify(signed(other, "RS256", {"kid": "old"})).subject == "desk-1"
    assert _verifier(*keys).identify(signed(RSA, "RS256")).subject == "desk-1"
    assert "signature" in _refusal(signed(RSA, "RS256", {"kid": "old"}), *keys)
    assert "no key of this server" in _refusal(signed(RSA, "RS256", {"kid": "third"}), *keys)


@pytest.mark.parametrize("token", ["", "x", "a.b", "a.b.c", "..", "{}.{}.{}", "é.é.é", "a" * 100_000, "\ud800.a.b"])
def test_what_is_no_token_is_refused(token: str) -> None:
    assert "token" in _refusal(token)


def test_a_critical_extension_that_nobody_knows_is_refused() -> None:
    assert "neither" in _refusal(signed(SECRET, "HS256", {"crit": ["exp2"], "exp2": 1}))


def _encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
