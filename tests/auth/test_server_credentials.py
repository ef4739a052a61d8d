"""All credentials of a server: from files that change while it runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from auth.tokens import ISSUER, SECRET, ec_pair, jwk, signed, written
from bigboard.auth import ApiKey, CredentialSource, KeyFile, ServerCredentials, new_key
from bigboard.board import Subscription
from bigboard.errors import SettingError, WireError

if TYPE_CHECKING:
    from pathlib import Path

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
    assert credentials.identify(signed(), NOW_MS).credential == "jwt"
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
    # A token that was taken is good until it expires: only its issuer could take it back.
    assert credentials.still_valid(held) == held
