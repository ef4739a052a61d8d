"""Publishes tickers on ZeroMQ at a steady rate, as `bigboard feed` does for an exchange that says no more than these.

    python -m scaling.tickers SYMBOLS RATE

It tells its endpoint; the lines are those of ``scaling.pace``. ``received_at`` of a ticker is when it was sent.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import zmq
from scaling.pace import Paced, serve

from bigboard.feed.message_streams import MessageStreams, Origin
from bigboard.wire.market import Status, Ticker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bigboard.wire.market import MarketEvent

__all__ = ["TickerFeed", "ticker"]

_REPEAT_S: Final = 4.0
_HIGH_WATER: Final = 10_000


def ticker(number: int, symbols: int, now_ms: int) -> Ticker:
    """The ticker with this number; each symbol has its turn, and each time another price and quote."""
    symbol, round_ = number % symbols, number // symbols % 997
    price = 100.0 + symbol + round_ / 10
    return Ticker(
        symbol=f"S{symbol}/USDT:USDT",
        timestamp=now_ms,
        received_at=now_ms,
        last=price,
        last_size=0.5,
        bid=price - 0.1,
        bid_volume=1.0 + round_,
        ask=price + 0.1,
        ask_volume=2.0 + round_,
    )


class TickerFeed:
    """The socket and the numbers of its messages."""

    def __init__(self, symbols: int) -> None:
        # As in the feed: a socket that refuses nothing, and drops for one who does not read.
        self._socket: zmq.Socket[bytes] = zmq.Context().socket(zmq.XPUB)
        self._socket.setsockopt(zmq.SNDHWM, _HIGH_WATER)
        self._socket.bind("tcp://127.0.0.1:*")
        self.endpoint = self._socket.getsockopt_string(zmq.LAST_ENDPOINT)
        origin = Origin("tickers", "live", None)
        self._streams = MessageStreams(
            origin, time.time_ns() // 1_000_000, repeat_s=_REPEAT_S, max_symbols=symbols, max_levels=1
        )
        self._symbols = symbols
        self._sent = 0

    def send(self, count: int) -> None:
        """Send so many, and what is due to be said again."""
        now_ms, now_s = time.time_ns() // 1_000_000, time.monotonic()
        while self._socket.poll(0):
            self._socket.recv()
            self._streams.repeat_soon()
            self._say([Status(service="tickers", kind="feed", status="up", timestamp=now_ms)], now_s)
        self._say((ticker(number, self._symbols, now_ms) for number in range(self._sent, self._sent + count)), now_s)
        self._sent += count
        for _, frame in self._streams.repeats(now_s):
            self._socket.send(frame)

    def _say(self, events: Iterable[MarketEvent], now_s: float) -> None:
        for _, frame in self._streams.say(events, now_s):
            self._socket.send(frame)


def main() -> None:
    symbols, rate = int(sys.argv[1]), float(sys.argv[2])
    feed = TickerFeed(symbols)
    serve(Paced(rate, feed.send), {"endpoint": feed.endpoint})


if __name__ == "__main__":
    main()
