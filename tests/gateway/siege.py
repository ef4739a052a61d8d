"""A server under attack, and what must not suffer: another client's replica and its delay, the log, and what is left.

The board is committed to all the time, and a witness that follows docs/protocol.md reads along. When the attack is over
the witness holds just what the board holds, no message took longer than ``STALL_S``, nothing stands in the log, and
connections, tasks, members and file descriptors are those of before.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import time
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from structlog.testing import capture_logs

from bigboard.board import Update
from gateway.plain_client import PlainClient
from servers import Gateway, gateway, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

__all__ = ["STALL_S", "Siege", "siege"]

STALL_S = 1.5
"""A message takes some milliseconds; this is for a machine that is busy with other tests, and far below what any attack
here would cost a server that waited for it."""
_COMMIT_S = 0.01


class Siege:
    """The server, and the traffic that must not suffer."""

    def __init__(self, served: Gateway, witness: PlainClient) -> None:
        self.served = served
        self.port = served.port
        self.witness = witness
        self.committed: dict[int, float] = {}
        """When each sequence was committed."""

    async def trade(self) -> None:
        """Commit all the time."""
        number = 0
        while True:
            number += 1
            self.committed[self.served.board.sequence + 1] = time.monotonic()
            self.served.commit(
                Update("market_data", "BTCUSDT", {"last_price": float(number)}),
                Update("orders", str(number % 7), {"status": "NEW", "price": number}),
            )
            await asyncio.sleep(_COMMIT_S)

    def slowest(self) -> float:
        """Seconds of the witness's latest message."""
        arrivals = self.witness.arrivals
        assert len(arrivals) > 3, "nothing arrived"
        # A commit arrives with the first diff that reaches it or goes beyond.
        reached = sorted(arrivals)
        delays: list[float] = []
        for sequence, at in self.committed.items():
            later = next((arrived for arrived in reached if arrived >= sequence), None)
            if later is not None:
                delays.append(arrivals[later] - at)
        return max(delays)

    def members(self) -> int:
        """Clients of /ws, the witness too."""
        return len(self.served.hub.broadcaster.members)

    def left(self) -> dict[str, int]:
        """What connections cost while they are there."""
        states = [port._server.server_state for port in self.served._ports]
        return {
            "members": self.members(),
            "connections": sum(len(state.connections) for state in states),
            "tasks": sum(len(state.tasks) for state in states),
            "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - a count, for which no paths are wanted
        }


@asynccontextmanager
async def siege(*, witness_shows: Mapping[str, str] | None = None, **options: Any) -> AsyncIterator[Siege]:
    """A gateway to attack; ``options`` as for ``gateway``. Leave the block with all attackers' sockets closed.

    ``witness_shows`` are headers of the witness's handshake.
    """
    with _no_error_is_logged():
        async with (
            gateway(**options) as served,
            served.connect(max_size=None, additional_headers=witness_shows) as socket,
        ):
            witness = PlainClient(socket)
            await witness.say(action="subscribe", subscriptions=["*"], interval_ms=20)
            stage = Siege(served, witness)
            tasks = [asyncio.create_task(stage.trade()), asyncio.create_task(witness.follow())]
            try:
                await until(lambda: len(witness.arrivals) > 3, "the witness follows")
                before = stage.left()
                yield stage
                await until(lambda: _no_more_than(before, stage.left()), "nothing is left of the attackers")
                tasks[0].cancel()
                await until(lambda: witness.cursor == tuple(served.board.cursor), "the witness has it all")
                assert witness.data == served.board.snapshot().data
                assert witness.gaps == 0
                assert stage.slowest() < STALL_S
            finally:
                for task in tasks:
                    task.cancel()
                ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert not [error for error in ended if isinstance(error, Exception)]
            assert witness.closed is None, "the witness lost its connection"


def _no_more_than(before: dict[str, int], now: dict[str, int]) -> bool:
    return all(now[name] <= count for name, count in before.items())


@contextmanager
def _no_error_is_logged() -> Iterator[None]:
    """What strangers do may be worth a warning, of which there is a bounded number; it is never an error."""
    records: list[logging.LogRecord] = []
    listener = _Listener(records)
    logging.getLogger().addHandler(listener)
    try:
        with capture_logs() as said:
            yield
            gc.collect()  # A task's exception that nobody took is told of when the task goes.
    finally:
        logging.getLogger().removeHandler(listener)
    errors = [record.getMessage() for record in records if record.levelno >= logging.ERROR or record.exc_info]
    errors += [str(entry) for entry in said if entry["log_level"] in ("error", "critical") or "exc_info" in entry]
    assert errors == []


class _Listener(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__()
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)
