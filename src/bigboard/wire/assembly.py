"""JSON and MessagePack put together from parts that are encoded already.

To encode a message anew for each of ten thousand watch lists takes as long as everything else that is done for it. Its
parts are encoded once, and what is left is to join bytes: of JSON with commas between them, of MessagePack with their number
before them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from bigboard.wire.codec import Format

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ASSEMBLIES", "Assembly"]


class Assembly(Protocol):
    """How a format is put together."""

    def encode(self, value: Any) -> bytes:
        """A value alone."""

    def key(self, key: str) -> bytes:
        """A key as it stands before its value in a map."""

    def map(self, entries: Sequence[bytes]) -> bytes:
        """A map of entries, each a key and its value."""

    def array(self, items: Sequence[bytes]) -> bytes:
        """An array of encoded values."""

    def opened(self, message: msgspec.Struct) -> bytes:
        """The encoded message up to its last field, which is an empty map: what is put there completes all but ``end``."""

    @property
    def end(self) -> bytes:
        """What follows the last field of a message."""


class _Json:
    end = b"}"

    def __init__(self) -> None:
        self.encode = msgspec.json.Encoder().encode

    def key(self, key: str) -> bytes:
        return self.encode(key) + b":"

    def map(self, entries: Sequence[bytes]) -> bytes:
        return b"{%b}" % b",".join(entries)

    def array(self, items: Sequence[bytes]) -> bytes:
        return b"[%b]" % b",".join(items)

    def opened(self, message: msgspec.Struct) -> bytes:
        return self.encode(message).removesuffix(b"{}}")


class _Msgpack:
    end = b""

    def __init__(self) -> None:
        self.encode = msgspec.msgpack.Encoder().encode

    def key(self, key: str) -> bytes:
        return self.encode(key)

    def map(self, entries: Sequence[bytes]) -> bytes:
        count = len(entries)
        return (_SMALL_MAPS[count] if count < _SMALL else _large(count, b"\xde", b"\xdf")) + b"".join(entries)

    def array(self, items: Sequence[bytes]) -> bytes:
        count = len(items)
        return (_SMALL_ARRAYS[count] if count < _SMALL else _large(count, b"\xdc", b"\xdd")) + b"".join(items)

    def opened(self, message: msgspec.Struct) -> bytes:
        return self.encode(message).removesuffix(b"\x80")


_SMALL = 16
_SMALL_MAPS = [bytes((0x80 | count,)) for count in range(_SMALL)]
_SMALL_ARRAYS = [bytes((0x90 | count,)) for count in range(_SMALL)]
"""The headers of few entries, which hold their number (the formats *fixmap* and *fixarray* of MessagePack)."""


def _large(count: int, medium: bytes, large: bytes) -> bytes:
    """The header of many entries (*map 16* and *map 32*, and likewise arrays)."""
    return medium + count.to_bytes(2, "big") if count <= 0xFFFF else large + count.to_bytes(4, "big")


ASSEMBLIES: dict[Format, Assembly] = {Format.JSON: _Json(), Format.MSGPACK: _Msgpack()}
