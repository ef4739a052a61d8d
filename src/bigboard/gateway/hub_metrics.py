"""The metrics of a hub as Prometheus sees them, read from the parts at each scrape.

Names with ``dashboard_`` are given: existing Grafana boards ask for just these. So ``dashboard_websocket_clients_total`` is
a gauge although its name ends like a counter's, and ``dashboard_redis_latency_ms`` is not in seconds. The names with
``bigboard_`` keep to the conventions.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from bigboard.board import Selection, Subscription
from bigboard.gateway.limits import Limit
from bigboard.gateway.traffic import CLIENT_TYPES, STREAM
from bigboard.version import VERSION
from bigboard.wire import CloseCode, Format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.core import Metric

    from bigboard.broadcaster import Figures
    from bigboard.gateway.hub import Hub

__all__ = ["HubMetrics", "close_label"]

_UNKNOWN = float("nan")
_READ = Selection((Subscription("metrics", "total"), Subscription("services")))
_SERVICE_STATES = ("up", "stale", "degraded", "down")


class HubMetrics(Collector):
    """Reads everything when it is asked; keeps nothing. What is not known yet is NaN, never a made-up zero."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def describe(self) -> Iterable[Metric]:
        """Nothing: without it, registering would read a board that may not be there yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        """See ``prometheus_client``."""
        data = self._hub.board.snapshot(_READ).data
        figures = self._hub.broadcaster.figures()
        yield from self._clients()
        yield from self._market(data["metrics"].get("total", {}))
        yield from self._board()
        yield from _members(figures)
        yield from _work(figures)
        yield from _compression(self._hub.preparer.deflater.figures())
        yield from self._services(data["services"])
        yield from self._refusals()

    def _clients(self) -> Iterator[Metric]:
        traffic = self._hub.traffic
        yield GaugeMetricFamily(
            "dashboard_websocket_clients_total",
            "Clients of /ws that are connected now.",
            len(self._hub.broadcaster.members),
        )
        yield GaugeMetricFamily(
            "dashboard_websocket_connections",
            "WebSockets that are open now, the plain stream's too.",
            traffic.connected.total(),
        )
        kinds = (*CLIENT_TYPES, STREAM)
        by_type = ["client_type"]
        yield _gauges(
            "bigboard_websocket_connections",
            "Open WebSockets.",
            by_type,
            {(kind,): traffic.connected[kind] for kind in kinds},
        )
        yield _counters(
            "bigboard_websocket_accepted",
            "WebSockets ever opened.",
            by_type,
            {(kind,): traffic.accepted[kind] for kind in kinds},
        )
        yield CounterMetricFamily(
            "bigboard_stream_messages", "Messages sent on the plain stream.", traffic.stream_messages
        )
        yield _counters(
            "dashboard_http_requests",
            "HTTP requests answered on all ports.",
            ["method", "path", "code"],
            traffic.requests,
        )

    def _market(self, total: dict[str, Any]) -> Iterator[Metric]:
        latency_to_redis_ms = self._hub.parts().get("redis", {}).get("latency_ms")
        yield GaugeMetricFamily(
            "dashboard_redis_latency_ms",
            "Round trip to Redis in milliseconds; NaN where no Redis is used.",
            _UNKNOWN if latency_to_redis_ms is None else latency_to_redis_ms,
        )
        yield GaugeMetricFamily(
            "dashboard_messages_per_second",
            "Market messages that come in per second; NaN before the first measure.",
            total.get("messages_per_second", _UNKNOWN),
        )
        yield CounterMetricFamily(
            "bigboard_market_messages", "Market messages that came in.", total.get("messages_received", _UNKNOWN)
        )
        latency_ms = total.get("feed_latency_ms")
        yield GaugeMetricFamily(
            "bigboard_feed_latency_seconds",
            "Median of arrival less event time; NaN before the first measure.",
            _UNKNOWN if latency_ms is None else latency_ms / 1_000,
        )

    def _board(self) -> Iterator[Metric]:
        hub = self._hub
        yield InfoMetricFamily("bigboard_build", "What runs here.", {"version": VERSION})
        yield GaugeMetricFamily(
            "bigboard_uptime_seconds", "Since the start.", hub.clock.monotonic_s() - hub.traffic.started_s
        )
        yield GaugeMetricFamily("bigboard_board_sequence", "The last commit of this replica.", hub.board.sequence)
        yield GaugeMetricFamily(
            "bigboard_last_commit_timestamp_seconds",
            "When that commit was made; NaN before the first.",
            hub.board.timestamp / 1_000 if hub.board.timestamp else _UNKNOWN,
        )
        yield _gauges(
            "bigboard_board_entries",
            "Keys and rows.",
            ["topic"],
            {(name,): size for name, size in hub.board.sizes().items()},
        )

    def _refusals(self) -> Iterator[Metric]:
        hub = self._hub
        yield _counters(
            "bigboard_limited",
            "What strangers or clients were refused, by limit.",
            ["limit"],
            {(limit.value,): hub.limited.counts[limit] for limit in Limit},
        )
        yield CounterMetricFamily(
            "bigboard_forgotten_addresses",
            "Addresses that were forgotten before their rate of requests or failed authentications was full again.",
            hub.requests.evicted + (0 if hub.gatekeeper is None else hub.gatekeeper.evicted),
        )
        credentials = hub.credentials
        if credentials is not None:
            results = {("ok",): credentials.accepted, ("refused",): credentials.refused}
            yield _counters("bigboard_authentications", "Credentials shown.", ["result"], results)
            yield CounterMetricFamily(
                "bigboard_credential_files_broken", "Times that credentials could not be read anew.", credentials.broken
            )

    def _services(self, services: dict[str, Any]) -> Iterator[Metric]:
        # One series per stream would be thousands; which one is stale stands in /api/v1/services.
        states = Counter(row.get("status") for row in services.values())
        yield _gauges(
            "bigboard_services",
            "Feeds, streams and services.",
            ["status"],
            {(state,): states[state] for state in _SERVICE_STATES},
        )


def close_label(code: int) -> str:
    """A close code as a label; 0 stands for every code that this protocol does not know."""
    return str(int(code)) if code else "other"


def _members(figures: Figures) -> Iterator[Metric]:
    """Who there is, what they were sent, how they left."""
    yield _gauges(
        "bigboard_clients",
        "Clients of /ws that are connected now.",
        ["client_type", "format"],
        {(kind, format_.value): figures.clients[kind, format_.value] for kind in CLIENT_TYPES for format_ in Format},
    )
    by_type = ["client_type"]
    yield _counters(
        "dashboard_broadcasts",
        "Messages sent to clients of /ws.",
        by_type,
        {(kind,): sent.frames for kind, sent in figures.sent.items()},
    )
    yield _counters(
        "bigboard_sent_bytes",
        "Bytes of these messages, before any compression.",
        by_type,
        {(kind,): sent.bytes for kind, sent in figures.sent.items()},
    )
    # A series that appears with its first event hides that event from a rate.
    codes = {code: figures.closes[code] for code in sorted({0, 1000, 1001, 1006, *CloseCode, *figures.closes})}
    yield _counters(
        "bigboard_websocket_closes",
        "Connections of /ws that ended, by close code.",
        ["code"],
        {(close_label(code),): count for code, count in codes.items()},
    )


def _work(figures: Figures) -> Iterator[Metric]:
    """What the broadcaster did for them."""
    yield GaugeMetricFamily("bigboard_client_groups", "Groups of equal clients.", figures.groups)
    yield GaugeMetricFamily("bigboard_client_phases", "Parts of groups that tick together.", figures.phases)
    counters = figures.counters
    for name, help_, value in (
        ("heartbeats", "Heartbeats among the messages.", counters.heartbeats),
        ("skipped_ticks", "Ticks at which a client was not ready.", counters.skipped),
        ("catch_ups", "Clients that were skipped and then got all they had missed as one diff.", counters.catch_ups),
        ("too_slow_clients", "Clients closed because they read nothing.", counters.too_slow),
        ("encodings", "Diffs and states encoded.", figures.encodings),
        ("fragments", "Pieces of diffs encoded once for several groups.", figures.fragments),
    ):
        yield CounterMetricFamily(f"bigboard_{name}", help_, value)


def _compression(figures: dict[str, int]) -> Iterator[Metric]:
    for name, help_ in {
        "messages": "Messages that were compressed, each once for all equal clients.",
        "declined_messages": "Messages that were not, because compression has to leave the processor to others.",
        "input_bytes": "Bytes before compression.",
        "output_bytes": "Bytes after it.",
    }.items():
        yield CounterMetricFamily(f"bigboard_deflate_{name}", help_, figures[name])


def _gauges(name: str, help_: str, labels: list[str], values: Mapping[Any, int]) -> Metric:
    family = GaugeMetricFamily(name, help_, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _counters(name: str, help_: str, labels: list[str], values: Any) -> Metric:
    family = CounterMetricFamily(name, help_, labels=labels)
    for key, value in sorted(values.items()):
        family.add_metric(key, value)
    return family
