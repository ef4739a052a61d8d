"""The gateway: a replica of the board behind two ports, in a process of its own or beside the other roles."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bigboard.board import Board, Limits, Snapshot, Update
from bigboard.errors import SettingError
from bigboard.garbage import Garbage
from bigboard.gateway import Hub, OriginCheck, PortServer, bind, dashboard_app, hub_app
from bigboard.gateway.forwarded import TrustedProxies
from bigboard.gateway.front import front
from bigboard.gateway.guests import CredentialWatch
from bigboard.gateway.hosts import own_hosts
from bigboard.history.memory import MemoryCandleHistory
from bigboard.runtime.bounds import build_bounds
from bigboard.runtime.credentials import build_credentials
from bigboard.runtime.exposure import build_tls, check_nobody_else_comes, check_proxies
from bigboard.spine import Follower
from bigboard.wire import SessionLimits

if TYPE_CHECKING:
    import contextlib
    import socket
    from collections.abc import Callable, Coroutine, Mapping

    from bigboard.board import Diff
    from bigboard.clock import Clock
    from bigboard.settings import Settings
    from bigboard.spine import Spine

__all__ = ["GatewayPart", "board_limits"]


def board_limits(settings: Settings) -> Limits:
    """The bounds of every board that the settings speak of."""
    return Limits(
        tape_length=settings.tape_length,
        max_rows=settings.max_rows,
        max_levels=settings.max_levels,
        max_keys=settings.max_keys,
    )


@dataclass(frozen=True, slots=True)
class _Ports:
    dashboard: socket.socket
    hub: socket.socket


class GatewayPart:
    """Follows a spine and serves what it says.

    ``parts`` tells how each part of the process is, for ``/health``, and ``in_step`` whether the spine is heard; ``epoch``
    is the replica's before its first snapshot. The ports are bound at once: raises ``SettingError`` where they cannot be
    had, or must not be open as they are.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        spine: Spine,
        parts: Callable[[], Mapping[str, Mapping[str, Any]]],
        *,
        epoch: str = "",
        in_step: Callable[[], bool] = lambda: True,
    ) -> None:
        self.settings = settings
        self.history = MemoryCandleHistory(
            max_closed=settings.candle_history, max_candles=settings.candle_history_total, max_keys=settings.max_keys
        )
        self._clock = clock
        self._credentials = build_credentials(settings)
        self._tls = build_tls(settings, clock.epoch_ms())
        check_proxies(settings)
        self.hub = Hub(
            Board(epoch, limits=board_limits(settings)),
            clock,
            self.history,
            limits=SessionLimits(
                max_message=settings.max_message,
                max_subscriptions=settings.max_subscriptions,
                resume_wait=settings.resume_wait,
            ),
            bounds=build_bounds(settings),
            credentials=self._credentials,
            auth_timeout_s=settings.auth_timeout,
            heartbeat_s=settings.heartbeat,
            stuck_s=settings.stuck_after,
            is_proxy=TrustedProxies(settings.trusted_proxies).has,
            parts=parts,
            in_step=in_step,
        )
        broadcaster = self.hub.broadcaster
        self._garbage = Garbage(clock, present=lambda: len(broadcaster.members), left=lambda: broadcaster.left)
        self.follower = Follower(spine, self.hub.board, self._followed)
        self.stepped_s: float | None = None
        """When the last commit came, on the steady clock."""
        self._ports = self._bind()
        self._servers = self._build_servers()
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def port(self) -> int:
        """The dashboard port in use."""
        return int(self._ports.dashboard.getsockname()[1])

    @property
    def hub_port(self) -> int:
        """The hub port in use."""
        return int(self._ports.hub.getsockname()[1])

    def tamed(self) -> contextlib.AbstractContextManager[None]:
        """Within, Python's garbage is collected as a server needs it."""
        return self._garbage.tamed()

    def work(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What has to run beside the ports, by name."""
        work = {"follower": self.follower.run(), "garbage": self._garbage.run()}
        if self._credentials is not None:
            work["credentials"] = CredentialWatch(self._credentials, self.hub.guests, self._clock).run()
        return work

    def open(self) -> list[asyncio.Task[None]]:
        """Serve on both ports from now on."""
        names = ("dashboard port", "hub port")
        self._tasks = [
            asyncio.create_task(server.run(), name=name) for server, name in zip(self._servers, names, strict=True)
        ]
        return self._tasks

    async def opened(self) -> None:
        """Wait until connections are taken."""
        await asyncio.gather(*(server.started() for server in self._servers))

    async def close(self) -> None:
        """Ask every client to come back later, and close the ports, all within the shutdown timeout."""
        await self.hub.drain(self.settings.shutdown_timeout / 2)
        for server in self._servers:
            server.stop()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self.settings.shutdown_timeout / 2)

    def figures(self) -> dict[str, Any]:
        """What ``/health`` tells of the gateway itself."""
        broadcaster = self.hub.broadcaster
        return {
            "status": "up",
            "sequence": self.hub.board.sequence,
            "clients": len(broadcaster.members),
            "groups": broadcaster.groups,
        }

    def service(self, name: str) -> Update:
        """The gateway's own row in the topic ``services``."""
        row = {
            **self.figures(),
            "service": name,
            "kind": "gateway",
            "detail": None,
            "last_seen": self._clock.epoch_ms(),
        }
        return Update("services", name, row)

    def _followed(self, step: Snapshot | Diff) -> None:
        if isinstance(step, Snapshot):
            self.history.load(step.data.get("candles", {}))
        elif "candles" in step.changes:
            self.history.record(step.changes["candles"])
        self.stepped_s = self._clock.monotonic_s()
        self.hub.wake()

    def _bind(self) -> _Ports:
        settings = self.settings
        dashboard = bind(settings.host, settings.port, "port")
        try:
            if self._credentials is None:
                # What the name resolved to counts, not how it is written.
                check_nobody_else_comes(settings, dashboard.getsockname()[0])
            return _Ports(dashboard, bind(settings.host, settings.hub_port, "hub_port"))
        except SettingError:
            dashboard.close()
            raise

    def _build_servers(self) -> tuple[PortServer, PortServer]:
        settings = self.settings
        # The page of the dashboard port may talk to the hub port too, which a browser calls another origin.
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        scheme = "http" if self._tls is None else "https"
        own = [f"{scheme}://{name}:{self.port}" for name in (host, "127.0.0.1", "localhost", "[::1]")]
        origins = OriginCheck(settings.allowed_origins, own=own)
        bound = self._ports.dashboard.getsockname()[0]
        hosts = own_hosts(bound, [f"//{host}", *settings.allowed_origins])
        apps = (
            front(app(self.hub, origins), hosts=hosts, trusted_proxies=settings.trusted_proxies)
            for app in (dashboard_app, hub_app)
        )
        dashboard, hub = (
            PortServer(
                app,
                listener,
                self.hub.sockets,
                max_message=settings.max_message,
                shutdown_timeout_s=settings.shutdown_timeout,
                compression=settings.compression,
                tls=self._tls,
            )
            for app, listener in zip(apps, (self._ports.dashboard, self._ports.hub), strict=True)
        )
        return dashboard, hub
