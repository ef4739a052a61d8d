"""The committed conversations are what the server says today, and this client understands them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bigboard.board import Cursor
from bigboard.wire import ClientSession
from wire.make_fixtures import FIXTURES, NAMES, fixture_files

MAX_BYTES = 1_500_000


@pytest.mark.parametrize("name", NAMES)
def test_the_files_are_what_the_generator_makes(name: str) -> None:
    for file, content in fixture_files(name).items():
        assert (FIXTURES / file).read_bytes() == content, f"{file}: run python tests/wire/make_fixtures.py"


def test_the_folder_holds_nothing_else_and_stays_small() -> None:
    files = {path.name for path in FIXTURES.iterdir()}
    assert files == {f"{name}.{end}" for name in NAMES for end in ("jsonl", "msgpack", "expected.json")}
    assert sum(path.stat().st_size for path in FIXTURES.iterdir()) < MAX_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_both_formats_tell_the_same(name: str) -> None:
    text = [msgspec.json.decode(frame) for frame in _frames(name, "jsonl")]
    binary = [msgspec.msgpack.decode(frame) for frame in _frames(name, "msgpack")]
    assert text == binary


@pytest.mark.parametrize("ending", ["jsonl", "msgpack"])
@pytest.mark.parametrize("name", NAMES)
def test_a_client_rebuilds_the_expected_states(name: str, ending: str) -> None:
    expected = msgspec.json.decode((FIXTURES / f"{name}.expected.json").read_bytes())
    points = {point["after"]: point for point in expected}
    client = ClientSession(())
    client.connected()
    for count, frame in enumerate(_frames(name, ending), start=1):
        client.receive(frame)
        if count in points:
            assert client.cursor == Cursor(**points[count]["cursor"])
            _assert_same(client.replica.data(), points[count]["state"])


@pytest.mark.parametrize("name", NAMES)
def test_a_client_asks_again_only_where_a_diff_is_lost(name: str) -> None:
    client = ClientSession(())
    client.connected()
    for frame in _frames(name, "jsonl"):
        client.receive(frame)
    assert client.gaps == (name == "gap")


def _frames(name: str, ending: str) -> list[Any]:
    content = (FIXTURES / f"{name}.{ending}").read_bytes()
    if ending == "jsonl":
        return content.decode().splitlines()
    frames: list[bytes] = msgspec.msgpack.decode(content)
    return frames


def _assert_same(held: dict[str, Any], expected: dict[str, Any]) -> None:
    assert held == expected
    # To Python True equals 1; a reader of JSON sees a difference.
    assert msgspec.json.encode(held, order="deterministic") == msgspec.json.encode(expected, order="deterministic")
