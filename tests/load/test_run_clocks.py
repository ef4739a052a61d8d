"""How long a delivery took, by two clocks that need not agree."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.load.headers import epoch_us
from bigboard.wire import Format
from bigboard.wire.messages import rfc3339
from load.faulty_server import faulty_server
from load.moving_board import load

pytestmark = pytest.mark.slow


def _shifted(message: dict[str, Any], types: tuple[str, ...], by_ms: int) -> dict[str, Any]:
    if message["type"] not in types:
        return message
    return message | {"timestamp": rfc3339(epoch_us(message["timestamp"]) // 1_000 + by_ms)}


async def test_delivery_is_counted_from_the_commit() -> None:
    def old(message: dict[str, Any]) -> Any:
        yield _shifted(message, ("diff_update",), -700)

    async with faulty_server(old) as url:
        report = await load(url, format=Format.JSON)
    assert report.clocks.offset_ms == 0
    assert 700 <= (report.delivery_ms.p50 or 0) < 800
    assert report.clocks.early == 0


@pytest.mark.parametrize("by_ms", [3_600_000, -3_600_000])
async def test_a_server_whose_clock_is_another_is_measured_right(by_ms: int) -> None:
    def elsewhere(message: dict[str, Any]) -> Any:
        yield _shifted(message, ("diff_update", "state_update", "heartbeat", "pong"), by_ms)

    async with faulty_server(elsewhere) as url:
        report = await load(url, format=Format.JSON)
    assert report.holds
    assert report.clocks.offset_ms == pytest.approx(by_ms, abs=report.clocks.uncertainty_ms + 1)
    assert report.clocks.uncertainty_ms < 100
    assert 0 <= (report.delivery_ms.p50 or -1) < 200


async def test_diffs_that_arrive_before_their_commit_are_counted_as_such() -> None:
    def early(message: dict[str, Any]) -> Any:
        yield _shifted(message, ("diff_update",), 60_000)

    async with faulty_server(early) as url:
        report = await load(url, format=Format.JSON)
    assert report.clocks.early == report.delivery_ms.count > 0
    assert report.delivery_ms.max == 0
