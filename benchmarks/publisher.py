"""Publishes prepared messages on Redis as fast as it is told to, from a process of its own.

    python benchmarks/publisher.py PORT MESSAGES [RATE]

The commands are encoded before the clock starts, so that a second costs it little more than the copies of the bytes. Without
a rate everything goes at once. It says ``ready``, waits for a line, and answers with the seconds that it took.
"""

from __future__ import annotations

import json
import random
import socket
import sys
import threading
import time

__all__ = ["LAST", "SYMBOLS", "commands", "prices"]

SYMBOLS = 200
LAST = "LASTUSDT"
"""The symbol of the last message, and of no other."""


def prices(count: int) -> list[tuple[str, bytes]]:
    """Five fields of ``market_data`` over 200 symbols, all new each time, as JSON; the last one is of ``LAST``."""
    random_ = random.Random(1)
    messages = []
    for number in range(count):
        row = {
            "last_price": round(random_.random() * 1e4, 2),
            "bid_price": round(random_.random() * 1e4, 2),
            "ask_price": round(random_.random() * 1e4, 2),
            "bid_size": round(random_.random(), 3),
            "timestamp": 1_700_000_000_000 + number,
        }
        # Each of the symbols comes up in the first messages, so that one more key tells the end.
        symbol = number if number < SYMBOLS else random_.randrange(SYMBOLS)
        name = f"SYM{symbol:03d}USDT" if number < count - 1 else LAST
        messages.append((f"market_data:{name}", json.dumps(row, separators=(",", ":")).encode()))
    return messages


def commands(messages: list[tuple[str, bytes]]) -> list[bytes]:
    """The ``PUBLISH`` commands as they go over the socket."""
    return [
        b"*3\r\n$7\r\nPUBLISH\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(channel), channel.encode(), len(body), body)
        for channel, body in messages
    ]


def publish(link: socket.socket, encoded: list[bytes], rate: float) -> float:
    """Send all of them, in slices of a millisecond if there is a rate; the seconds until Redis has answered each."""
    answers = len(encoded)
    begun = time.perf_counter()
    reader = threading.Thread(target=_read, args=(link, answers))
    reader.start()
    slice_ = max(1, int(rate / 1_000)) if rate else 1_000
    for first in range(0, len(encoded), slice_):
        link.sendall(b"".join(encoded[first : first + slice_]))
        if rate:
            time.sleep(max(0.0, begun + (first + slice_) / rate - time.perf_counter()))
    reader.join()
    return time.perf_counter() - begun


def _read(link: socket.socket, answers: int) -> None:
    while answers > 0:
        answers -= link.recv(65_536).count(b"\n")


def main() -> None:
    port, count, rate = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
    encoded = commands(prices(count))
    with socket.create_connection(("127.0.0.1", port)) as link:
        print("ready", flush=True)
        sys.stdin.readline()
        print(publish(link, encoded, rate), flush=True)


if __name__ == "__main__":
    main()
