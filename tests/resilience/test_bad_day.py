"""A bad day: whatever can die, dies, at random, again and again, under clients that check every sequence."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from redis_servers import RedisServer, redis_server
from resilience.fleet import Fleet, fleet
from resilience.lengths import SOAK, length_s
from resilience.load import Publisher
from witness import Witness, witnessing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MOST_MIB = 250
_LASTS_S = length_s(20, float(os.environ.get("SOAK_SECONDS", "300")))


class _Fate:
    """Does one harm after the other, and mends it. The same number gives the same day."""

    def __init__(self, server: RedisServer, all_of_them: Fleet, number: int) -> None:
        self.harms: dict[str, int] = {}
        self._server = server
        self._fleet = all_of_them
        self._rng = Random(number)

    async def run(self, seconds: float) -> None:
        """Harm for so long; at the end everything runs."""
        end_s = time.monotonic() + seconds
        while time.monotonic() < end_s:
            name = self._rng.choice(self._fleet.names)
            harm = self._rng.choices(
                (self._kill, self._end, self._hang, self._kill_redis, self._hang_redis), (5, 3, 3, 1, 2)
            )[0]
            self.harms[harm.__name__.strip("_")] = self.harms.get(harm.__name__.strip("_"), 0) + 1
            await harm(name)
            await asyncio.sleep(self._rng.uniform(0.5, 3))

    async def _kill(self, name: str) -> None:
        await self._fleet.stop(name)
        await asyncio.sleep(self._rng.uniform(0, 2))
        await self._fleet.start(name)

    async def _end(self, name: str) -> None:
        await self._fleet.stop(name, signal.SIGTERM)
        await self._fleet.start(name)

    async def _hang(self, name: str) -> None:
        self._fleet.send(name, signal.SIGSTOP)
        await asyncio.sleep(self._rng.uniform(0.2, 3))
        self._fleet.send(name, signal.SIGCONT)

    async def _kill_redis(self, _name: str) -> None:
        await self._server.stop()
        await asyncio.sleep(self._rng.uniform(0, 2))
        await self._server.start()

    async def _hang_redis(self, _name: str) -> None:
        self._server.send(signal.SIGSTOP)
        await asyncio.sleep(self._rng.uniform(0.2, 3))
        self._server.send(signal.SIGCONT)


@pytest.mark.timeout(_LASTS_S + 120)
async def test_a_bad_day(tmp_path: Path, measured: Callable[[str, str], None]) -> None:
    number = time.time_ns() if SOAK else 20
    # Written to its file once a second: what came since is lost with it, and a new epoch tells so.
    async with redis_server("--appendonly", "yes") as server, fleet(server, tmp_path) as all_of_them:
        publisher = Publisher(server, rate=1_000)
        witnesses = [Witness(all_of_them.urls[at % 2], interval_ms=100, first_attempts=50) for at in range(8)]
        for at, witness in enumerate(witnesses):
            witness.elsewhere = all_of_them.urls[(at + 1) % 2]
        fate = _Fate(server, all_of_them, number)
        async with witnessing(*witnesses):
            async with witnessing(publisher):
                await fate.run(_LASTS_S)
                await all_of_them.ready()
            await publisher.say_all()
            for witness in witnesses:
                await witness.agrees(publisher.truth)
        told = f"day {number}: {fate.harms}"
        assert not all_of_them.ended(), told
        assert not any(witness.client.session.gaps for witness in witnesses), told
        memory = all_of_them.resident_mib()
        assert max(memory.values()) < _MOST_MIB, told
        measured("harms", ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(fate.harms.items())))
        measured("resumed", str(sum(witness.resumes for witness in witnesses)))
        measured("epochs", str(max(len(witness.epochs) for witness in witnesses)))
        measured("states beyond one an epoch", str(sum(w.states - len(w.epochs) for w in witnesses)))
        measured("most memory of a role", f"{max(memory.values()):.0f} MiB")
