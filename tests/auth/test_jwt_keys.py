"""The keys that tokens are verified with: only strong ones, only public ones, each for its own algorithm."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auth.tokens import SECRET, ec_pair, jwk, pem, private_pem, rsa_pair, written
from bigboard.auth.jwt_keys import jwks_keys, public_key, shared_secret
from bigboard.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_secret_is_for_hs256_without_the_white_space_around_it(tmp_path: Path) -> None:
    (key,) = shared_secret(written(tmp_path / "s", f"\n{SECRET}\n"))
    assert (key.algorithm, key.key, key.id) == ("HS256", SECRET.encode(), None)


def test_a_pem_key_is_for_the_algorithm_of_its_kind(tmp_path: Path) -> None:
    assert public_key(written(tmp_path / "r", pem(rsa_pair())))[0].algorithm == "RS256"
    assert public_key(written(tmp_path / "e", pem(ec_pair())))[0].algorithm == "ES256"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"short", "openssl rand -hex 32"),
        (b"-----BEGIN PUBLIC KEY-----" + b"x" * 40, "use jwt_key_file"),
    ],
)
def test_a_weak_or_wrong_secret_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SettingError, match=words):
        shared_secret(written(tmp_path / "s", content))


def test_a_private_key_has_no_place_in_a_server_that_verifies(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="give it the public one"):
        public_key(written(tmp_path / "p", private_pem(rsa_pair())))


def test_a_public_key_that_is_weak_or_none_is_refused(tmp_path: Path) -> None:
    for content in (pem(rsa_pair(1024)), pem(ec_pair(ec.SECP384R1())), b"x"):
        with pytest.raises(SettingError, match="jwt_key_file"):
            public_key(written(tmp_path / "k", content))


def test_a_jwks_gives_its_usable_keys_with_their_ids(tmp_path: Path) -> None:
    content = {
        "keys": [
            jwk(rsa_pair(), kid="r1", use="sig", alg="RS256"),
            jwk(ec_pair(), kid="e1"),
            jwk(rsa_pair(), kid="enc", use="enc"),
            jwk(rsa_pair(), kid="pss", alg="PS256"),
            jwk(ec_pair(ec.SECP384R1()), kid="p384"),
            {"kty": "oct", "kid": "shared", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"},
        ]
    }
    keys = jwks_keys(written(tmp_path / "jwks", json.dumps(content)))
    assert [(key.id, key.algorithm) for key in keys] == [("r1", "RS256"), ("e1", "ES256")]


@pytest.mark.parametrize("content", ["", "{}", '{"keys": []}', "[1]", '{"keys": [{"kty": "oct", "k": "AAAA"}]}'])
def test_a_jwks_without_a_usable_key_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(SettingError, match="jwt_jwks_file"):
        jwks_keys(written(tmp_path / "jwks", content))


@pytest.mark.parametrize("read", [shared_secret, public_key, jwks_keys])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, read: object) -> None:
    with pytest.raises(SettingError, match=r"cannot read .*absent \(No such file or directory\)"):
        read(str(tmp_path / "absent"))  # type: ignore[operator]
