"""A text file, gzipped or plain, line by line in small pieces, so that reading it never holds the event loop for long.

Damage is an answer here, not an exception: a cut-off or corrupt gzip stream gives every line up to the damage, and then
says what was wrong. ``gzip.open`` would decompress as much at once as one piece of input holds, which a few kilobytes of
zeros can make hundreds of megabytes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["LineFile", "Piece"]

_READ_BYTES: Final = 64 * 1024
_PIECE_BYTES: Final = 256 * 1024
_LONGEST_LINE: Final = 1024 * 1024
"""A thousand levels a side are 60 kB; a line beyond this is no message."""
_GZIP_MAGIC: Final = b"\x1f\x8b"

Piece: TypeAlias = bytes | Literal["pause", "too long", "cut off", "corrupt", "unreadable"]
"""A line without its end, or a word: ``pause`` means that there is more, but a piece of work has been done."""


class LineFile:
    """One file. ``consumed`` of its ``size`` bytes have been read so far, as they are on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = path.stat().st_size
        self.consumed = 0

    def lines(self) -> Iterator[Piece]:
        """Every line that is not empty; damage is said where it is, and ends the file unless it is one long line."""
        self.consumed = 0
        rest = b""
        skipping = False  # inside a line that is too long
        for piece in self._pieces():
            if isinstance(piece, str):
                yield piece
                return  # what is left over is the first part of a line
            head, *others = piece.split(b"\n")
            if others:
                if not skipping and rest + head:
                    yield rest + head
                skipping = False
                rest = others.pop()
                yield from filter(None, others)
            elif not skipping:
                rest += head
            if len(rest) > _LONGEST_LINE:
                rest, skipping = b"", True
                yield "too long"
            yield "pause"
        if rest:
            yield rest

    def _pieces(self) -> Iterator[bytes | Literal["cut off", "corrupt", "unreadable"]]:
        try:
            with self.path.open("rb") as file:
                start = file.read(_READ_BYTES)
                chunks = iter(lambda: file.read(_READ_BYTES), b"")
                if start.startswith(_GZIP_MAGIC):
                    yield from self._inflate(start, chunks)
                else:
                    while start:
                        self.consumed += len(start)
                        yield start
                        start = next(chunks, b"")
        except OSError:
            yield "unreadable"

    def _inflate(self, chunk: bytes, chunks: Iterator[bytes]) -> Iterator[bytes | Literal["cut off", "corrupt"]]:
        member, begun = _member(), False
        while chunk:
            self.consumed += len(chunk)
            while chunk or (begun and not member.eof):
                begun = True
                try:
                    piece = member.decompress(chunk, _PIECE_BYTES)
                except zlib.error:
                    yield "corrupt"
                    return
                yield piece
                if not piece and not member.unconsumed_tail and not member.eof:
                    break  # it has given all that it was given
                chunk = member.unconsumed_tail
                if member.eof:  # members may be joined, and the last one padded with zeros
                    chunk = member.unused_data.lstrip(b"\0")
                    member, begun = _member(), False
            chunk = next(chunks, b"")
            if not begun:
                chunk = chunk.lstrip(b"\0")
        if begun:
            yield "cut off"


def _member() -> zlib._Decompress:
    return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
