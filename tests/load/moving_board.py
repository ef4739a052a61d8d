"""A board that changes all the time, and a load on it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from bigboard.board import Update
from bigboard.load import Bounds, LoadPlan, Moment, Report, find_target, run_load

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from servers import Gateway

__all__ = ["broken", "load", "moving", "url_of"]

_SYMBOLS = [f"S{number}USDT" for number in range(30)]


@asynccontextmanager
async def moving(served: Gateway, every_s: float = 0.01) -> AsyncIterator[None]:
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


def url_of(served: Gateway) -> str:
    """Where its clients connect."""
    return f"ws://127.0.0.1:{served.port}/ws"


async def load(
    url: str,
    *,
    bounds: Bounds | None = None,
    stop: asyncio.Event | None = None,
    tell: Callable[[Moment], None] | None = None,
    **options: Any,
) -> Report:
    """A run of ten clients and half a second, if ``options`` of the plan do not say otherwise."""
    plan = LoadPlan(**{"clients": 10, "seconds": 0.5, "client_class": "tui", "sample": 4, **options})
    target = await find_target(url, plan.client_class, plan.format)
    return await run_load(plan, target, bounds or Bounds(), stop or asyncio.Event(), tell)


def broken(report: Report) -> list[str]:
    """The names of the bounds that did not hold."""
    return [bound.name for bound in report.bounds if not bound.holds]
