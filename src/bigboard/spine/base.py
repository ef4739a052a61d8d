"""The contract of the spine: the log of a board's diffs, with a snapshot now and then.

One writer appends; any number of followers read. What every spine guarantees, and ``tests/spine/conformance.py`` checks on
each implementation:

- *Order.* A follower gets the diffs of an epoch in order, each starting where the one before it ended. It never sees a
  hole: if the log no longer reaches back to its position, it gets a snapshot first.
- *One history.* ``append`` takes a diff only if it continues the log's last sequence in the log's epoch; otherwise it
  raises ``SpineUnavailable`` and the log is as it was.
- *Once.* To append the last diff again changes nothing: a writer whose append timed out cannot know whether it arrived.
- *Newest snapshot.* To save a snapshot of the same epoch that is older than the one kept changes nothing: the diffs after
  the older one may be gone.
- *Epochs.* ``save`` with a snapshot of another epoch begins a new history: the log is empty then, and every follower gets
  that snapshot next. Why the epoch and not just the sequence: see ``board/cursor.py``.
- *Bounds.* The log is trimmed to its bound, but never past the last snapshot, because a log that starts after the
  snapshot could rebuild nothing. If it is full and cannot be trimmed, ``append`` raises ``SpineUnavailable``: the writer
  has to save a snapshot.
- *Nobody waits for a reader.* ``append`` and ``save`` do not depend on how fast followers are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from bigboard.board import Cursor, Diff, Snapshot

__all__ = ["Spine"]


class Spine(Protocol):
    """The log of diffs of one board. See the module's docstring for what it guarantees."""

    async def append(self, diff: Diff) -> None:
        """Add the next commit. Raises ``SpineUnavailable`` if it does not continue the log, or cannot be written."""

    async def save(self, snapshot: Snapshot) -> None:
        """Keep a snapshot of the last commit: later followers start from it. Raises ``SpineUnavailable``."""

    async def snapshot(self) -> Snapshot | None:
        """The last snapshot that was saved, ``None`` before the first."""

    def follow(self, cursor: Cursor | None = None) -> AsyncGenerator[Snapshot | Diff, None]:
        """Everything after ``cursor``, for ever: diffs, and a snapshot wherever diffs cannot bring the reader on.

        Without a cursor it starts with the last snapshot, or with one a little older, from where diffs lead on; it waits if
        there is none yet.
        """

    async def close(self) -> None:
        """Release what is held; followers end."""
