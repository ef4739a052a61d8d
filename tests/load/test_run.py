"""Whole loads against real servers: an honest one holds, and whatever a faulty one does is found."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.server import serve
from websockets.http11 import Response

from bigboard.board import Update
from bigboard.errors import BigboardError, ConnectionFailed, WireError
from bigboard.gateway.limits import GatewayLimits
from bigboard.load import Bounds, LoadPlan, Moment, Report, find_target, run_load
from bigboard.load.headers import epoch_us
from bigboard.wire import Format
from bigboard.wire.messages import rfc3339
from load.faulty_server import faulty_server, nth_diff
from servers import Gateway, gateway, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request

pytestmark = pytest.mark.slow

_SYMBOLS = [f"S{number}USDT" for number in range(30)]


@asynccontextmanager
async def _moving(served: Gateway, every_s: float = 0.01) -> AsyncIterator[None]:
    """The board changes all the time."""

    async def move() -> None:
        number = 0
        while True:
            number += 1
            served.commit(
                Update("market_data", _SYMBOLS[number % 30], {"last_price": float(number)}),
                Update("orders", str(number % 50), {"price": float(number)}),
                Update("trades", "S1USDT", [{"trade_id": str(number), "price": 1.0, "size": 1.0, "side": "buy"}]),
            )
            await asyncio.sleep(every_s)

    served.commit(*(Update("market_data", symbol, {"last_price": 0.0}) for symbol in _SYMBOLS))
    task = asyncio.create_task(move())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _url(served: Gateway) -> str:
    return f"ws://127.0.0.1:{served.port}/ws"


async def _load(
    url: str,
    *,
    bounds: Bounds | None = None,
    stop: asyncio.Event | None = None,
    tell: Callable[[Moment], None] | None = None,
    **options: Any,
) -> Report:
    plan = LoadPlan(**{"clients": 10, "seconds": 0.5, "client_class": "tui", "sample": 4, **options})
    target = await find_target(url, plan.client_class, plan.format)
    return await run_load(plan, target, bounds or Bounds(), stop or asyncio.Event(), tell)


def _broken(report: Report) -> list[str]:
    return [bound.name for bound in report.bounds if not bound.holds]


# An honest server


@pytest.mark.parametrize("format_", Format)
async def test_a_clean_run_holds_and_its_figures_add_up(format_: Format) -> None:
    async with gateway() as served, _moving(served):
        report = await _load(_url(served), format=format_, bounds=Bounds(p99_ms=5_000))
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
    async with gateway() as served, _moving(served):
        report = await _load(_url(served), seconds=1.0, churn_per_s=30.0)
        assert report.holds, report
        assert 15 <= report.churn.dropped <= 30
        assert report.churn.resumed == report.churn.current_ms.count == report.churn.dropped
        assert report.churn.snapshots == 0
        assert report.connections.opened == 10 + report.churn.dropped
        assert report.disconnects == {}


async def test_each_client_has_its_own_watch_list_the_same_in_every_run() -> None:
    held: list[set[frozenset[str]]] = []
    async with gateway() as served, _moving(served):
        for _ in range(2):
            seen: set[frozenset[str]] = set()

            def look(moment: Moment, seen: set[frozenset[str]] = seen) -> None:
                if moment.phase == "measuring":
                    seen.update(
                        frozenset(map(str, member.session._holding.names)) for member in served.hub.broadcaster.members
                    )

            report = await _load(
                _url(served), watch_list=5, subscriptions=("market_data", "trades"), tell=look, seconds=0.3
            )
            assert report.holds
            held.append(seen)
    assert held[0] == held[1]
    assert len(held[0]) == 10
    for names in held[0]:
        assert len(names) == 10
        assert {name.partition(":")[0] for name in names} == {"market_data", "trades"}


async def test_slow_clients_are_closed_and_that_is_no_fault() -> None:
    async with gateway(stuck_s=0.2) as served, _moving(served):
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
        report = await _load(_url(served), clients=5, slow_percent=40.0, seconds=1.5, interval_ms=20)
        task.cancel()
        assert report.clients.slow == 2
        assert report.holds, report
        assert sum(report.clients.slow_ends.values()) == 2
        assert report.disconnects == {}
        assert served.hub.broadcaster.counters.too_slow == 2


async def test_slow_clients_that_are_still_there_find_everything_in_order_when_they_read() -> None:
    async with gateway() as served, _moving(served):
        report = await _load(_url(served), clients=5, slow_percent=40.0, seconds=1.0, interval_ms=20)
        assert report.holds, report
        assert report.clients.slow_ends == {}
        assert report.gaps == 0


async def test_it_ends_early_when_asked_and_reports() -> None:
    async with gateway() as served, _moving(served):
        stop = asyncio.Event()

        def look(moment: Moment) -> None:
            if moment.messages:
                stop.set()

        report = await _load(_url(served), seconds=600, stop=stop, tell=look)
        assert report.interrupted
        assert report.holds
        assert report.seconds < 10
        assert report.traffic.diffs > 0


async def test_it_tells_how_far_it_is() -> None:
    moments: list[Moment] = []
    async with gateway() as served, _moving(served):
        await _load(_url(served), tell=moments.append)
    phases = [moment.phase for moment in moments]
    assert list(dict.fromkeys(phases)) == ["connecting", "measuring", "checking"]
    assert all(0 <= moment.fraction <= 1 and 0 <= moment.clients <= 10 for moment in moments)


async def test_a_server_that_restarts_costs_disconnects_and_no_gap() -> None:
    async with gateway() as served, _moving(served):
        port = served.port
        load = asyncio.create_task(_load(_url(served), seconds=3.0, bounds=Bounds(disconnects=10)))
        await until(lambda: len(served.hub.broadcaster.members) == 10, "all are there")
        await until(lambda: served.hub.broadcaster.figures().frames > 50, "they are served")
    async with gateway(port=port, board=served.board) as again, _moving(again):
        report = await load
    assert report.holds, report
    assert sum(report.disconnects.values()) == 10
    assert all(reason.startswith("1012 ") for reason in report.disconnects)
    assert report.clients.connected == 10
    assert report.gaps == 0


# Clocks


def _shifted(message: dict[str, Any], types: tuple[str, ...], by_ms: int) -> dict[str, Any]:
    if message["type"] not in types:
        return message
    return message | {"timestamp": rfc3339(epoch_us(message["timestamp"]) // 1_000 + by_ms)}


async def test_delivery_is_counted_from_the_commit() -> None:
    def old(message: dict[str, Any]) -> Any:
        yield _shifted(message, ("diff_update",), -700)

    async with faulty_server(old) as url:
        report = await _load(url, format=Format.JSON)
    assert report.clocks.offset_ms == 0
    assert 700 <= (report.delivery_ms.p50 or 0) < 800
    assert report.clocks.early == 0


@pytest.mark.parametrize("by_ms", [3_600_000, -3_600_000])
async def test_a_server_whose_clock_is_another_is_measured_right(by_ms: int) -> None:
    def elsewhere(message: dict[str, Any]) -> Any:
        yield _shifted(message, ("diff_update", "state_update", "heartbeat", "pong"), by_ms)

    async with faulty_server(elsewhere) as url:
        report = await _load(url, format=Format.JSON)
    assert report.holds
    assert report.clocks.offset_ms == pytest.approx(by_ms, abs=report.clocks.uncertainty_ms + 1)
    assert report.clocks.uncertainty_ms < 100
    assert 0 <= (report.delivery_ms.p50 or -1) < 200


async def test_diffs_that_arrive_before_their_commit_are_counted_as_such() -> None:
    def early(message: dict[str, Any]) -> Any:
        yield _shifted(message, ("diff_update",), 60_000)

    async with faulty_server(early) as url:
        report = await _load(url, format=Format.JSON)
    assert report.clocks.early == report.delivery_ms.count > 0
    assert report.delivery_ms.max == 0


# Bounds


async def test_a_bound_that_does_not_hold_is_named() -> None:
    async with gateway() as served, _moving(served):
        report = await _load(_url(served), bounds=Bounds(p99_ms=0.0001))
        assert not report.holds
        assert _broken(report) == ["p99_ms"]


async def test_a_bound_on_delivery_does_not_hold_if_nothing_was_delivered() -> None:
    async with gateway() as served:
        served.price(1.0)
        report = await _load(_url(served), bounds=Bounds(p99_ms=1_000))
        assert _broken(report) == ["p99_ms"]
        assert report.delivery_ms.p99 is None


# A faulty server


async def test_a_diff_that_is_left_out_is_a_gap() -> None:
    async with faulty_server(nth_diff(40, lambda _: None)) as url:
        report = await _load(url, format=Format.JSON)
    assert _broken(report) == ["gaps"]
    assert report.gaps == 1
    assert "its next diff began at E1/" in report.faults[0]
    assert report.final_state.equal == 4, "a gap is mended"


async def test_gaps_within_their_bound_hold() -> None:
    async with faulty_server(nth_diff(40, lambda _: None)) as url:
        report = await _load(url, format=Format.JSON, bounds=Bounds(gaps=1))
    assert report.holds
    assert report.gaps == 1


async def test_a_sequence_that_is_skipped_is_a_gap() -> None:
    async with faulty_server(nth_diff(40, lambda message: message | {"since": message["since"] + 1})) as url:
        report = await _load(url, format=Format.JSON)
    assert "gaps" in _broken(report)


async def test_a_state_that_went_wrong_without_a_gap_is_found() -> None:
    def forget(message: dict[str, Any]) -> dict[str, Any]:
        # A server that leaves one change out of a diff: every cursor is right, and the state is not.
        return message | {"changes": {"market_data": {"BTCUSDT": {"volume_24h": 13.0}}}}

    async with faulty_server(nth_diff(1, forget)) as url:
        report = await _load(url, format=Format.JSON, clients=1, sample=1)
    assert _broken(report) == ["wrong states"]
    assert report.gaps == 0
    assert (report.final_state.clients, report.final_state.equal) == (1, 0)
    assert "/market_data/BTCUSDT/volume_24h: the client holds 13.0, the server 1.0" in report.final_state.differences


async def test_a_server_that_never_says_what_it_holds_is_found() -> None:
    def mute(message: dict[str, Any]) -> Any:
        if message.get("id") != "check":
            yield message

    async with faulty_server(mute) as url:
        report = await asyncio.wait_for(_load(url, format=Format.JSON, clients=1, sample=1, answer_s=0.2), 15)
    assert _broken(report) == ["wrong states"]
    assert (report.final_state.equal, report.final_state.unclear) == (0, 1)


async def test_nonsense_is_a_violation() -> None:
    def babble(message: dict[str, Any]) -> Any:
        yield message
        if message["type"] == "diff_update":
            yield {"type": "weather", "rain": True}

    async with faulty_server(babble) as url:
        report = await _load(url, format=Format.JSON)
    assert _broken(report) == ["violations"]
    assert report.violations > 10
    assert len(report.faults) == 10


# A server that refuses


@asynccontextmanager
async def _limited(most: int, status: int, body: str) -> AsyncIterator[str]:
    """Takes so many connections at a time, and refuses more; a minimal board."""
    taken = 0

    def admit(_: ServerConnection, __: Request) -> Response | None:
        nonlocal taken
        taken += 1
        # The first is the one that looks around; it leaves again.
        return None if taken <= most + 1 else _response(status, body)

    async with faulty_server(process_request=admit) as url:
        yield url


def _response(status: int, body: str) -> Response:
    from websockets.datastructures import Headers

    return Response(status, "No", Headers({"Content-Length": str(len(body))}), body.encode())


async def test_a_limit_of_connections_is_told_in_the_servers_words_with_the_count() -> None:
    async with _limited(6, 429, "at most 6 connections per address\n") as url:
        report = await _load(url, format=Format.JSON)
    assert _broken(report) == ["clients"]
    assert (report.clients.connected, report.connections.opened) == (6, 6)
    assert report.connections.refusals == {"429 at most 6 connections per address": 4}


async def test_a_limit_that_is_told_by_a_close_is_a_refusal_too() -> None:
    subscribed = 0

    def full(message: dict[str, Any]) -> Any:
        # The one that looks around has its answer; whoever comes next is one too many.
        nonlocal subscribed
        subscribed += message["type"] == "subscribed"
        yield message if subscribed <= 1 else {"close": [4429, "too many connections"]}

    async with faulty_server(full) as url:
        report = await _load(url, format=Format.JSON)
    assert _broken(report) == ["clients", "wrong states"]
    assert report.connections.refusals == {"4429 too many connections": 10}
    assert report.disconnects == {}


async def test_the_gateways_own_limit_is_told_in_its_words() -> None:
    async with gateway(bounds=GatewayLimits(connections_per_address=6)) as served, _moving(served):
        report = await _load(_url(served))
    assert _broken(report) == ["clients"]
    assert report.clients.connected == 6
    assert sum(report.connections.refusals.values()) == 4
    assert all("too many connections from your address: at most 6" in words for words in report.connections.refusals)


async def test_a_client_that_is_closed_for_good_does_not_come_back() -> None:
    async with faulty_server(nth_diff(5, lambda _: {"close": [4429, "too many messages"]})) as url:
        report = await _load(url, format=Format.JSON, clients=1)
    assert report.disconnects == {"4429 too many messages": 1}
    assert not report.holds
    assert report.clients.connected == 0


# Mistakes


async def test_no_server_no_board_and_a_wrong_subscription_are_one_error() -> None:
    with pytest.raises(ConnectionFailed, match="no server answers"):
        await _load("ws://127.0.0.1:1/ws")
    async with gateway() as served:
        with pytest.raises(ConnectionFailed, match="refused: 40"):
            await _load(f"ws://127.0.0.1:{served.port}/nowhere")
        with pytest.raises(WireError, match="no topic 'weather'"):
            await _load(_url(served), subscriptions=("weather",))
        with pytest.raises(BigboardError, match="0 symbols, too few for watch lists of 3"):
            await _load(_url(served), watch_list=3)


async def test_a_server_of_another_kind_is_one_error() -> None:
    async def echo(websocket: ServerConnection) -> None:
        async for payload in websocket:
            await websocket.send(payload)

    async with serve(echo, "127.0.0.1", 0) as other:
        url = f"ws://127.0.0.1:{next(iter(other.sockets)).getsockname()[1]}/"
        with pytest.raises(ConnectionFailed, match=r"does not speak bigboard\.v1\.msgpack"):
            await _load(url)

    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as mute:
        url = f"ws://127.0.0.1:{mute.sockets[0].getsockname()[1]}/"
        with pytest.raises(ConnectionFailed):
            await _load(url)
