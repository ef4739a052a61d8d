"""Small recordings, written by hand."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["START_NS", "depth", "snapshot", "trade", "write"]

START_NS = 1_700_000_000_000_000_000


def trade(at_s: float, trade_id: int, *, symbol: str = "BTCUSDT", price: str = "100.5") -> bytes:
    """A trade that was received ``at_s`` seconds after the start, 20 ms after it happened."""
    at_ns = START_NS + round(at_s * 1e9)
    event_ms = at_ns // 1_000_000 - 20
    data = {"e": "trade", "E": event_ms, "T": event_ms, "s": symbol, "t": trade_id, "p": price, "q": "1", "m": False}
    return _line(at_ns, {"stream": f"{symbol.lower()}@trade", "data": data})


def depth(at_s: float, number: int, *, symbol: str = "BTCUSDT") -> bytes:
    """The futures diff with the update ids ``10 * number`` to ``10 * number + 9``."""
    at_ns = START_NS + round(at_s * 1e9)
    data = {
        "e": "depthUpdate",
        "E": at_ns // 1_000_000,
        "T": at_ns // 1_000_000,
        "s": symbol,
        "U": 10 * number,
        "u": 10 * number + 9,
        "pu": 10 * number - 1,
        "b": [[str(50 + number), "1"]],
        "a": [],
    }
    return _line(at_ns, {"stream": f"{symbol.lower()}@depth@100ms", "data": data})


def snapshot(at_s: float, number: int) -> bytes:
    """A snapshot from the middle of ``depth(…, number)``."""
    at_ns = START_NS + round(at_s * 1e9)
    content = {"lastUpdateId": 10 * number + 5, "bids": [["50", "1"]], "asks": [["101", "1"]]}
    return _line(at_ns, content)


def write(path: Path, *lines: bytes) -> Path:
    """A recording of these lines, gzipped if its name says so."""
    content = b"".join(line + b"\n" for line in lines)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def _line(at_ns: int, message: dict[str, object]) -> bytes:
    return b"%d %s" % (at_ns, json.dumps(message).encode())
