"""The keys that JSON Web Tokens are verified with, each bound to the one algorithm that it is for.

A token names an algorithm, and a server that believes it can be talked into checking an RSA token's public key as an HMAC
secret. Here the key says which algorithm it is for, and a token that names another one finds no key.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from jwt import PyJWKSet
from jwt.exceptions import PyJWTError

from bigboard.errors import SettingError

__all__ = ["VerificationKey", "jwks_keys", "public_key", "shared_secret"]

_LEAST_SECRET_BYTES = 32
"""RFC 7518 section 3.2: an HS256 key has at least the size of the hash."""
_LEAST_RSA_BITS = 2048
"""RFC 7518 section 3.3."""
_MOST_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A key with its algorithm; ``id`` is the ``kid`` of a JWKS, ``None`` for a key that goes with any token."""

    algorithm: str
    key: Any
    id: str | None = None

    def mark(self, salt: bytes) -> str:
        """What the key is known by as long as this process runs.

        The same key has the same mark, whatever its id is by now. It stands in log lines, where a plain hash of a shared
        secret would let anybody who reads them try out secrets; without the salt, which is written nowhere, nobody can.
        """
        material = self.key
        if not isinstance(material, bytes):
            material = material.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.blake2b(self.algorithm.encode() + material, key=salt, digest_size=8).hexdigest()


def shared_secret(path: str) -> list[VerificationKey]:
    """The HS256 secret in a file, white space around it aside. Raises ``SettingError``."""
    secret = _read("jwt_secret_file", path).strip()
    if len(secret) < _LEAST_SECRET_BYTES:
        text = (
            f"the secret in {path} has {len(secret)} bytes, and HS256 needs {_LEAST_SECRET_BYTES}: openssl rand -hex 32"
        )
        raise SettingError("jwt_secret_file", "", f"jwt_secret_file: {text}")
    if secret.startswith((b"-----BEGIN", b"ssh-")):
        raise SettingError("jwt_secret_file", "", f"jwt_secret_file: {path} holds a key pair's key: use jwt_key_file")
    return [VerificationKey("HS256", secret)]


def public_key(path: str) -> list[VerificationKey]:
    """The public key in a PEM file: RS256 for RSA, ES256 for the curve P-256. Raises ``SettingError``."""
    pem = _read("jwt_key_file", path)
    if b"PRIVATE KEY-----" in pem:
        text = f"{path} holds a private key, which a server that only verifies must not have: give it the public one"
        raise SettingError("jwt_key_file", "", f"jwt_key_file: {text}")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, TypeError) as error:
        raise SettingError("jwt_key_file", "", f"jwt_key_file: {path} holds no PEM public key: {error}") from None
    algorithm = _algorithm(key)
    if algorithm is None:
        text = f"{path} holds neither an RSA key of at least {_LEAST_RSA_BITS} bits nor one of the curve P-256"
        raise SettingError("jwt_key_file", "", f"jwt_key_file: {text}")
    return [VerificationKey(algorithm, key)]


def jwks_keys(path: str, *, may_be_empty: bool = False) -> list[VerificationKey]:
    """The usable keys of a JWKS file (RFC 7517). Raises ``SettingError`` if there is none.

    A set that ``may_be_empty`` and has no keys at all is no error: then its issuer is trusted no more.
    """
    try:
        content = json.loads(_read("jwt_jwks_file", path))
        if may_be_empty and isinstance(content, dict) and content.get("keys") == []:
            return []
        found = PyJWKSet.from_dict(content).keys
    except (PyJWTError, ValueError, AttributeError, TypeError) as error:
        raise SettingError("jwt_jwks_file", "", f"jwt_jwks_file: {path} is no JWKS: {error}") from None
    # Symmetric keys are not taken: a set of keys is mostly public.
    keys = [
        VerificationKey(algorithm, jwk.key, jwk.key_id)
        for jwk in found
        if (algorithm := _algorithm(jwk.key)) is not None
        and jwk.algorithm_name == algorithm
        and jwk.public_key_use in (None, "sig")
    ]
    if not keys:
        raise SettingError("jwt_jwks_file", "", f"jwt_jwks_file: no key in {path} is for RS256 or ES256")
    return keys


def _algorithm(key: object) -> str | None:
    if isinstance(key, RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS:
        return "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    return None


def _read(setting: str, path: str) -> bytes:
    try:
        with Path(path).expanduser().open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise SettingError(setting, "", f"{setting}: cannot read {path} ({error.strerror})") from None
