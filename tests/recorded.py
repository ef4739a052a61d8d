"""Access to recorded market data, and a second, independent reading of it to compare with.

The data is not part of the repository: it is looked for beside it in ``../shared/data``, or where the environment
variable ``RECORDED_DATA`` points. A test that asks for a recording that is not there is skipped.

``final_state`` is the oracle: plain ``json``, dictionaries and sorting, none of the product's code.
"""

from __future__ import annotations

import gzip
import json
import os
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RECORDINGS", "FinalState", "data_folder", "final_state", "raw_lines", "recording"]

RECORDINGS = (
    "2024-08-08/btcusdt.gz",
    "2024-08-08/ethusdt.gz",
    "2021-04-05/batusdt.gz",
    "2021-04-05/chrusdt.gz",
    "2021-04-05/ctkusdt.gz",
    "2021-04-05/neousdt.gz",
    "2021-04-05/sandusdt.gz",
)


def data_folder() -> Path:
    """The folder of the recorded data; skips the test if it is absent."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("RECORDED_DATA") or beside)
    if not folder.is_dir():
        pytest.skip(f"no recorded data in {folder}; set RECORDED_DATA to its folder")
    return folder


def recording(name: str) -> Path:
    """The path of one of ``RECORDINGS``; skips the test if it is absent."""
    path = data_folder() / "binance-usdm" / name
    if not path.is_file():
        pytest.skip(f"no recording {path}")
    return path


@dataclass
class FinalState:
    """What a board must show of one symbol after the last line of its recording."""

    symbol: str
    lines: int = 0
    span_s: float = 0.0
    """From the first to the last line, by the recorder's clock."""
    bid: tuple[float, float] = (0.0, 0.0)
    ask: tuple[float, float] = (0.0, 0.0)
    quote_timestamp: int = 0
    bids: list[tuple[float, float]] = field(default_factory=list)
    """The best levels, best first."""
    asks: list[tuple[float, float]] = field(default_factory=list)
    update_id: int = 0
    trades: list[dict[str, Any]] = field(default_factory=list)
    """The last ones, oldest first: trade_id, price, size, side, timestamp."""
    trade_count: int = 0
    quote_count: int = 0


def raw_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Receive time in nanoseconds and message of each line."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            at, _, message = line.partition(" ")
            yield int(at), json.loads(message)


@lru_cache(maxsize=16)
def final_state(path: Path, *, depth: int = 25, tape_length: int = 100) -> FinalState:
    """Read a whole recording of one symbol. The result is shared between tests and must not be changed."""
    state = FinalState(path.name.partition(".")[0].upper())
    snapshot: dict[str, Any] = {}
    diffs: list[dict[str, Any]] = []
    tape: deque[dict[str, Any]] = deque(maxlen=tape_length)
    first_ns = last_ns = 0
    for last_ns, message in raw_lines(path):
        first_ns = first_ns or last_ns
        state.lines += 1
        data = message.get("data", message)
        match data.get("e"):
            case "bookTicker":
                state.quote_count += 1
                state.quote_timestamp = data["T"]
                state.bid = float(data["b"]), float(data["B"])
                state.ask = float(data["a"]), float(data["A"])
            case "trade" | "aggTrade":
                state.trade_count += 1
                tape.append(_trade(data))
            case "depthUpdate":
                diffs.append(data)
            case _:
                snapshot = data
    state.span_s = (last_ns - first_ns) / 1e9
    state.trades = list(tape)
    state.update_id = diffs[-1]["u"]
    state.bids = _side(snapshot, diffs, "b", "bids")[: -depth - 1 : -1]
    state.asks = _side(snapshot, diffs, "a", "asks")[:depth]
    return state


def _trade(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "trade_id": str(data.get("t", data.get("a"))),
        "price": float(data["p"]),
        "size": float(data["q"]),
        "side": "sell" if data["m"] else "buy",
        "timestamp": data["T"],
    }


def _side(snapshot: dict[str, Any], diffs: list[dict[str, Any]], letter: str, name: str) -> list[tuple[float, float]]:
    """All levels by price, lowest first."""
    levels = {float(price): float(size) for price, size in snapshot[name]}
    for diff in diffs:
        if diff["u"] >= snapshot["lastUpdateId"]:
            levels |= {float(price): float(size) for price, size in diff[letter]}
    return sorted((price, size) for price, size in levels.items() if size)
