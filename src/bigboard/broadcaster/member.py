"""What the broadcaster asks of a connection: the contract of a transport, without any socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bigboard.wire import Close, Frame, ServerSession

__all__ = ["Member"]


class Member(Protocol):
    """A client as the broadcaster sees it.

    A member buffers at most what it was given while it was clear, one frame more, and the answers of its session. While it
    is not clear it is skipped; its cursor stays, and later it gets one merged diff.
    """

    session: ServerSession
    client_class: str
    """``web``, ``tui`` or ``api``, for the counters."""

    @property
    def clear(self) -> bool:
        """Whether everything that was written before has left for the network, and more may be written."""

    def waiting_bytes(self) -> int:
        """Bytes that were written and have not left yet."""

    def write(self, frame: Frame) -> None:
        """Send a frame; never blocks."""

    def close(self, close: Close) -> None:
        """Close the connection after what was written; never blocks."""
