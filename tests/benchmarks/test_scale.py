"""The benchmark of scale publishes what it says, sees gaps, and measures what a known delay makes of it."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

import hiredis
import msgspec
import pytest
from scaling.cell import Cell, measure
from scaling.followers import Follower
from scaling.publisher import STAMP, Prices
from scaling.watchers import Watcher, quantile

_NOW_MS = 1_764_000_000_000.0


def _commands(data: bytes) -> list[list[bytes]]:
    reader = hiredis.Reader(notEnoughData=None)
    reader.feed(data)
    return list(iter(reader.gets, None))


def test_each_round_publishes_every_symbol_with_new_prices_and_the_time() -> None:
    prices = Prices(50)
    rounds = [_commands(prices.commands(first, 50, 1_764_000_000.123456)) for first in (0, 50)]
    for commands in rounds:
        assert {command[0] for command in commands} == {b"PUBLISH"}
        assert sorted(command[1] for command in commands) == sorted(b"market_data:S%dUSDT" % n for n in range(50))
    before, after = ({name: json.loads(body) for _, name, body in commands} for commands in rounds)
    for name, row in before.items():
        assert row[STAMP] == 1_764_000_000_123.456
        assert row["timestamp"] == 1_764_000_000_123
        changed = {field for field, value in row.items() if after[name][field] != value}
        assert changed == {"last_price", "bid_price", "bid_size", "ask_price", "ask_size"}


def _packed(type_: str, since: int, sequence: int, **more: Any) -> bytes:
    return msgspec.msgpack.encode({"type": type_, "epoch": "E", "since": since, "sequence": sequence, **more})


def test_a_watcher_tells_ages_and_gaps() -> None:
    watcher = Watcher(STAMP)
    watcher.take(_packed("state_update", -1, 5, data={"market_data": {"A": {STAMP: 1.0}}}), _NOW_MS)
    assert (watcher.symbols, len(watcher.ages)) == ({"A"}, 0)
    rows = {"A": {STAMP: _NOW_MS - 7.5}, "B": {STAMP: _NOW_MS - 2.25}, "C": {"last_price": 1.0}, "D": None}
    diff = _packed(
        "diff_update", 5, 8, changes={"market_data": rows, "metrics": {"total": {"messages_per_second": 9.0}}}
    )
    watcher.take(diff, _NOW_MS)
    assert (sorted(watcher.ages), watcher.gaps) == ([2.25, 7.5], 0)
    assert (watcher.messages, watcher.bytes) == (1, len(diff))
    assert watcher.services["total"] == {"messages_per_second": 9.0}
    watcher.take(_packed("heartbeat", -1, 11), _NOW_MS)
    watcher.take(_packed("diff_update", 11, 12, changes={}), _NOW_MS)
    assert watcher.gaps == 0
    watcher.take(_packed("diff_update", 13, 14, changes={}), _NOW_MS)
    assert watcher.gaps == 1


def test_quantiles() -> None:
    assert [quantile(list(range(100)), share) for share in (0.0, 0.5, 0.99, 1.0)] == [0, 50, 99, 99]
    assert math.isnan(quantile([], 0.5))


class _Pipe:
    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


def _entries(*numbers: int) -> bytes:
    entries = b"".join(b"*2\r\n$3\r\n1-%d\r\n*2\r\n$1\r\nd\r\n$1\r\nx\r\n" % number for number in numbers)
    return b"*1\r\n*2\r\n$1\r\nL\r\n*%d\r\n%s" % (len(numbers), entries)


def test_a_follower_reads_on_and_tells_holes() -> None:
    got: Counter[str] = Counter()
    follower, pipe = Follower("L", got), _Pipe()
    follower.connection_made(pipe)  # type: ignore[arg-type]
    assert _commands(pipe.written[-1])[0][-2:] == [b"L", b"$"]
    answer = _entries(3, 4)
    follower.data_received(answer[:20])
    assert len(pipe.written) == 1, "it waits for the rest"
    follower.data_received(answer[20:])
    assert _commands(pipe.written[-1])[0][-1] == b"1-4"
    follower.data_received(b"*-1\r\n")
    assert len(pipe.written) == 3, "nothing new: it asks again"
    follower.data_received(_entries(5))
    assert (got["entries"], got["holes"]) == (3, 0)
    follower.data_received(_entries(7))
    assert got["holes"] == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "cell",
    [
        Cell("processes", 300, 20, gateways=2, clients=10, followers=2),
        Cell("replica", 300, 20, clients=10),
        Cell("up --redis", 300, 20, clients=10),
        Cell("up", 100, 10, clients=10),
        Cell("tickers", 300, 20, clients=10),
        Cell("pipeline", 100, 10, clients=10),
    ],
    ids=lambda cell: cell.way,
)
def test_each_way_is_measured_with_real_processes(cell: Cell) -> None:
    measured = measure(cell, seconds=1.5, settle_s=1.5)
    ages = measured.ages
    # What comes out is no older than it can be here, and no younger than nothing.
    assert 0 < ages.p50 <= ages.p99 <= ages.p999 <= ages.max < 10_000
    assert measured.rows > 50
    assert measured.messages > 5
    assert measured.crowd_messages > 10
    if not cell.from_feed:
        assert measured.published == pytest.approx(cell.rate, rel=0.2)
        assert measured.rows <= 1.2 * cell.rate
    assert all(share > 0 for role, share in measured.use.cpu_s.items() if role in {"gateway", "aggregator"})
    assert min(measured.use.resident.values()) > 1_000_000
    assert (measured.log_bytes > 1_000) == bool(cell.followers)
