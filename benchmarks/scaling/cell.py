"""One cell of the grid: a way from the publisher to the clients, a rate, so many gateways, so many clients."""

from __future__ import annotations

import json
import re
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from crowd import Crowd, Wants, Window
from scaling.processes import Processes, Use, until_somebody_listens
from scaling.publisher import STAMP
from yardsticks.base import Running, read_line

from bigboard.spine.redis_keys import SpineKeys

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

__all__ = ["CROWD_INTERVAL_MS", "Ages", "Cell", "Measured", "measure"]

Way = Literal["processes", "replica", "tickers", "pipeline", "up", "up --redis"]

CROWD_INTERVAL_MS: Final = 250
_CROWD_SYMBOLS: Final = 10
"""What each client of the crowd looks at."""
_OPEN_S: Final = 90.0
_ANSWER_S: Final = 60.0
"""A machine that is asked for too much may take long to answer."""


@dataclass(frozen=True)
class Cell:
    """What is asked for."""

    way: Way
    rate: float
    """Updates each second, over all symbols; where the feed is the simulated one, steps of all symbols together."""
    symbols: int
    gateways: int = 1
    clients: int = 100
    """The crowd, which asks for ten symbols every 250 ms; divided among the gateways."""
    interval_ms: int = 20
    """Of the clients that measure: they ask for every symbol. There is one for each gateway, and at least two."""
    followers: int = 0
    """Readers of the log that throw away what they read: what gateways are to Redis, without what gateways do."""

    @property
    def from_feed(self) -> bool:
        """Whether a feed makes the updates, and not a publisher on Redis."""
        return self.way in ("tickers", "pipeline", "up")


@dataclass(frozen=True)
class Ages:
    """Milliseconds from publishing to arrival, of every row that came to a client that measures."""

    p50: float
    p99: float
    p999: float
    max: float


@dataclass(frozen=True)
class Measured:
    """What a cell showed in its window."""

    cell: Cell
    ages: Ages
    published: float
    """Each second: updates by the publisher's own count, or events of the feed by the collector's."""
    taken: float
    """Updates that the aggregator took in a second, by its own last report."""
    rows: float
    """Rows that came to each measuring client, each second."""
    messages: float
    """To each measuring client, each second."""
    bytes: float
    """To each measuring client, each second."""
    log_bytes: float
    """From Redis to each of the followers, each second."""
    crowd: list[Window]
    use: Use

    @property
    def crowd_messages(self) -> float:
        """To the whole crowd, each second."""
        return sum(window.messages / window.seconds for window in self.crowd)

    @property
    def crowd_bytes(self) -> float:
        """To the whole crowd, each second."""
        return sum(window.bytes / window.seconds for window in self.crowd)


@dataclass(frozen=True)
class _Scene:
    """All that runs."""

    processes: Processes
    publisher: subprocess.Popen[bytes] | None
    followers: subprocess.Popen[bytes] | None
    watchers: subprocess.Popen[bytes]
    crowd: Sequence[Crowd]


def measure(cell: Cell, *, seconds: float, settle_s: float) -> Measured:
    """Start all of it, measure, end it. Raises ``RuntimeError`` or ``TimeoutError`` where the figures would be void."""
    with Processes() as processes, ExitStack() as crowds:
        publisher, urls, port = _STARTS[cell.way](processes, cell)
        followers = _followers(processes, cell, port) if cell.followers else None
        watchers = _watchers(processes, cell, urls)
        symbols = json.loads(read_line(watchers, _ANSWER_S))["symbols"]
        crowd = [crowds.enter_context(_crowd(processes, url, symbols)) for url in urls]
        for number, some in enumerate(crowd):
            some.open(cell.clients // len(crowd) + (number < cell.clients % len(crowd)))
        if cell.way != "tickers":
            _ask(publisher, "go")
        time.sleep(settle_s)
        return _window(cell, _Scene(processes, publisher, followers, watchers, crowd), seconds)


def _window(cell: Cell, scene: _Scene, seconds: float) -> Measured:
    before, _ = _ask(scene.publisher, "count"), _ask(scene.followers, "count")
    begun = time.monotonic()
    _say(scene.watchers, "begin")
    scene.processes.begin()
    for some in scene.crowd:
        some.begin(seconds)
    windows = [some.result(seconds + _ANSWER_S) for some in scene.crowd]
    seen, use, after = _ask(scene.watchers, "end"), scene.processes.end(), _ask(scene.publisher, "count")
    followed = _ask(scene.followers, "count")
    took = time.monotonic() - begun
    _check(seen, windows, followed)
    services, clients = seen["services"], len(seen["rows"])
    aggregator = next(row for row in services.values() if row.get("kind") == "aggregator")
    sent = (after["sent"] - before["sent"]) / took if after else services["total"]["messages_per_second"]
    return Measured(
        cell=cell,
        ages=Ages(seen["p50"], seen["p99"], seen["p999"], seen["max"]),
        published=sent,
        taken=aggregator["messages_per_second"],
        rows=sum(seen["rows"]) / clients / took,
        messages=sum(seen["messages"]) / clients / took,
        bytes=sum(seen["bytes"]) / clients / took,
        log_bytes=followed.get("bytes", 0) / max(1, cell.followers) / took,
        crowd=windows,
        use=use,
    )


def _check(seen: dict[str, Any], windows: Sequence[Window], followed: dict[str, int]) -> None:
    faults = [f"{followed[what]} {what} of followers" for what in ("holes", "lost") if followed.get(what)]
    faults += [window.faults for window in windows if window.faults]
    if seen["gaps"]:
        faults.append(f"{seen['gaps']} gaps at the clients that measure")
    silent = sum(window.silent for window in windows)
    if silent:
        faults.append(f"{silent} clients of the crowd got nothing")
    rejected = sum(row.get("rejected", 0) for row in seen["services"].values())
    if rejected:
        faults.append(f"{rejected} updates were rejected")
    if faults:
        raise RuntimeError("not a valid run: " + ", ".join(faults))


# --- Starting ---------------------------------------------------------------------------------------------------------


class _Started(NamedTuple):
    publisher: subprocess.Popen[bytes] | None
    urls: list[str]
    redis: int = 0
    """Its port, or that of the replica that the gateways follow."""


def _start_processes(processes: Processes, cell: Cell) -> _Started:
    port, urls = _behind_redis(processes, cell)
    return _Started(_publisher(processes, cell, port), urls, port)


def _start_replica(processes: Processes, cell: Cell) -> _Started:
    """The gateways follow a replica of the Redis that the aggregator writes to."""
    port = processes.redis()
    replica = processes.redis("--replicaof", "127.0.0.1", str(port), role="replica")
    processes.bigboard("aggregator", "--redis", f"redis://127.0.0.1:{port}")
    urls = _gateways(processes, cell, replica)
    return _Started(_publisher(processes, cell, port), urls, replica)


def _start_tickers(processes: Processes, cell: Cell) -> _Started:
    """Tickers alone, spread over time: what an exchange says."""
    arguments = (str(cell.symbols), str(cell.rate))
    publisher = processes.start("publisher", sys.executable, "-m", "scaling.tickers", *arguments)
    endpoint = json.loads(read_line(publisher))["endpoint"]
    port, urls = _behind_redis(processes, cell)
    processes.bigboard("collector", "--feed", endpoint, "--redis", f"redis://127.0.0.1:{port}")
    _say(publisher, "go")
    read_line(publisher)
    return _Started(publisher, urls, port)


def _start_pipeline(processes: Processes, cell: Cell) -> _Started:
    """The simulated market, which moves all symbols at once, in prices, books and trades."""
    port, urls = _behind_redis(processes, cell)
    said = processes.bigboard("feed", "--feed", "tcp://127.0.0.1:*", *_simulated(cell))
    endpoint = re.search(r"tcp://\S+", said)
    assert endpoint is not None, said
    processes.bigboard("collector", "--feed", endpoint[0], "--redis", f"redis://127.0.0.1:{port}")
    return _Started(None, urls, port)


def _start_up(processes: Processes, cell: Cell) -> _Started:
    return _Started(None, [processes.gateway("up", *_simulated(cell))])


def _start_up_redis(processes: Processes, cell: Cell) -> _Started:
    port = processes.redis()
    # Its own market is as quiet as it can be: the load comes from outside.
    quiet = ("--symbols", "1", "--rate", "1", "--seed", "1")
    url = processes.gateway("up", "--redis", f"redis://127.0.0.1:{port}", *quiet)
    return _Started(_publisher(processes, cell, port), [url], port)


_STARTS: Final = {
    "processes": _start_processes,
    "replica": _start_replica,
    "tickers": _start_tickers,
    "pipeline": _start_pipeline,
    "up": _start_up,
    "up --redis": _start_up_redis,
}


def _simulated(cell: Cell) -> list[str]:
    return ["--symbols", str(cell.symbols), "--rate", str(cell.rate / cell.symbols), "--seed", "1"]


def _behind_redis(processes: Processes, cell: Cell) -> tuple[int, list[str]]:
    """A Redis, an aggregator, and the gateways."""
    port = processes.redis()
    processes.bigboard("aggregator", "--redis", f"redis://127.0.0.1:{port}")
    return port, _gateways(processes, cell, port)


def _gateways(processes: Processes, cell: Cell, port: int) -> list[str]:
    url = f"redis://127.0.0.1:{port}"
    return [processes.gateway("gateway", "--redis", url, "--name", f"gateway-{n}") for n in range(cell.gateways)]


def _followers(processes: Processes, cell: Cell, port: int) -> subprocess.Popen[bytes]:
    arguments = (str(port), SpineKeys.of("main").log, str(cell.followers))
    followers = processes.start("followers", sys.executable, "-m", "scaling.followers", *arguments)
    read_line(followers)
    return followers


def _publisher(processes: Processes, cell: Cell, port: int) -> subprocess.Popen[bytes]:
    until_somebody_listens(port)
    arguments = (str(port), str(cell.symbols), str(cell.rate))
    publisher = processes.start("publisher", sys.executable, "-m", "scaling.publisher", *arguments)
    read_line(publisher)
    return publisher


def _watchers(processes: Processes, cell: Cell, urls: Sequence[str]) -> subprocess.Popen[bytes]:
    field = "received_at" if cell.from_feed else STAMP
    each = urls if len(urls) > 1 else [*urls, *urls]
    return processes.start("watchers", sys.executable, "-m", "scaling.watchers", field, str(cell.interval_ms), *each)


def _crowd(processes: Processes, url: str, symbols: Sequence[str]) -> Crowd:
    port = int(url.rpartition(":")[2].partition("/")[0])
    wants = Wants(
        interval_ms=CROWD_INTERVAL_MS,
        subscriptions=tuple(f"market_data:{symbol}" for symbol in sorted(symbols)[:_CROWD_SYMBOLS]),
    )
    crowd = Crowd(Running(port, path="/ws", tongue="board"), None, wants, core=None)
    processes.watch("crowd", crowd.process_id)
    return crowd


def _say(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    process.stdin.flush()


def _ask(process: subprocess.Popen[bytes] | None, line: str) -> dict[str, Any]:
    if process is None:
        return {}
    _say(process, line)
    answer: dict[str, Any] = json.loads(read_line(process, _ANSWER_S))
    return answer
