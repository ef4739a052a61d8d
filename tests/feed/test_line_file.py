"""Lines of a file in small pieces, and what is said of damaged ones."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bigboard.feed import line_file
from bigboard.feed.line_file import LineFile, Piece

if TYPE_CHECKING:
    from pathlib import Path

LINES = [f"line {number} {'x' * (number % 50)}".encode() for number in range(5_000)]
TEXT = b"\n".join(LINES) + b"\n"


def read(path: Path, content: bytes) -> list[Piece]:
    path.write_bytes(content)
    return [piece for piece in LineFile(path).lines() if piece != "pause"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines"


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        TEXT.rstrip(),
        TEXT.replace(b"\n", b"\n\n"),
        gzip.compress(TEXT),
        gzip.compress(TEXT[:777]) + gzip.compress(TEXT[777:]),
        gzip.compress(TEXT) + b"\0" * 100,
    ],
    ids=["plain", "no last line end", "empty lines", "gzip", "joined gzip", "padded gzip"],
)
def test_every_line_is_read(path: Path, content: bytes) -> None:
    assert read(path, content) == LINES


def test_a_cut_off_file_gives_its_whole_lines(path: Path) -> None:
    content = gzip.compress(TEXT)
    *lines, last = read(path, content[: len(content) // 2])
    assert last == "cut off"
    assert len(lines) > 1_000
    assert lines == LINES[: len(lines)]


def test_damage_in_the_middle_ends_the_file(path: Path) -> None:
    content = bytearray(gzip.compress(TEXT[: len(TEXT) // 2]) + b"these are no gzip bytes")
    *lines, last = read(path, bytes(content))
    assert last == "corrupt"
    assert lines == LINES[: len(lines)]


def test_a_wrong_checksum_is_damage(path: Path) -> None:
    content = bytearray(gzip.compress(TEXT))
    content[-6] ^= 1
    assert read(path, bytes(content))[-1] == "corrupt"


def test_an_overlong_line_is_left_out_and_said_once(path: Path) -> None:
    assert read(path, b"a\n" + b"x" * 3_000_000 + b"\nb\n") == [b"a", "too long", b"b"]


def test_a_bomb_comes_in_small_pieces(path: Path) -> None:
    path.write_bytes(gzip.compress(b"\0" * 50_000_000))
    pieces = list(LineFile(path)._pieces())
    assert max(map(len, pieces)) <= line_file._PIECE_BYTES
    assert sum(map(len, pieces)) == 50_000_000


def test_a_file_that_vanishes_is_unreadable(path: Path) -> None:
    path.write_bytes(TEXT)
    file = LineFile(path)
    path.unlink()
    assert list(file.lines()) == ["unreadable"]


def test_progress_ends_at_the_size(path: Path) -> None:
    path.write_bytes(gzip.compress(TEXT))
    file = LineFile(path)
    assert file.consumed == 0
    list(file.lines())
    assert file.consumed == file.size == path.stat().st_size


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(content=st.binary(max_size=200), zipped=st.booleans(), cut=st.integers(0, 60))
def test_no_content_is_fatal(tmp_path: Path, content: bytes, zipped: bool, cut: int) -> None:
    data = gzip.compress(content)[: -cut or None] if zipped else content
    pieces = read(tmp_path / "any", data)
    if not zipped:
        assert pieces == [line for line in content.split(b"\n") if line] or content.startswith(b"\x1f\x8b")
