"""What the broadcaster asks of a connection: the contract of a transport, without any socket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

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
    def deflates(self) -> bool:
        """Whether it takes frames compressed; those that do take the same bytes, and so do those that do not."""

    @property
    def clear(self) -> bool:
        """Whether everything that was written before has left for the network, and more may be written.

        The moment when this ceases to be so, the member calls ``Broadcaster.hold``.
        """

    @property
    def send(self) -> Callable[[bytes], int]:
        """What sends prepared bytes, now and without a wait, while the member is clear; it tells how many it took.

        It may raise ``OSError`` instead. Whatever it did not take goes to ``send_rest``.
        """

    @property
    def lane(self) -> object | None:
        """Where a ``Burst`` reaches it, as ``send`` would; ``None`` if only ``send`` does."""

    def send_rest(self, data: bytes) -> None:
        """Send what ``send`` did not take, once it can go."""

    def prepare(self, frame: Frame) -> bytes:
        """The bytes of a frame, which are right for all members that deflate, or for all that do not."""

    def waiting_bytes(self) -> int:
        """Bytes that were written and have not left yet."""

    def write(self, frame: Frame) -> None:
        """Send a frame; never blocks."""

    def close(self, close: Close) -> None:
        """Close the connection after what was written; never blocks."""
