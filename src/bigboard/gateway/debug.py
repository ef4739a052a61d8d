"""``GET /debug`` on the hub port: the inside of the gateway in one look."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter

from bigboard.gateway.bearer import REFUSALS, Visitor, require
from bigboard.gateway.burst import burst
from bigboard.gateway.hub_metrics import close_label
from bigboard.gateway.uptime import uptime_text
from bigboard.wire.messages import rfc3339

if TYPE_CHECKING:
    from bigboard.gateway.hub import Hub

__all__ = ["DebugAnswer", "debug_routes"]


@dataclass(frozen=True, slots=True)
class DebugAnswer:
    """``state_size`` is keys and rows over all topics, ``topics`` the same per topic.

    ``horizon`` is the oldest sequence that a client may resume from; ``last_update`` is the moment of the last commit, RFC
    3339, ``None`` before the first. ``connections`` are open WebSockets by client class, with those of the plain stream;
    ``members`` are the clients of ``/ws`` by class and format, ``sent`` is what they got in frames and bytes. ``phases`` are
    the parts of groups that tick together, ``fragments`` the pieces of diffs that groups share. ``closes`` are connections
    that ended, by close code. ``native_send`` is whether one message goes to many sockets in one call of C; without a C
    compiler at the installation it does not, which is slower.
    """

    clients: int
    state_size: int
    uptime: str
    last_update: str | None
    epoch: str
    sequence: int
    horizon: int
    groups: int
    phases: int
    encodings: int
    fragments: int
    native_send: bool
    draining: bool
    topics: dict[str, int]
    connections: dict[str, int]
    members: dict[str, int]
    sent: dict[str, dict[str, int]]
    closes: dict[str, int]
    compression: dict[str, int]
    broadcaster: dict[str, int]
    anomalies: dict[str, int]


def debug_routes(hub: Hub) -> APIRouter:
    """The debug route of a hub."""
    router = APIRouter(tags=["operation"], responses=REFUSALS)
    traffic = hub.traffic

    @router.get("/debug")
    async def debug(visitor: Visitor) -> DebugAnswer:
        """Clients, state and counters of this gateway, for who may see the topic ``metrics``."""
        require(visitor, ["metrics"])
        board = hub.board
        topics = board.sizes()
        figures = hub.broadcaster.figures()
        return DebugAnswer(
            clients=len(hub.broadcaster.members),
            state_size=sum(topics.values()),
            uptime=uptime_text(hub.clock.monotonic_s() - traffic.started_s),
            last_update=rfc3339(board.timestamp) if board.timestamp else None,
            epoch=board.epoch,
            sequence=board.sequence,
            horizon=board.horizon,
            groups=figures.groups,
            phases=figures.phases,
            encodings=figures.encodings,
            fragments=figures.fragments,
            native_send=burst is not None,
            draining=hub.draining,
            topics=topics,
            connections={kind: count for kind, count in traffic.connected.items() if count},
            members={"/".join(kind): count for kind, count in figures.clients.items() if count},
            sent={kind: asdict(sent) for kind, sent in figures.sent.items()},
            closes={close_label(code): count for code, count in sorted(figures.closes.items())},
            compression=hub.preparer.deflater.figures(),
            broadcaster=asdict(figures.counters),
            anomalies=board.anomalies(),
        )

    return router
