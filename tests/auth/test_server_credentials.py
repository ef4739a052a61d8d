"""All credentials of a server: from files that change while it runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from auth.tokens import ISSUER, SECRET, ec_pair, jwk, pem, rsa_pair, signed, written
from bigboard.auth import ApiKey, CredentialSource, KeyFile, ServerCredentials, new_key
from bigboard.board import Subscription
from bigboard.errors import SettingError, WireError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Way = Callable[[Path], tuple[dict[str, str], str, str]]
    """Makes a key file: the options that name it, a token by its key, and what a file with another key holds."""

NOW_MS = 1_759_729_260_000


def _key(file: KeyFile, name: str = "desk-1") -> tuple[str, ApiKey]:
    token, record = new_key(name, [Subscription("market_data")], now_ms=NOW_MS)
    file.add(record)
    return token, record


def _credentials(tmp_path: Path, **options: Any) -> ServerCredentials:
    return ServerCredentials(CredentialSource(keys_file=str(tmp_path / "keys.json"), jwt_issuer=ISSUER, **options))


def test_keys_and_tokens_are_told_apart(tmp_path: Path) -> None:
    token, _ = _key(KeyFile(tmp_path / "keys.json"))
    credentials = _credentials(tmp_path, jwt_secret_file=written(tmp_path / "secret", SECRET))
    assert credentials.identify(token, NOW_MS).credential.startswith("key:")
    assert credentials.identify(signed(), NOW_MS).credential.startswith("jwt:")
    with pytest.raises(WireError, match="no such API key"):
        credentials.identify("bb_x_y", NOW_MS)


def test_without_a_jwt_setting_no_token_is_good(tmp_path: Path) -> None:
    with pytest.raises(WireError, match="no such API key"):
        _credentials(tmp_path).identify(signed(), NOW_MS)


def test_tokens_need_an_issuer(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="jwt_issuer"):
        ServerCredentials(CredentialSource(jwt_secret_file=written(tmp_path / "secret", SECRET)))


def test_nothing_is_read_again_that_has_not_changed(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    _key(file)
    credentials = _credentials(tmp_path)
    assert not credentials.refresh()
    token, _ = _key(file, "desk-2")
    with pytest.raises(WireError):
        credentials.identify(token, NOW_MS)
    assert credentials.refresh()
    assert credentials.identify(token, NOW_MS).subject == "desk-2"
    assert not credentials.refresh()


def test_a_revoked_key_is_valid_no_more(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    token, record = _key(file)
    credentials = _credentials(tmp_path)
    identity = credentials.identify(token, NOW_MS)
    assert credentials.still_valid(identity) == identity
    file.replace(msgspec.structs.replace(record, revoked_at=record.created_at))
    assert credentials.refresh()
    assert credentials.still_valid(identity) is None


def test_changed_permissions_are_told(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    token, record = _key(file)
    credentials = _credentials(tmp_path)
    identity = credentials.identify(token, NOW_MS)
    file.replace(msgspec.structs.replace(record, permissions=("orders",)))
    credentials.refresh()
    changed = credentials.still_valid(identity)
    assert changed is not None
    assert changed.permissions == (Subscription("orders"),)


def test_a_file_that_goes_away_takes_its_keys_along(tmp_path: Path) -> None:
    token, _ = _key(KeyFile(tmp_path / "keys.json"))
    credentials = _credentials(tmp_path)
    identity = credentials.identify(token, NOW_MS)
    (tmp_path / "keys.json").unlink()
    assert credentials.refresh()
    assert credentials.still_valid(identity) is None


def test_a_file_that_breaks_leaves_the_credentials_as_they_were(tmp_path: Path) -> None:
    token, _ = _key(KeyFile(tmp_path / "keys.json"))
    credentials = _credentials(tmp_path)
    (tmp_path / "keys.json").write_text("{")
    assert not credentials.refresh()
    assert credentials.broken == 1
    assert credentials.identify(token, NOW_MS).subject == "desk-1"
    assert not credentials.refresh()
    assert credentials.broken == 2


def test_a_revocation_that_could_not_be_read_is_read_as_soon_as_it_can(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    token, record = _key(file)
    credentials = _credentials(tmp_path)
    identity = credentials.identify(token, NOW_MS)
    file.replace(msgspec.structs.replace(record, revoked_at=record.created_at))
    file.path.chmod(0o622)
    assert not credentials.refresh()
    file.path.chmod(0o600)
    assert credentials.refresh()
    assert credentials.still_valid(identity) is None


def test_new_keys_of_an_issuer_are_taken_up(tmp_path: Path) -> None:
    old, new = ec_pair(), ec_pair()
    path = tmp_path / "jwks.json"
    credentials = _credentials(tmp_path, jwt_jwks_file=written(path, json.dumps({"keys": [jwk(old, kid="1")]})))
    held = credentials.identify(signed(old, "ES256", {"kid": "1"}), NOW_MS)
    written(path, json.dumps({"keys": [jwk(new, kid="2")]}))
    assert credentials.refresh()
    assert credentials.identify(signed(new, "ES256", {"kid": "2"}), NOW_MS).subject == "desk-1"
    with pytest.raises(WireError):
        credentials.identify(signed(old, "ES256", {"kid": "1"}), NOW_MS)
    assert credentials.still_valid(held) is None


def test_a_token_stays_good_while_its_key_is_trusted_whatever_else_changes(tmp_path: Path) -> None:
    kept, lost = ec_pair(), ec_pair()
    path = tmp_path / "jwks.json"
    both = {"keys": [jwk(kept, kid="1"), jwk(lost, kid="2")]}
    credentials = _credentials(
        tmp_path,
        jwt_jwks_file=written(path, json.dumps(both)),
        jwt_secret_file=written(tmp_path / "secret", SECRET),
    )
    mine = credentials.identify(signed(kept, "ES256", {"kid": "1"}), NOW_MS)
    theirs = credentials.identify(signed(lost, "ES256", {"kid": "2"}), NOW_MS)
    shared = credentials.identify(signed(), NOW_MS)
    written(path, json.dumps({"keys": [jwk(kept, kid="another name")]}))
    assert credentials.refresh()
    assert [credentials.still_valid(one) for one in (mine, theirs, shared)] == [mine, None, shared]


def _by_secret(folder: Path) -> tuple[dict[str, str], str, str]:
    return {"jwt_secret_file": written(folder / "key", SECRET)}, signed(), "f" * 32


def _by_key(folder: Path) -> tuple[dict[str, str], str, str]:
    pair = rsa_pair()
    return {"jwt_key_file": written(folder / "key", pem(pair))}, signed(pair, "RS256"), pem(rsa_pair()).decode()


def _by_set(folder: Path) -> tuple[dict[str, str], str, str]:
    pair = ec_pair()
    content = json.dumps({"keys": [jwk(pair, kid="1")]})
    token = signed(pair, "ES256", {"kid": "1"})
    return {"jwt_jwks_file": written(folder / "key", content)}, token, json.dumps({"keys": [jwk(ec_pair(), kid="1")]})


_WAYS = [_by_secret, _by_key, _by_set]


@pytest.mark.parametrize("way", _WAYS)
def test_a_token_ends_with_the_key_that_it_was_verified_by(tmp_path: Path, way: Way) -> None:
    options, token, other = way(tmp_path)
    credentials = _credentials(tmp_path, **options)
    held = credentials.identify(token, NOW_MS)
    assert credentials.still_valid(held) == held
    written(tmp_path / "key", other)
    assert credentials.refresh()
    assert credentials.still_valid(held) is None
    with pytest.raises(WireError):
        credentials.identify(token, NOW_MS)


@pytest.mark.parametrize("way", _WAYS)
def test_a_token_ends_with_the_file_of_its_key(tmp_path: Path, way: Way) -> None:
    options, token, _ = way(tmp_path)
    credentials = _credentials(tmp_path, **options)
    held = credentials.identify(token, NOW_MS)
    (tmp_path / "key").unlink()
    assert credentials.refresh()
    assert credentials.still_valid(held) is None
    with pytest.raises(WireError):
        credentials.identify(token, NOW_MS)


def test_a_set_from_which_every_key_was_taken_ends_its_tokens(tmp_path: Path) -> None:
    options, token, _ = _by_set(tmp_path)
    credentials = _credentials(tmp_path, **options)
    held = credentials.identify(token, NOW_MS)
    written(tmp_path / "key", '{"keys": []}')
    assert credentials.refresh()
    assert credentials.still_valid(held) is None
    with pytest.raises(SettingError):
        _credentials(tmp_path, **options)


@pytest.mark.parametrize("way", _WAYS)
def test_a_file_that_breaks_ends_nobodys_token(tmp_path: Path, way: Way) -> None:
    options, token, _ = way(tmp_path)
    credentials = _credentials(tmp_path, **options)
    held = credentials.identify(token, NOW_MS)
    for nonsense in ("", "nonsense", "[]", "{}", "null"):
        written(tmp_path / "key", nonsense)
        assert not credentials.refresh()
    assert credentials.still_valid(held) == held


def test_the_mark_of_a_secret_tells_nothing_without_this_processs_salt(tmp_path: Path) -> None:
    options, token, _ = _by_secret(tmp_path)
    one, other = (_credentials(tmp_path, **options).identify(token, NOW_MS) for _ in range(2))
    assert one.credential != other.credential
