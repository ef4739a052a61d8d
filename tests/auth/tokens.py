"""Keys and tokens that a test makes: real ones, by the same libraries that others make theirs with."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "AUDIENCE",
    "ISSUER",
    "SECRET",
    "claims",
    "ec_pair",
    "jwk",
    "pem",
    "private_pem",
    "rsa_pair",
    "signed",
    "written",
]

SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of these tests alone
ISSUER = "https://id.desk.example"
AUDIENCE = "bigboard"


def claims(**changes: Any) -> dict[str, Any]:
    """Good claims, changed; ``None`` leaves one out."""
    now = int(time.time())
    good = {"sub": "desk-1", "iss": ISSUER, "aud": AUDIENCE, "exp": now + 600, "permissions": ["market_data"]}
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(key: Any = SECRET, algorithm: str = "HS256", headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """A token."""
    return jwt.encode(claims(**changes), key, algorithm=algorithm, headers=headers)


def rsa_pair(bits: int = 2048) -> rsa.RSAPrivateKey:
    """A new RSA key."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def ec_pair(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    """A new key on P-256, or another curve."""
    return ec.generate_private_key(curve or ec.SECP256R1())


def pem(pair: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """The public key."""
    return pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def private_pem(pair: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """The private key."""
    return pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def jwk(pair: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, **more: str) -> dict[str, Any]:
    """The public key as a JWK."""
    public = pair.public_key()
    text = RSAAlgorithm.to_jwk(public) if isinstance(public, rsa.RSAPublicKey) else ECAlgorithm.to_jwk(public)
    return json.loads(text) | more  # type: ignore[no-any-return]


def written(path: Path, content: str | bytes) -> str:
    """A file with this content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)
