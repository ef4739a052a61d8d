"""The bytes of a WebSocket frame, made once for all who get it.

A group of a thousand clients gets the same frame object a thousand times in a row; header and payload are put together for
the first of them. A server's frames carry no mask (RFC 6455 section 5.1), which is what makes them the same for all. Those
who agreed to compression get other bytes than the rest, which are the same for all of them.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from bigboard.gateway.deflate import Deflater
from bigboard.wire import Format

if TYPE_CHECKING:
    from bigboard.wire import Frame

__all__ = ["FramePreparer", "header"]

_FIN_TEXT = 0x81
_FIN_BINARY = 0x82
_RSV1 = 0x40
"""Set in the first byte: the payload is compressed (RFC 7692 section 6)."""

_SMALL = 125
_MEDIUM = 0xFFFF
_pack = Struct("!BBH").pack
_JSON = Format.JSON

_MOST_KEPT = 8
"""Compressed frames that are kept. One would do, if groups did not tick in turn: some need the frame of an earlier one."""


def header(size: int, *, text: bool, deflated: bool = False) -> bytes:
    """The header of a whole, unmasked frame with a payload of ``size`` bytes (RFC 6455 section 5.2)."""
    first = (_FIN_TEXT if text else _FIN_BINARY) | (_RSV1 if deflated else 0)
    if size <= _SMALL:
        return bytes((first, size))
    if size <= _MEDIUM:
        return _pack(first, 126, size)
    return bytes((first, 127)) + size.to_bytes(8, "big")


class FramePreparer:
    """Remembers the last frames, by identity: a tick hands the same one over again and again, then never more.

    To hold on to a frame is what makes its identity safe: as long as it is held, no other can have its place in memory.
    """

    __slots__ = ("_deflated", "_frame", "_prepared", "deflated", "deflater", "plain")

    def __init__(self, deflater: Deflater | None = None) -> None:
        self.deflater = deflater or Deflater()
        self._frame: Frame | None = None
        self._prepared = b""
        self._deflated: dict[int, tuple[Frame, bytes]] = {}
        self.plain = self.prepare
        self.deflated = self.prepare_deflated
        """Bound once, because each of ten thousand connections holds one of the two."""

    def prepare(self, frame: Frame) -> bytes:
        """The frame as it goes to the socket."""
        if frame is not self._frame:
            self._frame = frame
            payload = frame.payload
            size = len(payload)
            text = frame.format is _JSON
            if _SMALL < size <= _MEDIUM:
                # As ``header`` does it, which a watch list of one client is too short-lived for.
                self._prepared = _pack(_FIN_TEXT if text else _FIN_BINARY, 126, size) + payload
            else:
                self._prepared = header(size, text=text) + payload
        return self._prepared

    def prepare_deflated(self, frame: Frame) -> bytes:
        """The frame as it goes to the socket of a client that agreed to compression."""
        kept = self._deflated.get(id(frame))
        if kept is None:
            if len(self._deflated) >= _MOST_KEPT:
                del self._deflated[next(iter(self._deflated))]
            kept = self._deflated[id(frame)] = (frame, self._deflate(frame))
        return kept[1]

    def _deflate(self, frame: Frame) -> bytes:
        data = self.deflater.deflate(frame.payload)
        if data is None:
            return self.prepare(frame)
        return header(len(data), text=frame.text, deflated=True) + data
