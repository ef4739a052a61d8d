"""The crowd of clients counts what a server sends, however it is cut, and says what is wrong."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from crowd import Wants

from benchmarks.scripted import Peer, Scripted, diff, frame, heartbeat, scripted, subscribed
from servers import until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from crowd import Window

_CLIENTS = 5


def _welcome(peer: Peer, sequence: int = 0) -> None:
    peer.say(subscribed(sequence))
    peer.say({"type": "state_update", "epoch": "E", "sequence": sequence, "data": {}})


async def _window(scene: Scripted, act: Callable[[], Coroutine[Any, Any, None]], seconds: float = 0.6) -> Window:
    """What the crowd counts while the server does something."""
    await asyncio.to_thread(scene.crowd.begin, seconds)
    await act()
    return await asyncio.to_thread(scene.crowd.result, seconds)


async def test_counts_frames_whatever_the_pieces() -> None:
    # 2-, 4- and 10-byte headers, heartbeats between, in pieces that cut headers and numbers.
    messages = [diff(0, 1), diff(1, 2, padding=300), heartbeat(2), diff(2, 7, padding=70_000), diff(7, 8)]
    data = b"".join(map(frame, messages))
    async with scripted(Wants(), _CLIENTS, _welcome) as scene:

        async def send() -> None:
            await asyncio.gather(*(p.say_in_pieces(data, 4_099) for p in scene.peers[1:]))
            await scene.peers[0].say_in_pieces(data[:800], 1)
            await scene.peers[0].say_in_pieces(data[800:], 3_001)

        window = await _window(scene, send, 2.0)
    assert (window.diffs, window.heartbeats, window.states) == (4 * _CLIENTS, _CLIENTS, 0)
    assert window.bytes == len(data) * _CLIENTS
    assert (window.gaps, window.garbage, window.closes, window.silent) == (0, 0, 0, 0)
    assert window.clients == _CLIENTS


async def test_tells_gaps_garbage_and_silent_clients() -> None:
    async with scripted(Wants(), _CLIENTS, _welcome) as scene:

        async def send() -> None:
            scene.peers[0].say(diff(0, 1))
            scene.peers[0].say(diff(2, 3))
            scene.peers[1].say({"type": "nothing known"})

        window = await _window(scene, send)
    assert (window.diffs, window.gaps, window.garbage, window.silent) == (2, 1, 1, _CLIENTS - 1)
    assert window.faults == "1 gaps, 1 garbage"


async def test_tells_clients_that_the_server_closed() -> None:
    async with scripted(Wants(), _CLIENTS, _welcome) as scene:

        async def send() -> None:
            scene.peers[0].writer.close()
            scene.peers[1].writer.transport.abort()

        window = await _window(scene, send)
    assert (window.closes, window.clients) == (2, _CLIENTS - 2)


async def test_answers_pings() -> None:
    async with scripted(Wants(), _CLIENTS, _welcome) as scene:
        for peer in scene.peers:
            peer.writer.write(b"\x89\x03abc")
        await until(lambda: all(peer.pongs == 1 for peer in scene.peers))


async def test_measures_from_the_beat_that_made_a_message() -> None:
    held_s = 0.2
    async with scripted(Wants(interval_ms=50), 1, partial(_welcome, sequence=10), sequence=10) as scene:
        scene.crowd.lockstep(2)
        await until(lambda: scene.beats() == 2)

        async def send() -> None:
            await asyncio.sleep(held_s)
            scene.peers[0].say(diff(10, 12))

        window = await _window(scene, send)
    assert window.age.p50 >= 1000 * held_s
    # No commit came before, so no interval kept the first of the two back.
    assert window.beyond.p50 >= 1000 * held_s


async def test_lockstep_waits_for_the_slowest() -> None:
    async with scripted(Wants(), 2, _welcome) as scene:
        scene.crowd.lockstep(1)
        await until(lambda: scene.beats() == 1)
        scene.peers[0].say(diff(0, 1))
        window = await asyncio.to_thread(scene.crowd.window, 0.1)
        assert window.beats == scene.beats() == 0
        scene.peers[1].say(diff(0, 1))
        await until(lambda: scene.beats() == 1)


async def test_paces_and_leaves_out_what_nobody_takes() -> None:
    async with scripted(Wants(), 1, _welcome) as scene:
        scene.crowd.pace(2_000)
        window = await asyncio.to_thread(scene.crowd.window, 0.5)
        assert window.left_out > 0
        assert scene.beats() == 64


async def test_a_storm_resumes_each_client_from_its_own_cursor() -> None:
    def answer(peer: Peer) -> None:
        resume = peer.asked[-1].get("resume")
        if resume is None:
            _welcome(peer)
            return
        peer.say(subscribed(100, resumed=True))
        peer.say(diff(resume["sequence"], 100))

    async with scripted(Wants(interval_ms=100), _CLIENTS, answer) as scene:

        async def send() -> None:
            for number, peer in enumerate(scene.peers):
                peer.say(diff(0, 10 + number))

        await _window(scene, send, 0.2)
        storm = await asyncio.to_thread(scene.crowd.storm, 10.0)
        window = await asyncio.to_thread(scene.crowd.window, 0.1)
        returned = scene.peers[_CLIENTS:]
    assert (storm.returned, storm.resumed, storm.not_resumed, storm.snapshots) == (_CLIENTS, _CLIENTS, 0, 0)
    assert sorted(p.asked[0]["resume"]["sequence"] for p in returned) == [10 + n for n in range(_CLIENTS)]
    assert {p.asked[0]["resume"]["epoch"] for p in returned} == {"E"}
    assert (window.gaps, window.clients) == (0, _CLIENTS)


async def test_a_storm_tells_who_was_not_resumed() -> None:
    def answer(peer: Peer) -> None:
        _welcome(peer)
        if "resume" in peer.asked[-1]:
            peer.say(diff(0, 1))

    async with scripted(Wants(), _CLIENTS, answer) as scene:
        storm = await asyncio.to_thread(scene.crowd.storm, 10.0)
    assert (storm.returned, storm.resumed, storm.not_resumed, storm.snapshots) == (_CLIENTS, 0, _CLIENTS, _CLIENTS)


async def test_a_mute_never_reads_and_is_replaced() -> None:
    async with scripted(Wants(mute_share=0.5, mute_life_s=3.0), 2, _welcome) as scene:
        # It asked all the same, and whatever is sent to it stays where it is.
        (mute,) = [peer for peer in scene.peers if not await _reads(peer)]
        assert mute.asked[0]["action"] == "subscribe"
        await until(lambda: len(scene.peers) == 3, "another one took its place")
        window = await asyncio.to_thread(scene.crowd.window, 0.1)
    assert (window.closes, window.clients) == (0, 1)


async def _reads(peer: Peer) -> bool:
    """Whether megabytes leave for a client."""
    for _ in range(20):
        peer.say(diff(0, 1, padding=1_000_000))
    try:
        async with asyncio.timeout(1.0):
            await peer.writer.drain()
    except TimeoutError:
        return False
    return True


async def test_each_client_has_a_watch_list_of_its_own() -> None:
    async def lists(seed: int) -> list[tuple[str, ...]]:
        async with scripted(Wants(watched=20, symbols=500, seed=seed), _CLIENTS, _welcome) as scene:
            return sorted(tuple(peer.asked[0]["subscriptions"]) for peer in scene.peers)

    first = await lists(1)
    assert len(set(first)) == _CLIENTS
    assert all(len(set(names)) == 20 for names in first)
    assert {name.partition(":")[0] for names in first for name in names} == {"market_data"}
    assert await lists(1) == first
    assert await lists(2) != first
