"""Settings: file, environment and flags in rising precedence, and an error with the way out for every mistake."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
import yaml

from bigboard.errors import SettingError
from bigboard.settings import ENVIRONMENT_PREFIX, Settings, is_duration_setting, load_settings, setting_help

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = Path(__file__).parent.parent / "src" / "bigboard"
NAMES = [name for name, _, _ in setting_help()]


def _file(folder: Path, text: str) -> Path:
    path = folder / "bigboard.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _load(
    text: str | None = None, folder: Path | None = None, environment: Mapping[str, str] | None = None, **flags: object
) -> Settings:
    config = None if text is None or folder is None else _file(folder, text)
    return load_settings(config=config, environment=environment or {}, flags=flags)


def _refusal(
    text: str | None = None,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> str:
    with pytest.raises(SettingError) as refused:
        _load(text, folder, environment, **(flags or {}))
    message = str(refused.value)
    assert "\n" not in message
    return message


def test_without_anything_the_defaults_hold() -> None:
    assert _load() == Settings()
    assert (Settings().host, Settings().port, Settings().hub_port) == ("127.0.0.1", 8_000, 8_086)
    assert (Settings().commit_interval, Settings().heartbeat, Settings().stuck_after) == (0.010, 5.0, 30.0)


def test_the_later_source_wins(tmp_path: Path) -> None:
    text = "port: 1\nhub-port: 2\nrate: 3\nspeed: 4"
    environment = {"BIGBOARD_HUB_PORT": "12", "BIGBOARD_RATE": "13", "BIGBOARD_SPEED": "14", "PATH": "/bin"}
    settings = _load(text, tmp_path, environment, rate="23", speed="24", seed=None)
    assert (settings.port, settings.hub_port, settings.rate, settings.speed) == (1, 12, 23.0, "24")
    assert settings.seed is None, "a flag that is not given says nothing"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("heartbeat: 250ms", "heartbeat", 0.25),
        ("stale-after: 1m", "stale_after", 60.0),
        ("loop: yes", "loop", True),
        ("symbols: 5", "symbols", "5"),
        ("symbols: BTCUSDT,ETHUSDT", "symbols", "BTCUSDT,ETHUSDT"),
        ("speed: 0.5", "speed", "0.5"),
        ("seed: 7", "seed", 7),
        ("seed: null", "seed", None),
        ("rate: 20", "rate", 20.0),
        ("replay: a.gz", "replay", ("a.gz",)),
        ("replay: [a.gz, b.gz]", "replay", ("a.gz", "b.gz")),
        ("allowed_origins: http://a, http://b", "allowed_origins", ("http://a", "http://b")),
        ("candle_intervals: [1m, 1h]", "candle_intervals", ("1m", "1h")),
        ("", "port", 8_000),
        ("# nothing but a comment", "port", 8_000),
    ],
)
def test_a_file_says_it_as_people_write(tmp_path: Path, text: str, name: str, value: object) -> None:
    assert getattr(_load(text, tmp_path), name) == value


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("PORT", "9000", "port", 9_000),
        ("HEARTBEAT", "2s", "heartbeat", 2.0),
        ("LOOP", "true", "loop", True),
        ("LOOP", "0", "loop", False),
        ("REPLAY", "a.gz, b.gz", "replay", ("a.gz", "b.gz")),
        ("SEED", "7", "seed", 7),
        ("CANDLE_INTERVALS", "1s,1m", "candle_intervals", ("1s", "1m")),
    ],
)
def test_the_environment_says_it_in_text(variable: str, text: str, name: str, value: object) -> None:
    assert getattr(_load(environment={ENVIRONMENT_PREFIX + variable: text}), name) == value


def test_an_unknown_key_names_the_nearest_known_one_and_where_it_stands(tmp_path: Path) -> None:
    assert (
        _refusal("hub_prot: 1", tmp_path)
        == f"no setting 'hub_prot': did you mean 'hub_port'? ({tmp_path}/bigboard.yaml)"
    )
    assert "BIGBOARD_HEARTBET" in (said := _refusal(environment={"BIGBOARD_HEARTBET": "1s"}))
    assert "'heartbeat'? (environment)" in said
    assert "did you mean 'symbols'? (flags)" in _refusal(flags={"symbol": "BTC"})
    assert "known are host, " in _refusal("zzzzzz: 1", tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("port", "eighty", ["port: 'eighty' is not a whole number from 0 to 65535"]),
        ("port", "70000", ["from 0 to 65535"]),
        ("port", "-1", ["from 0 to 65535"]),
        ("rate", "0", ["a number from 1 to 1000"]),
        ("rate", "nan", ["a number from 1 to 1000"]),
        ("seed", "x", ["seed: 'x' is not a whole number"]),
        ("loop", "maybe", ["true or false"]),
        ("log_level", "loud", ["one of debug, info, warning, error"]),
        ("candle_intervals", "1m,2m", ["a list of 1s, 1m, 5m"]),
        ("max_rows", "0", ["at least 1"]),
        ("spine_length", "10", ["at least 2000"]),
        ("heartbeat", "5", ["is no duration", "250ms"]),
        ("heartbeat", "0s", ["a duration above 0"]),
        ("heartbeat", "11s", ["at most 10s"]),
        ("resume_wait", "400d", ["at most 366d"]),
        ("resume_wait", f"{'9' * 400}s", ["at most 366d"]),
        ("heartbeat", "5 parsecs", ["is no duration"]),
    ],
)
def test_a_bad_value_says_what_would_be_good_and_where_it_stands(name: str, value: str, words: list[str]) -> None:
    variable = f"{ENVIRONMENT_PREFIX}{name.upper()}"
    said = _refusal(environment={variable: value})
    assert all(word in said for word in words), said
    assert said.endswith(f"(environment variable {variable})")
    assert len(said) < 250
    assert f"(flag --{name.replace('_', '-')})" in _refusal(flags={name: value})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("heartbeat: 5", "no unit"),
        ("heartbeat: true", "no unit"),
        ("heartbeat: [5s]", "no unit"),
        ("loop: 3", "true or false"),
        ("host: true", "text"),
        ("symbols: [BTCUSDT]", "text"),
        ("port: {a: 1}", "a whole number"),
        ("replay: {a: 1}", "a list of texts"),
        ("- port", "name: value"),
        ("just text", "name: value"),
        ("7: 1", "name: value"),
        ("port: [1", "no YAML"),
        ("\tport: 1", "no YAML"),
        ("port: !!python/object:os.system 1", "no YAML"),
        ("port: \x00", "no YAML"),
        ("seed: 2024-13-45", "no YAML"),
        (f"seed: {'9' * 5_000}", "no YAML"),
        (f"port: {'[' * 5_000}", "no YAML"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, text: str, words: str) -> None:
    said = _refusal(text, tmp_path)
    assert words in said
    assert "bigboard.yaml" in said


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "no.yaml", "No such file"), (tmp_path, "directory")):
        with pytest.raises(SettingError, match=words):
            load_settings(config=path, environment={})
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00port")
    with pytest.raises(SettingError, match="no YAML"):
        load_settings(config=binary, environment={})


def test_every_default_can_be_written_into_a_file(tmp_path: Path) -> None:
    """What the help shows as a default may be copied: nothing is refused, and nothing changes."""
    plain = {name: _written(name, default) for name, _, default in setting_help()}
    assert _load(yaml.safe_dump(plain), tmp_path) == Settings()


def _written(name: str, default: object) -> object:
    if isinstance(default, tuple):
        return list(default)
    return f"{default}s" if is_duration_setting(name) and default is not None else default


def test_every_setting_has_a_help_text_of_its_own() -> None:
    assert list(Settings.__struct_fields__) == NAMES
    texts = [text for _, text, _ in setting_help()]
    assert len(set(texts)) == len(texts)
    for name, text, default in setting_help():
        assert text.endswith("."), name
        assert text[0].isupper() or text[0].isdigit(), name
        assert len(text) > 15, name
        assert msgspec.structs.replace(Settings(), **{name: default}) == Settings()


def test_every_setting_is_read_somewhere() -> None:
    """A setting that nobody reads is a promise that nobody keeps. The composition root and the commands alone read them."""
    read = {
        node.attr
        for path in (*SOURCE.glob("runtime/*.py"), *SOURCE.glob("cli/*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and _is_settings(node.value)
    }
    assert set(NAMES) - read == set()


def _is_settings(node: ast.expr) -> bool:
    """Whether an expression is ``settings`` or ``self.settings``."""
    return (isinstance(node, ast.Name) and node.id == "settings") or (
        isinstance(node, ast.Attribute) and node.attr == "settings"
    )
