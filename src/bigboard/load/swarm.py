"""All clients of a load: they come at a rate, some drop and come back, some never read, and all are kept an eye on."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import ssl
from typing import TYPE_CHECKING

from websockets.exceptions import InvalidHandshake, InvalidStatus

from bigboard.errors import ConnectionFailed
from bigboard.load.load_client import LoadClient
from bigboard.wire import Retry, retry_policy

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from bigboard.load.connection import End
    from bigboard.load.running import RunningLoad

__all__ = ["Swarm", "refusal_of"]

_AT_ONCE = 64
"""Handshakes under way: more only wait in the server's queue, and their times would be those of the queue."""
_OPEN_S = 10.0
_CURRENT_S = 30.0
"""How long clients get to become current, beyond their handshakes: thousands of snapshots may be many megabytes."""
_TRIES = 3
_SILENCE_US = 15_000_000
"""A server that has nothing to say sends a heartbeat every 5 s, so after so long it is gone."""
_LEAVE_S = 2.0
_LOOK_S = 0.05
_LONGEST_WAIT_S = 5.0


class Swarm:
    """The clients and their lives."""

    def __init__(self, load: RunningLoad, subscriptions: Sequence[Sequence[str]]) -> None:
        plan = load.plan
        readers = plan.clients - plan.slow
        sampled = min(plan.sample, readers)
        self.clients = [
            LoadClient(load, self, f"client {number}", names, slow=number > readers, sampled=number <= sampled)
            for number, names in enumerate(subscriptions, 1)
        ]
        self.readers = self.clients[:readers]
        self.sample = self.readers[:sampled]
        self.tally = load.tally
        self._plan = plan
        self._target = load.target
        self._clock = load.clock
        self._stop = load.stop
        self._handshakes = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing = False

    def connected(self) -> int:
        """How many have a connection."""
        return sum(client.connection is not None for client in self.clients)

    # The phases of a load

    async def ramp(self) -> None:
        """Connect all, at the plan's rate, and wait until they are current."""
        begun = self._now_s()
        for number, client in enumerate(self.clients):
            await self._rest(begun + number / self._plan.ramp_per_s)
            if self._stop.is_set():
                break
            self._begin(self._first_connection(client))
        await self._until(
            lambda: not self._tasks or self._stop.is_set(), _OPEN_S + len(self.clients) * _OPEN_S / _AT_ONCE
        )

    async def settle(self) -> None:
        """Wait until everyone who is still there is current."""
        await self._until(self._all_current, _CURRENT_S)

    async def churn(self) -> None:
        """Drop clients in turn, at the plan's rate, and let each come back by cursor; until cancelled."""
        if not self._plan.churn_per_s:
            return
        begun = self._now_s()
        turn = itertools.cycle(self.readers)
        for number in itertools.count(1):
            await self._rest(begun + number / self._plan.churn_per_s)
            client = next((client for client in itertools.islice(turn, len(self.readers)) if client.is_live), None)
            if client is not None:
                client.drop()
                self._begin(self._return(client))

    async def watch(self) -> None:
        """See every second who has fallen silent, and how the clocks stand; until cancelled."""
        while True:
            await asyncio.sleep(1.0)
            now_us = self._clock.ours_us()
            for client in self.readers:
                if client.connection is not None and now_us - client.heard_us > _SILENCE_US:
                    client.lose("silent for 15 s")
            current = next((client for client in self.readers if client.is_live), None)
            if current is not None:
                current.ping()

    async def compare(self) -> list[list[str] | None]:
        """Where each sampled client's state differs from the server's; ``None`` for one that could not be compared."""
        return await asyncio.gather(*(self._compare(client) for client in self.sample))

    async def read_slow(self) -> None:
        """Let those that never read do so now: what waits for them has to be in order too."""
        slow = [client for client in self.clients if client.slow and client.connection is not None]
        for client in slow:
            client.read_on()
            # Whatever waits comes before the answer; instead of it comes the close, if the server has let go.
            client.ping()
        await self._until(lambda: not any(client.owes_answer for client in slow), self._plan.answer_s)

    async def leave(self) -> None:
        """Close all connections in order, or by force."""
        self._closing = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for client in self.clients:
            client.leave()
        await self._until(lambda: not self.connected(), _LEAVE_S)
        for client in self.clients:
            client.abort()

    # What clients tell

    def lost(self, client: LoadClient, end: End) -> None:
        """See ``Crowd``."""
        tally, told = self.tally, f"{end.code} {end.reason}"
        if retry_policy(end.code) is not Retry.RESUME and not client.follower.epoch:
            # Closed before its first state: to the server this is a refusal, which a browser could read in no other way.
            tally.count(tally.refusals, told)
        else:
            tally.count(tally.slow_ends if client.slow else tally.disconnects, told)
        if client.slow or self._closing or retry_policy(end.code) is not Retry.RESUME:
            client.abandoned = True
        else:
            self._begin(self._return(client))

    # Parts

    def _all_current(self) -> bool:
        return self._stop.is_set() or all(client.is_live or client.abandoned for client in self.readers)

    async def _first_connection(self, client: LoadClient) -> None:
        client.abandoned = not await self._connect(client)

    async def _return(self, client: LoadClient) -> None:
        for failures in itertools.count():
            if failures:
                # Full jitter: all clients of a restarted server must not come back in the same instant.
                longest = min(_LONGEST_WAIT_S, 0.1 * 2 ** min(failures, 10))
                await asyncio.sleep(random.uniform(0, longest))  # noqa: S311 - no secret
            if client.abandoned or await self._connect(client):
                return

    async def _connect(self, client: LoadClient) -> bool:
        tally = self.tally
        async with self._handshakes:
            begun_us = self._clock.ours_us()
            try:
                async with asyncio.timeout(_OPEN_S):
                    connection = await self._target.open(client, slow=client.slow)
            except (OSError, TimeoutError, InvalidHandshake, ConnectionFailed) as error:
                tally.count(tally.refusals, refusal_of(error))
                # 4xx: the server has decided. It says 503 while it stops, and a proxy 502 or 504 without it: that passes.
                client.abandoned = isinstance(error, InvalidStatus) and error.response.status_code < 500
                return False
            tally.handshakes.record(self._clock.ours_us() - begun_us)
            tally.opened += 1
            client.joined(connection)
            return True

    async def _compare(self, client: LoadClient) -> list[str] | None:
        for _ in range(_TRIES):
            found = await client.compare(self._plan.answer_s)
            if found is not None or client.abandoned:
                return found
            await self._until(lambda: client.is_live or client.abandoned, self._plan.answer_s)
        return None

    def _begin(self, life: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(life)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _until(self, holds: Callable[[], bool], timeout_s: float) -> None:
        deadline = self._now_s() + timeout_s
        # Thousands of clients change their state one by one; to look now and then is cheaper than to be told by each.
        while not holds() and self._now_s() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_S)

    async def _rest(self, until_s: float) -> None:
        await asyncio.sleep(max(0.0, until_s - self._now_s()))

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()


def refusal_of(error: Exception) -> str:
    """Why a connection did not come to be, in the server's own words if it said any."""
    if isinstance(error, InvalidStatus):
        body = bytes(error.response.body or b"").decode(errors="replace").strip()
        return f"{error.response.status_code} {body[:300]}".strip()
    if isinstance(error, TimeoutError):
        return f"no answer within {_OPEN_S:g} s"
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno:
        return os.strerror(error.errno)
    return str(error) or type(error).__name__
