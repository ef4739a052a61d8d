"""Publishes prices on Redis channels at a steady rate, as a service does, each with the moment at which it was sent.

    python -m scaling.publisher PORT SYMBOLS RATE

It publishes each symbol once and then waits for the lines of ``scaling.pace``.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time

from scaling.pace import Paced, serve

__all__ = ["STAMP", "Prices", "RedisPublisher", "stamp"]

STAMP = "published_at"
"""The field with the moment of publishing: epoch milliseconds, with a fraction."""
_ROUNDS = 7


def stamp(now_s: float) -> bytes:
    """The end of every message that is sent at this moment; always of the same length."""
    return b'"timestamp":%013d,"%s":%017.3f}\r\n' % (int(now_s * 1e3), STAMP.encode(), now_s * 1e3)


class Prices:
    """``PUBLISH`` commands without their ends, prepared so that a second costs little more than the copies of the bytes.

    In each round every symbol comes up once, in another order, and all its fields are new.
    """

    def __init__(self, symbols: int, prefix: str = "") -> None:
        random_ = random.Random(1)
        self.symbols = symbols
        self._heads: list[bytes] = []
        for round_ in range(_ROUNDS):
            order = list(range(symbols))
            random_.shuffle(order)
            self._heads += [_head(f"{prefix}market_data:S{number}USDT", _fields(number, round_)) for number in order]

    def commands(self, first: int, count: int, now_s: float) -> bytes:
        """So many commands from the ``first`` on, sent now."""
        heads, size = self._heads, len(self._heads)
        end = stamp(now_s)
        return b"".join(heads[number % size] + end for number in range(first, first + count))


def _head(channel: str, fields: dict[str, float]) -> bytes:
    body = json.dumps(fields, separators=(",", ":"))[:-1].encode() + b","
    size = len(body) + len(stamp(1_760_000_000.0)) - 2
    return b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n%s" % (len(channel), channel.encode(), size, body)


def _fields(number: int, round_: int) -> dict[str, float]:
    price = 100.25 + number + round_
    return {
        "last_price": price,
        "bid_price": price - 0.5,
        "bid_size": 1.5 + round_,
        "ask_price": price + 0.5,
        "ask_size": 2.5 + round_,
    }


class RedisPublisher:
    """A connection on which what Redis answers is read, as a client that pipelines does it."""

    def __init__(self, port: int, prices: Prices) -> None:
        self._prices = prices
        self._sent = 0
        self._socket = socket.create_connection(("127.0.0.1", port))
        threading.Thread(target=self._read, daemon=True).start()

    def send(self, count: int) -> None:
        """Send so many more."""
        self._socket.sendall(self._prices.commands(self._sent, count, time.time()))
        self._sent += count

    def _read(self) -> None:
        while self._socket.recv(65_536):
            pass


def main() -> None:
    port, symbols, rate = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    paced = Paced(rate, RedisPublisher(port, Prices(symbols)).send)
    paced.send(symbols)
    serve(paced, {})


if __name__ == "__main__":
    main()
