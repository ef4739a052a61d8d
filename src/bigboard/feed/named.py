"""A feed under a name of its own: two of one exchange would share their rows in ``services``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from bigboard.wire.market import Status

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from bigboard.feed.base import Feed
    from bigboard.wire.market import MarketEvent, Mode

__all__ = ["NamedFeed"]


class NamedFeed:
    """Another feed, called ``name``. Its streams are called after it too: ``NAME/BTCUSDT/book``."""

    def __init__(self, feed: Feed, name: str) -> None:
        self.name = name
        self._feed = feed
        self._before = feed.name

    @property
    def mode(self) -> Mode:
        """See ``Feed``."""
        return self._feed.mode

    @property
    def venue(self) -> str | None:
        """See ``Feed``: which exchange it is does not change with the name."""
        return self._feed.venue

    async def events(self) -> AsyncGenerator[Sequence[MarketEvent], None]:
        """See ``Feed``."""
        events = self._feed.events()
        try:
            async for batch in events:
                yield [self._named(event) if type(event) is Status else event for event in batch]
        finally:
            # Whoever stops early closes this generator alone.
            if (close := getattr(events, "aclose", None)) is not None:
                await close()

    def _named(self, event: Status) -> Status:
        service = event.service
        if service == self._before or service.startswith(f"{self._before}/"):
            return replace(event, service=self.name + service.removeprefix(self._before))
        return event
