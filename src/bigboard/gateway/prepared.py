"""The bytes of a WebSocket frame, made once for all who get it.

A group of a thousand clients gets the same frame object a thousand times in a row; header and payload are put together for
the first of them. A server's frames carry no mask (RFC 6455 section 5.1), which is what makes them the same for all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bigboard.wire import Frame

__all__ = ["FramePreparer", "header"]

_FIN_TEXT = 0x81
_FIN_BINARY = 0x82


def header(size: int, *, text: bool) -> bytes:
    """The header of a whole, unmasked frame with a payload of ``size`` bytes (RFC 6455 section 5.2)."""
    first = _FIN_TEXT if text else _FIN_BINARY
    if size <= 125:
        return bytes((first, size))
    if size <= 0xFFFF:
        return bytes((first, 126)) + size.to_bytes(2, "big")
    return bytes((first, 127)) + size.to_bytes(8, "big")


class FramePreparer:
    """Remembers the last frame, by identity: a tick hands the same one over again and again, then never more.

    To hold on to it is what makes the identity safe: as long as it is held, no other frame can have its place in memory.
    """

    __slots__ = ("_frame", "_prepared")

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._prepared = b""

    def prepare(self, frame: Frame) -> bytes:
        """The frame as it goes to the socket."""
        if frame is not self._frame:
            self._prepared = header(len(frame.payload), text=frame.text) + frame.payload
            self._frame = frame
        return self._prepared
