"""Whole loads against a real gateway: they hold, their figures add up, and a mistake is one error."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from websockets.asyncio.server import serve

from bigboard.board import Update
from bigboard.errors import BigboardError, ConnectionFailed, WireError
from bigboard.load import Bounds, Moment
from bigboard.wire import Format
from load.moving_board import load, moving, url_of
from servers import gateway, until

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("format_", Format)
async def test_a_clean_run_holds_and_its_figures_add_up(format_: Format) -> None:
    async with gateway() as served, moving(served):
        report = await load(url_of(served), format=format_, bounds=Bounds(p99_ms=5_000))
        assert report.holds
        assert not report.interrupted
        assert (report.clients.asked, report.clients.connected, report.connections.opened) == (10, 10, 10)
        assert report.connections.handshake_ms.count == 10
        traffic = report.traffic
        assert traffic.messages == traffic.diffs + traffic.states + traffic.heartbeats
        assert traffic.diffs == report.delivery_ms.count > 10
        assert traffic.bytes > traffic.messages * 100
        assert traffic.messages_per_second == pytest.approx(traffic.messages / report.seconds, rel=0.01)
        assert report.seconds == pytest.approx(0.5, abs=0.4)
        assert report.interval_ms == 100
        delays = report.delivery_ms
        assert None not in (delays.p50, delays.p99, delays.p999, delays.max)
        assert 0 <= (delays.p50 or 0) <= (delays.p99 or 0) <= (delays.p999 or 0) <= (delays.max or 0) < 5_000
        assert (report.final_state.clients, report.final_state.equal, report.final_state.differences) == (4, 4, [])
        assert report.clocks.offset_ms == 0
        assert report.clocks.uncertainty_ms < 100
        await until(lambda: not served.hub.broadcaster.members, "everybody has left")


async def test_clients_that_drop_come_back_by_cursor() -> None:
    async with gateway() as served, moving(served):
        report = await load(url_of(served), seconds=1.0, churn_per_s=30.0)
        assert report.holds, report
        assert 15 <= report.churn.dropped <= 30
        assert report.churn.resumed == report.churn.current_ms.count == report.churn.dropped
        assert report.churn.snapshots == 0
        assert report.connections.opened == 10 + report.churn.dropped
        assert report.disconnects == {}


async def test_each_client_has_its_own_watch_list_the_same_in_every_run() -> None:
    held: list[set[frozenset[str]]] = []
    async with gateway() as served, moving(served):
        for _ in range(2):
            seen: set[frozenset[str]] = set()

            def look(moment: Moment, seen: set[frozenset[str]] = seen) -> None:
                if moment.phase == "measuring":
                    seen.update(
                        frozenset(map(str, member.session._holding.names)) for member in served.hub.broadcaster.members
                    )

            report = await load(
                url_of(served), watch_list=5, subscriptions=("market_data", "trades"), tell=look, seconds=0.3
            )
            assert report.holds
            held.append(seen)
    assert held[0] == held[1]
    assert len(held[0]) == 10
    for names in held[0]:
        assert len(names) == 10
        assert {name.partition(":")[0] for name in names} == {"market_data", "trades"}


async def test_slow_clients_are_closed_and_that_is_no_fault() -> None:
    async with gateway(stuck_s=0.2) as served, moving(served):
        text = "." * 4_000
        served.commit(*(Update("strategies", f"s{key}", {"message": text}) for key in range(100)))

        async def swell() -> None:
            number = 0
            while True:
                number += 1
                served.commit(
                    *(Update("strategies", f"s{key}", {"message": f"{number:04}{text[4:]}"}) for key in range(100))
                )
                await asyncio.sleep(0.05)

        task = asyncio.create_task(swell())
        report = await load(url_of(served), clients=5, slow_percent=40.0, seconds=1.5, interval_ms=20)
        task.cancel()
        assert report.clients.slow == 2
        assert report.holds, report
        assert sum(report.clients.slow_ends.values()) == 2
        assert report.disconnects == {}
        assert served.hub.broadcaster.counters.too_slow == 2


async def test_slow_clients_that_are_still_there_find_everything_in_order_when_they_read() -> None:
    async with gateway() as served, moving(served):
        report = await load(url_of(served), clients=5, slow_percent=40.0, seconds=1.0, interval_ms=20)
        assert report.holds, report
        assert report.clients.slow_ends == {}
        assert report.gaps == 0


async def test_it_ends_early_when_asked_and_reports() -> None:
    async with gateway() as served, moving(served):
        stop = asyncio.Event()

        def look(moment: Moment) -> None:
            if moment.messages:
                stop.set()

        report = await load(url_of(served), seconds=600, stop=stop, tell=look)
        assert report.interrupted
        assert report.holds
        assert report.seconds < 10
        assert report.traffic.diffs > 0


async def test_it_tells_how_far_it_is() -> None:
    moments: list[Moment] = []
    async with gateway() as served, moving(served):
        await load(url_of(served), tell=moments.append)
    phases = [moment.phase for moment in moments]
    assert list(dict.fromkeys(phases)) == ["connecting", "measuring", "checking"]
    assert all(0 <= moment.fraction <= 1 and 0 <= moment.clients <= 10 for moment in moments)


async def test_a_server_that_restarts_costs_disconnects_and_no_gap() -> None:
    async with gateway() as served, moving(served):
        port = served.port
        under_way = asyncio.create_task(load(url_of(served), seconds=3.0, bounds=Bounds(disconnects=10)))
        await until(lambda: len(served.hub.broadcaster.members) == 10, "all are there")
        await until(lambda: served.hub.broadcaster.figures().frames > 50, "they are served")
    async with gateway(port=port, board=served.board) as again, moving(again):
        report = await under_way
    assert report.holds, report
    assert sum(report.disconnects.values()) == 10
    assert all(reason.startswith("1012 ") for reason in report.disconnects)
    assert report.clients.connected == 10
    assert report.gaps == 0


async def test_no_server_no_board_and_a_wrong_subscription_are_one_error() -> None:
    with pytest.raises(ConnectionFailed, match="no server answers"):
        await load("ws://127.0.0.1:1/ws")
    async with gateway() as served:
        with pytest.raises(ConnectionFailed, match="refused: 40"):
            await load(f"ws://127.0.0.1:{served.port}/nowhere")
        with pytest.raises(WireError, match="no topic 'weather'"):
            await load(url_of(served), subscriptions=("weather",))
        with pytest.raises(BigboardError, match="0 symbols, too few for watch lists of 3"):
            await load(url_of(served), watch_list=3)


async def test_a_server_of_another_kind_is_one_error() -> None:
    async def echo(websocket: ServerConnection) -> None:
        async for payload in websocket:
            await websocket.send(payload)

    async with serve(echo, "127.0.0.1", 0) as other:
        url = f"ws://127.0.0.1:{next(iter(other.sockets)).getsockname()[1]}/"
        with pytest.raises(ConnectionFailed, match=r"does not speak bigboard\.v1\.msgpack"):
            await load(url)

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as mute:
        url = f"ws://127.0.0.1:{mute.sockets[0].getsockname()[1]}/"
        with pytest.raises(ConnectionFailed):
            await load(url)
