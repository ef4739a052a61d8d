"""The pacemaker on a real event loop: what it waits for is a tick, never a fixed time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bigboard.board import Update
from bigboard.broadcaster import Broadcaster, Pacemaker
from bigboard.clock import SystemClock
from bigboard.wire import Format
from broadcaster.stage import FakeMember, Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bigboard.wire import Frames, Instant

INTERVAL_S = 0.02
ENOUGH_S = 10.0
"""A bound for what must happen within some milliseconds; only a failure takes as long."""


class WatchedBroadcaster(Broadcaster):
    """A broadcaster that says when it is called."""

    def __init__(self, frames: Frames, heartbeat_s: float) -> None:
        super().__init__(frames, heartbeat_s=heartbeat_s)
        self.calls: list[bool] = []
        self.called = asyncio.Event()

    def tick(self, now: Instant, *, committed: bool) -> float | None:
        self.calls.append(committed)
        self.called.set()
        return super().tick(now, committed=committed)

    async def next(self) -> bool:
        """Wait for the next call."""
        self.called.clear()
        async with asyncio.timeout(ENOUGH_S):
            await self.called.wait()
        return self.calls[-1]


class Scene:
    """A broadcaster with one client on a real clock."""

    def __init__(self, heartbeat_s: float = 60.0) -> None:
        self.stage = Stage()
        self.broadcaster = WatchedBroadcaster(self.stage.frames, heartbeat_s)
        self.stage.broadcaster = self.broadcaster
        self.pacemaker = Pacemaker(self.broadcaster, SystemClock())
        self.client = FakeMember(self.stage, ("orders",), Format.JSON)
        self.client.session.interval_ms = round(INTERVAL_S * 1000)
        self.broadcaster.add(self.client, self.pacemaker.now())
        self.client.session.receive('{"action":"subscribe","subscriptions":["orders"]}', self.pacemaker.now())
        self.broadcaster.answer(self.client, self.pacemaker.now())

    def commit(self, price: float) -> None:
        """A commit of the board, which the pacemaker hears of."""
        self.stage.board.apply(Update("orders", "1", {"price": price}))
        self.stage.board.commit(self.pacemaker.now().wall_ms)
        self.pacemaker.committed()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    scene = Scene()
    scene.pacemaker.wake()
    # The subscribe was answered in full, so that an interval has to pass.
    while not scene.broadcaster.awaits_commit:
        await scene.broadcaster.next()
    scene.broadcaster.calls.clear()
    yield scene
    scene.pacemaker.stop()


async def test_commits_of_one_turn_of_the_loop_make_one_tick(scene: Scene) -> None:
    for price in range(10):
        scene.commit(price)
    assert scene.broadcaster.calls == []
    assert await scene.broadcaster.next() is True
    assert len(scene.broadcaster.calls) == 1


async def test_what_the_interval_holds_back_goes_out_without_another_commit(scene: Scene) -> None:
    scene.commit(1)
    scene.commit(2)
    while not scene.stage.exact(scene.client):
        await scene.broadcaster.next()
    began = scene.pacemaker.now().monotonic
    scene.commit(3)
    while not scene.stage.exact(scene.client):
        await scene.broadcaster.next()
    scene.commit(4)
    while not scene.stage.exact(scene.client):
        await scene.broadcaster.next()
    assert scene.pacemaker.now().monotonic - began >= INTERVAL_S
    assert scene.client.client.gaps == 0


async def test_a_commit_within_everybodys_interval_makes_no_tick(scene: Scene) -> None:
    scene.commit(1)
    while not scene.stage.exact(scene.client):
        await scene.broadcaster.next()
    calls = len(scene.broadcaster.calls)
    scene.commit(2)
    scene.commit(3)
    assert await scene.broadcaster.next() is False
    assert len(scene.broadcaster.calls) == calls + 1
    assert scene.stage.exact(scene.client)


async def test_heartbeats_come_by_themselves() -> None:
    scene = Scene(heartbeat_s=0.02)
    scene.pacemaker.wake()
    while scene.client.kinds().count("heartbeat") < 3:
        await scene.broadcaster.next()
    scene.pacemaker.stop()
    assert scene.broadcaster.counters.heartbeats == 3


async def test_a_quiet_board_is_left_alone(scene: Scene) -> None:
    # The interval after the subscribe is over; the next thing to do is a heartbeat in a minute.
    handles = [handle for handle in (scene.pacemaker._timer,) if handle is not None]
    assert len(handles) == 1
    assert handles[0].when() - asyncio.get_running_loop().time() > 50


async def test_after_stop_nothing_ticks(scene: Scene) -> None:
    scene.pacemaker.wake()
    await scene.broadcaster.next()
    calls = len(scene.broadcaster.calls)
    scene.pacemaker.wake()
    scene.pacemaker.stop()
    scene.commit(1)
    passed = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(3 * INTERVAL_S, passed.set_result, None)
    await passed
    assert len(scene.broadcaster.calls) == calls


async def test_a_tick_that_takes_long_does_not_put_off_the_next() -> None:
    class Laggard(SystemClock):
        behind_s = 0.0

        def monotonic_s(self) -> float:
            return super().monotonic_s() + self.behind_s

    class Slow(WatchedBroadcaster):
        def tick(self, now: Instant, *, committed: bool) -> float | None:
            clock.behind_s += 20.0  # as if it had sent for so long
            return super().tick(now, committed=committed)

    clock, stage = Laggard(), Stage()
    stage.broadcaster = broadcaster = Slow(stage.frames, heartbeat_s=60.0)
    pacemaker = Pacemaker(broadcaster, clock)
    broadcaster.add(FakeMember(stage, ("orders",), Format.JSON), pacemaker.now())
    pacemaker.wake()
    await broadcaster.next()
    (timer,) = (handle for handle in (pacemaker._timer,) if handle is not None)
    left_s = timer.when() - asyncio.get_running_loop().time()
    pacemaker.stop()
    assert 30 < left_s < 41  # to the heartbeat, a minute after the tick had begun
