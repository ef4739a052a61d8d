"""What a diff costs when the state grows and the changes do not.

    python benchmarks/bench_diff.py

Boards of 1x, 10x and 100x symbols, each with the same 50 changed. The runs of the sizes alternate, so that a machine that
slows down slows all of them.
"""

from __future__ import annotations

import statistics
import time

from report import Report

from bigboard.board import Board, Update

_BASE = 500
_CHANGED = 50
_ROUNDS = 41
_REPEAT = 50


def board_of(symbols: int) -> tuple[Board, int]:
    """A board of so many symbols of which 50 changed in its last commit, and the cursor before that."""
    board = Board("bench")
    for number in range(symbols):
        fields = {"last_price": 100.0 + number, "bid_price": 99.0, "ask_price": 101.0, "bid_size": 1.0, "ask_size": 2.0}
        board.apply(Update("market_data", f"S{number}USDT", fields))
        levels = [[100.0 + level, 1.0] for level in range(25)]
        board.apply(Update("orderbook", f"S{number}USDT", {"bids": [[99.0, 1.0]], "asks": levels}))
    board.commit(1)
    since = board.sequence
    for number in range(_CHANGED):
        board.apply(Update("market_data", f"S{number}USDT", {"last_price": 1.0, "bid_price": 0.5}))
        board.apply(Update("orderbook", f"S{number}USDT", {"partial": True, "bids": [[99.0, 3.0]], "asks": []}))
    board.commit(2)
    return board, since


def main() -> None:
    boards = {factor: board_of(_BASE * factor) for factor in (1, 10, 100)}
    times: dict[int, list[float]] = {factor: [] for factor in boards}
    for _ in range(_ROUNDS):
        for factor, (board, since) in boards.items():
            begun = time.perf_counter()
            for _ in range(_REPEAT):
                board.diff(since)
            times[factor].append((time.perf_counter() - begun) / _REPEAT * 1e6)
    report = Report("diff")
    for factor, samples in times.items():
        what = f"diff of {_CHANGED} symbols out of {_BASE * factor:,}"
        report.add(what, statistics.median(samples), "us", samples=samples)
    for factor in (10, 100):
        ratios = [grown / base for grown, base in zip(times[factor], times[1], strict=True)]
        report.add(
            f"time at {factor}x the state", statistics.median(ratios), "x", target="at most 1.2x", samples=ratios
        )
    report.finish()


if __name__ == "__main__":
    main()
