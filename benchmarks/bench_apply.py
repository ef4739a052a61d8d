"""Updates applied per second, with validation, on one core.

    python benchmarks/bench_apply.py

Each run applies the same prepared updates to one board and commits every 2,000 of them (10 ms at the target rate).
"""

from __future__ import annotations

import random
from functools import partial

from report import Report, times_s

from bigboard.board import Board, Update

_COMMIT_EVERY = 2_000
_SYMBOLS = [f"SYM{number:03d}USDT" for number in range(200)]


def prices(count: int) -> list[Update]:
    """5-field updates of market_data over 200 symbols, every field new each time."""
    random_ = random.Random(1)
    return [
        Update(
            "market_data",
            random_.choice(_SYMBOLS),
            {
                "last_price": random_.random() * 1e4,
                "bid_price": random_.random() * 1e4,
                "ask_price": random_.random() * 1e4,
                "bid_size": random_.random(),
                "timestamp": 1_700_000_000_000 + number,
            },
        )
        for number in range(count)
    ]


def ladders(count: int) -> list[Update]:
    """Updates of 10 levels, a third of them removals, over 200 books of about 50 levels a side."""
    random_ = random.Random(2)

    def levels(sign: int) -> list[list[float]]:
        return [
            [
                round(100 + sign * random_.randint(1, 50) / 10, 1),
                round(random_.random(), 3) * (random_.random() > 1 / 3),
            ]
            for _ in range(5)
        ]

    return [
        Update("orderbook", random_.choice(_SYMBOLS), {"partial": True, "bids": levels(-1), "asks": levels(1)})
        for _ in range(count)
    ]


def apply_all(board: Board, updates: list[Update]) -> None:
    """Apply every update and commit now and then."""
    apply = board.apply
    for number, update in enumerate(updates):
        apply(update)
        if number % _COMMIT_EVERY == 0:
            board.commit(number)
    board.commit(len(updates))


def main() -> None:
    report = Report("apply")
    for what, updates, target in (
        ("5-field market_data updates, 200 symbols", prices(200_000), "200,000/s"),
        ("10-level order book updates, 200 symbols", ladders(50_000), "40,000/s"),
    ):
        board = Board("bench")
        times = times_s(partial(apply_all, board, updates))
        report.add_rate(what, len(updates), times, "updates/s", target=target)
    report.finish()


if __name__ == "__main__":
    main()
