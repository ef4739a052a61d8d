"""What there is to ask for: topics, symbols, services, and the version of all this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter

from bigboard.board import EVERYTHING, Selection, Subscription
from bigboard.gateway.bearer import REFUSALS, Visitor
from bigboard.version import VERSION
from bigboard.wire import Format

if TYPE_CHECKING:
    from bigboard.gateway.hub import Hub

__all__ = [
    "ServicesAnswer",
    "SymbolEntry",
    "SymbolsAnswer",
    "TopicEntry",
    "TopicsAnswer",
    "VersionAnswer",
    "catalogue_routes",
]


@dataclass(frozen=True, slots=True)
class TopicEntry:
    """A topic: how its changes merge, its own fields, and how many keys or rows of it one may see now.

    ``id_field`` is the field that holds a row's id, ``None`` where records stand under keys. A record may have
    further fields, if its publisher sends them.
    """

    topic: str
    kind: str
    id_field: str | None
    fields: list[str]
    entries: int


@dataclass(frozen=True, slots=True)
class TopicsAnswer:
    """All topics, in the order of the protocol."""

    topics: list[TopicEntry]


@dataclass(frozen=True, slots=True)
class SymbolEntry:
    """A symbol by its key; ``received_at`` is when it was last heard of, epoch milliseconds."""

    symbol: str
    venue: str | None
    mode: str | None
    received_at: int | None


@dataclass(frozen=True, slots=True)
class SymbolsAnswer:
    """All symbols with market data, by name."""

    symbols: list[SymbolEntry]


@dataclass(frozen=True, slots=True)
class ServicesAnswer:
    """The rows of the topic ``services``, by name, each with its key as ``service``."""

    services: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class VersionAnswer:
    """``protocol`` is the version of the WebSocket protocol, ``subprotocols`` its names in the handshake."""

    name: str
    version: str
    protocol: int
    subprotocols: list[str]


def catalogue_routes(hub: Hub) -> APIRouter:
    """The routes that say what there is."""
    router = APIRouter(prefix="/api/v1", tags=["board"], responses=REFUSALS)
    board = hub.board

    def _rows(topic: str, visitor: Visitor) -> dict[str, dict[str, Any]]:
        selection = Selection(visitor.restrict((Subscription(topic),)))
        rows: dict[str, dict[str, Any]] = board.snapshot(selection).data.get(topic, {})
        return rows

    def _sizes(visitor: Visitor) -> dict[str, int]:
        """Keys or rows of each topic that one may see, of which only those are counted that one may see."""
        permitted = Selection(visitor.restrict((EVERYTHING,))).topics
        # What is permitted key by key is no more than the visitor's own list of permissions names.
        named = Selection(Subscription(topic, key) for topic, keys in permitted.items() for key in keys or ())
        sizes = board.sizes() | {topic: len(entries) for topic, entries in board.snapshot(named).data.items()}
        return {topic: sizes[topic] for topic in permitted}

    @router.get("/topics")
    async def topics(visitor: Visitor) -> TopicsAnswer:
        """Every topic that one may see, with its merge kind and its fields."""
        sizes = _sizes(visitor)
        return TopicsAnswer(
            [
                TopicEntry(name, topic.kind.value, topic.id_field or None, sorted(topic.rules), sizes[name])
                for name, topic in board.topics.items()
                if name in sizes
            ]
        )

    @router.get("/symbols")
    async def symbols(visitor: Visitor) -> SymbolsAnswer:
        """Every symbol with market data that one may see."""
        rows = _rows("market_data", visitor)
        return SymbolsAnswer(
            [
                SymbolEntry(key, row.get("venue"), row.get("mode"), row.get("received_at"))
                for key, row in sorted(rows.items())
            ]
        )

    @router.get("/services")
    async def services(visitor: Visitor) -> ServicesAnswer:
        """Every feed, stream and service that one may see, with its status: ``stale`` while this gateway hears of none."""
        rows = _rows("services", visitor)
        # The replica itself stays as it was: a client that resumes elsewhere holds what every gateway holds.
        stale = {} if hub.in_step() else {"status": "stale"}
        return ServicesAnswer([{**row, **stale, "service": key} for key, row in sorted(rows.items())])

    @router.get("/version")
    async def version() -> VersionAnswer:
        """What runs here and which protocol it speaks."""
        return VersionAnswer("bigboard", VERSION, 1, [format_.subprotocol for format_ in Format])

    return router
