"""The file of API keys: whole at any moment, its owner's alone, and clear about what is wrong with it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import msgspec
import pytest

from bigboard.auth import ApiKey, KeyFile, new_key
from bigboard.board import Subscription
from bigboard.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path


_RECORD = '{"id": "x", "name": "n", "permissions": ["orders"], "sha256": "0", "created_at": "2026-01-01T00:00:00Z"}'


def _key(name: str) -> ApiKey:
    return new_key(name, [Subscription("market_data")], now_ms=1_759_729_260_000)[1]


def test_what_is_added_is_read_again(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "deep" / "keys.json")
    assert not file.exists()
    assert file.read() == []
    keys = [_key("a"), _key("b")]
    for key in keys:
        file.add(key)
    assert file.read() == keys
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert {entry.name for entry in file.path.parent.iterdir()} == {"keys.json", "keys.json.lock"}


def test_a_name_is_in_use_once_until_it_is_revoked(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    first = _key("desk")
    file.add(first)
    with pytest.raises(SettingError, match="there is a key 'desk'"):
        file.add(_key("desk"))
    file.replace(msgspec.structs.replace(first, revoked_at=first.created_at))
    file.add(_key("desk"))
    assert [key.revoked_at is None for key in file.read()] == [False, True]


def test_two_who_write_at_once_lose_nothing(tmp_path: Path) -> None:
    names = [f"k{number}" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: KeyFile(tmp_path / "keys.json").add(_key(name)), names))
    assert sorted(key.name for key in KeyFile(tmp_path / "keys.json").read()) == sorted(names)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no file of API keys"),
        ("[]", "is no file of API keys"),
        ('{"version": 1, "keys": [{"id": "x"}]}', "name"),
        ('{"version": 2, "keys": []}', "has version 2"),
        (f'{{"version": 1, "keys": [{_RECORD.replace("orders", "weather")}]}}', "no topic 'weather'"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(SettingError) as refused:
        KeyFile(path).read()
    assert str(path) in str(refused.value)
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_trusted(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "keys.json"
    path.write_text('{"version": 1, "keys": []}')
    path.chmod(mode)
    with pytest.raises(SettingError, match="chmod 600"):
        KeyFile(path).read()


def test_a_folder_in_its_place_is_an_error_of_one_line(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        KeyFile(tmp_path).read()


def test_a_link_leads_to_the_file_that_the_server_reads(tmp_path: Path) -> None:
    real, link = tmp_path / "keys.json", tmp_path / "link.json"
    key = _key("desk")
    KeyFile(real).add(key)
    link.symlink_to(real)
    KeyFile(link).replace(msgspec.structs.replace(key, revoked_at=key.created_at))
    assert link.is_symlink()
    assert KeyFile(real).read()[0].revoked_at is not None


def test_its_mode_stays_and_a_lock_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    path, victim = tmp_path / "keys.json", tmp_path / "victim"
    KeyFile(path).add(_key("a"))
    path.chmod(0o640)
    KeyFile(path).add(_key("b"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    victim.write_text("kept")
    (tmp_path / "keys.json.lock").unlink()
    (tmp_path / "keys.json.lock").symlink_to(victim)
    with pytest.raises(SettingError, match="cannot be written"):
        KeyFile(path).add(_key("c"))
    assert victim.read_text() == "kept"


def test_a_file_of_a_thousand_levels_is_no_file_of_keys(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text('{"version": 1, "keys": ' + "[" * 100_000)
    with pytest.raises(SettingError, match="is no file of API keys"):
        KeyFile(path).read()
