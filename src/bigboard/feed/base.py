"""The contract of a feed: exchange data in, market events out.

A feed connects to one source (an exchange, a recording, a simulation) and yields batches of market events. What every
feed guarantees, and ``tests/feed/conformance.py`` checks on each:

- *Order.* Events of one symbol come in the source's order. A batch holds what became known together; it is never empty.
- *Books.* A symbol's first ``Book`` is a full one. After a gap the feed emits an empty full book and a ``Status`` that
  counts the gap, and then a full book once it is in step again: a book that may be wrong is never shown as right.
- *Errors.* Bad input is counted in ``Status.skipped`` and never ends the iteration; a source that cannot be read at all
  raises ``FeedError`` with what to do.
- *End.* The iteration ends only if the source is at its end (a replay); its last event is then a ``Status`` that says
  so. Cancelling the consumer's task releases every resource.
- *Honesty.* ``mode`` says where the numbers come from, and never changes.
- *Fairness.* A feed that could run without a pause gives the event loop its turn at least every 10 ms.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bigboard.wire.market import MarketEvent, Mode

__all__ = ["Feed"]


class Feed(Protocol):
    """A source of market events. See the module's docstring for what it guarantees."""

    @property
    def name(self) -> str:
        """Its key in the topic ``services``: ``simulated``, ``replay``, an exchange's id."""

    @property
    def mode(self) -> Mode:
        """Where the numbers come from."""

    @property
    def venue(self) -> str | None:
        """The exchange that the data stems from, if there is one: becomes ``market_data.venue``."""

    def events(self) -> AsyncIterator[Sequence[MarketEvent]]:
        """Batches of events until the source ends or the consumer stops. May be called once."""
