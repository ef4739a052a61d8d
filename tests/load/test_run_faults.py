"""Whatever a faulty server does is found, and a bound that does not hold is named."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bigboard.load import Bounds
from bigboard.wire import Format
from load.faulty_server import faulty_server, nth_diff
from load.moving_board import broken, load, moving, url_of
from servers import gateway

pytestmark = pytest.mark.slow


async def test_a_bound_that_does_not_hold_is_named() -> None:
    async with gateway() as served, moving(served):
        report = await load(url_of(served), bounds=Bounds(p99_ms=0.0001))
        assert not report.holds
        assert broken(report) == ["p99_ms"]


async def test_a_bound_on_delivery_does_not_hold_if_nothing_was_delivered() -> None:
    async with gateway() as served:
        served.price(1.0)
        report = await load(url_of(served), bounds=Bounds(p99_ms=1_000))
        assert broken(report) == ["p99_ms"]
        assert report.delivery_ms.p99 is None


async def test_a_diff_that_is_left_out_is_a_gap() -> None:
    async with faulty_server(nth_diff(40, lambda _: None)) as url:
        report = await load(url, format=Format.JSON)
    assert broken(report) == ["gaps"]
    assert report.gaps == 1
    assert "its next diff began at E1/" in report.faults[0]
    assert report.final_state.equal == 4, "a gap is mended"


async def test_gaps_within_their_bound_hold() -> None:
    async with faulty_server(nth_diff(40, lambda _: None)) as url:
        report = await load(url, format=Format.JSON, bounds=Bounds(gaps=1))
    assert report.holds
    assert report.gaps == 1


async def test_a_sequence_that_is_skipped_is_a_gap() -> None:
    async with faulty_server(nth_diff(40, lambda message: message | {"since": message["since"] + 1})) as url:
        report = await load(url, format=Format.JSON)
    assert "gaps" in broken(report)


async def test_a_state_that_went_wrong_without_a_gap_is_found() -> None:
    def forget(message: dict[str, Any]) -> dict[str, Any]:
        # A server that leaves one change out of a diff: every cursor is right, and the state is not.
        return message | {"changes": {"market_data": {"BTCUSDT": {"volume_24h": 13.0}}}}

    async with faulty_server(nth_diff(1, forget)) as url:
        report = await load(url, format=Format.JSON, clients=1, sample=1)
    assert broken(report) == ["wrong states"]
    assert report.gaps == 0
    assert (report.final_state.clients, report.final_state.equal) == (1, 0)
    assert "/market_data/BTCUSDT/volume_24h: the client holds 13.0, the server 1.0" in report.final_state.differences


async def test_a_server_that_never_says_what_it_holds_is_found() -> None:
    def mute(message: dict[str, Any]) -> Any:
        if message.get("id") != "check":
            yield message

    async with faulty_server(mute) as url:
        report = await asyncio.wait_for(load(url, format=Format.JSON, clients=1, sample=1, answer_s=0.2), 15)
    assert broken(report) == ["wrong states"]
    assert (report.final_state.equal, report.final_state.unclear) == (0, 1)


async def test_nonsense_is_a_violation() -> None:
    def babble(message: dict[str, Any]) -> Any:
        yield message
        if message["type"] == "diff_update":
            yield {"type": "weather", "rain": True}

    async with faulty_server(babble) as url:
        report = await load(url, format=Format.JSON)
    assert broken(report) == ["violations"]
    assert report.violations > 10
    assert len(report.faults) == 10
