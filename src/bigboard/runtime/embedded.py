"""`bigboard up`: every role in one process."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from bigboard.aggregator import Aggregator
from bigboard.board import Board, Diff, Limits, Selection, Snapshot, Subscription
from bigboard.clock import SystemClock
from bigboard.collector.market import MarketCollector
from bigboard.epoch import new_epoch
from bigboard.errors import SettingError
from bigboard.garbage import Garbage
from bigboard.gateway import Hub, OriginCheck, PortServer, bind, dashboard_app, hub_app
from bigboard.gateway.forwarded import TrustedProxies
from bigboard.gateway.front import front
from bigboard.gateway.guests import CredentialWatch
from bigboard.gateway.hosts import own_hosts
from bigboard.history.memory import MemoryCandleHistory
from bigboard.runtime.bounds import build_bounds
from bigboard.runtime.collector_settings import collector_settings
from bigboard.runtime.credentials import build_credentials
from bigboard.runtime.exposure import build_tls, check_nobody_else_comes, check_proxies
from bigboard.spine import Follower, MemorySpine
from bigboard.wire import SessionLimits

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Coroutine, Mapping

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed
    from bigboard.settings import Settings

__all__ = ["Embedded"]

_log = structlog.stdlib.get_logger("bigboard.runtime")

_FLUSH_S = 0.1
_REPORT_S = 1.0
_SERVICES = Selection((Subscription("services"),))


@dataclass(frozen=True, slots=True)
class _Ports:
    dashboard: socket.socket
    hub: socket.socket


class Embedded:
    """Every role in one process on embedded parts: what ``bigboard up`` runs."""

    def __init__(self, settings: Settings, feed: Feed, clock: Clock | None = None) -> None:
        self.settings = settings
        self.feed = feed
        self.clock = clock or SystemClock()
        limits = Limits(
            tape_length=settings.tape_length,
            max_rows=settings.max_rows,
            max_levels=settings.max_levels,
            max_keys=settings.max_keys,
        )
        epoch = new_epoch(self.clock.epoch_ms())
        self.spine = MemorySpine(max_diffs=settings.spine_length)
        self.aggregator = Aggregator(
            Board(epoch, limits=limits), self.spine, self.clock, commit_interval_s=settings.commit_interval
        )
        self.collector = MarketCollector(
            feed=feed.name,
            mode=feed.mode,
            venue=feed.venue,
            started_at=self.clock.epoch_ms(),
            settings=collector_settings(settings),
        )
        self.history = MemoryCandleHistory(
            max_closed=settings.candle_history, max_candles=settings.candle_history_total, max_keys=settings.max_keys
        )
        self._credentials = build_credentials(settings)
        self._tls = build_tls(settings, self.clock.epoch_ms())
        check_proxies(settings)
        self.hub = Hub(
            Board(epoch, limits=limits),
            self.clock,
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
            parts=self._parts,
        )
        broadcaster = self.hub.broadcaster
        self._garbage = Garbage(self.clock, present=lambda: len(broadcaster.members), left=lambda: broadcaster.left)
        self._follower = Follower(self.spine, self.hub.board, self._followed)
        self._ports = self._bind()
        self._stop = asyncio.Event()
        self.feed_ended = asyncio.Event()
        """Set when the feed came to its end and all of it is on the board."""

    @property
    def port(self) -> int:
        """The dashboard port in use."""
        return int(self._ports.dashboard.getsockname()[1])

    @property
    def hub_port(self) -> int:
        """The hub port in use."""
        return int(self._ports.hub.getsockname()[1])

    def stop(self) -> None:
        """Ask ``run`` to end in order."""
        self._stop.set()

    async def run(self, on_ready: Callable[[], None] | None = None) -> None:
        """Run until ``stop``, SIGINT or SIGTERM, or the end of the feed with the setting ``exit``."""
        servers = self._servers()
        with self._signals(), self._garbage.tamed():
            background = [
                asyncio.create_task(work, name=name)
                for name, work in {
                    "aggregator": self.aggregator.run(),
                    "follower": self._follower.run(),
                    "feed": self._pump(),
                    "flush": self._flush(),
                    **self._watching(),
                    "garbage": self._garbage.run(),
                    "dashboard port": servers[0].run(),
                    "hub port": servers[1].run(),
                }.items()
            ]
            stop = asyncio.create_task(self._stop.wait(), name="stop")
            try:
                await asyncio.gather(*(server.started() for server in servers))
                if on_ready is not None:
                    on_ready()
                await _first_to_end(stop, background)
            finally:
                stop.cancel()
                await self._shut_down(servers, background)

    def _watching(self) -> dict[str, Coroutine[Any, Any, None]]:
        if self._credentials is None:
            return {}
        return {"credentials": CredentialWatch(self._credentials, self.hub.guests, self.clock).run()}

    async def _pump(self) -> None:
        async for events in self.feed.events():
            await self.aggregator.publish(self.collector.process(events, self.clock.epoch_ms()))
        await self.aggregator.publish(self.collector.flush(self.clock.epoch_ms(), at_end=True))
        await self.aggregator.commit()
        self.feed_ended.set()
        if self.settings.exit:
            self._stop.set()
        await asyncio.Event().wait()  # The last state stays on the board until somebody stops it.

    async def _flush(self) -> None:
        reported_at = self.clock.monotonic_s()
        while True:
            await self.clock.sleep(_FLUSH_S)
            await self.aggregator.publish(self.collector.flush(self.clock.epoch_ms()))
            if self.clock.monotonic_s() - reported_at >= _REPORT_S:
                reported_at = self.clock.monotonic_s()
                self.aggregator.ingest([self.aggregator.service()])

    def _followed(self, step: Snapshot | Diff) -> None:
        if isinstance(step, Snapshot):
            self.history.load(step.data.get("candles", {}))
        elif "candles" in step.changes:
            self.history.record(step.changes["candles"])
        self.hub.wake()

    def _parts(self) -> Mapping[str, Mapping[str, Any]]:
        board = self.hub.board
        services = board.snapshot(_SERVICES).data["services"]
        feed = services.get(self.feed.name, {})
        broadcaster = self.hub.broadcaster
        return {
            "feed": {
                "name": self.feed.name,
                "mode": self.feed.mode,
                "status": feed.get("status", "down"),
                "detail": feed.get("detail", ""),
            },
            "aggregator": {
                "status": self.aggregator.status,
                "epoch": self.aggregator.board.epoch,
                "sequence": self.aggregator.board.sequence,
                "updates": self.aggregator.updates,
                "rejected": self.aggregator.rejections.total,
                "rejections": {
                    f"{topic}/{reason}": count for (topic, reason), count in self.aggregator.rejections.counts.items()
                },
            },
            "gateway": {
                "status": "up",
                "sequence": board.sequence,
                "clients": len(broadcaster.members),
                "groups": broadcaster.groups,
            },
        }

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

    def _servers(self) -> tuple[PortServer, PortServer]:
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

    @contextlib.contextmanager
    def _signals(self) -> Any:
        loop = asyncio.get_running_loop()
        caught = (signal.SIGINT, signal.SIGTERM)
        for number in caught:
            # A test runs this outside the main thread now and then, where no signal arrives anyway.
            with contextlib.suppress(RuntimeError, ValueError):
                loop.add_signal_handler(number, self._stop.set)
        try:
            yield
        finally:
            for number in caught:
                with contextlib.suppress(RuntimeError, ValueError):
                    loop.remove_signal_handler(number)

    async def _shut_down(self, servers: tuple[PortServer, PortServer], background: list[asyncio.Task[None]]) -> None:
        await self.hub.drain(self.settings.shutdown_timeout / 2)
        for server in servers:
            server.stop()
        ports = background[-len(servers) :]
        await asyncio.wait(ports, timeout=self.settings.shutdown_timeout / 2)
        await self.spine.close()
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)


async def _first_to_end(stop: asyncio.Task[Any], background: list[asyncio.Task[None]]) -> None:
    """Wait for the stop, or for a part that fails: then its error is raised."""
    done, _ = await asyncio.wait([stop, *background], return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        if task is not stop:
            task.result()
            _log.error("a part ended by itself", part=task.get_name())
