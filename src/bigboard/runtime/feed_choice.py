"""The feed that the settings ask for."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from bigboard.errors import SettingError
from bigboard.feed.ccxt_feed import CcxtFeed
from bigboard.feed.replay import ReplayFeed
from bigboard.feed.simulated import SimulatedFeed

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.clock import Clock
    from bigboard.feed.base import Feed
    from bigboard.settings import Settings

__all__ = ["build_feed", "meet_exchange"]


def build_feed(
    settings: Settings, clock: Clock, progress: Callable[[float, int], None] | None = None
) -> tuple[Feed, str]:
    """The feed that the settings ask for, and one line that says what it is."""
    speed = _speed(settings.speed)
    if settings.exchange is not None and settings.replay:
        raise SettingError("exchange", "", "exchange: live data and --replay exclude each other; leave one out")
    if settings.loop and settings.exit:
        raise SettingError("exit", "", "exit: a replay that starts again never ends; leave out --loop or --exit")
    if settings.replay:
        feed = ReplayFeed(
            settings.replay,
            speed=speed,
            loop=settings.loop,
            depth=settings.book_depth,
            clock=clock,
            progress=progress,
        )
        pace = "as fast as it goes" if settings.speed == "max" else f"at {settings.speed}x"
        return feed, f"replay of {', '.join(settings.replay)} {pace}; this is recorded data, not the market of now"
    for name in ("loop", "exit"):
        if getattr(settings, name):
            market = "live" if settings.exchange is not None else "simulated"
            raise SettingError(name, "", f"{name}: a {market} market never ends; this goes with --replay PATH")
    if settings.exchange is not None:
        live = _live(settings, settings.exchange, clock)
        return live, f"{settings.exchange} live: {settings.symbols}"
    return _simulated(settings, clock)


async def meet_exchange(feed: Feed) -> None:
    """Let a live feed get to know its exchange, so that a misspelt symbol is said before anything is served.

    Takes a few seconds, most of them to import ccxt. An exchange that cannot be reached now is no error: the feed goes on
    trying. Raises ``FeedError``, and ``MissingExtra`` without ccxt.
    """
    if isinstance(feed, CcxtFeed):
        await feed.open()


def _live(settings: Settings, exchange: str, clock: Clock) -> CcxtFeed:
    names = _symbols(settings.symbols)
    if isinstance(names, int):
        raise SettingError("symbols", "", "symbols: name those of the exchange by commas, such as BTC/USDT:USDT")
    url = settings.exchange_url
    if url is not None and re.fullmatch(r"https?://[^/\s]+/?", url) is None:
        raise SettingError("exchange_url", "", f"exchange_url: {url!r} is no address such as http://127.0.0.1:9000")
    return CcxtFeed(
        exchange,
        names,
        depth=settings.book_depth,
        stale_after_s=settings.stale_after,
        stale_after_trades_s=settings.stale_after_trades,
        url=url,
        clock=clock,
    )


def _simulated(settings: Settings, clock: Clock) -> tuple[SimulatedFeed, str]:
    seed = settings.seed if settings.seed is not None else secrets.randbelow(2**31)
    try:
        simulated = SimulatedFeed(_symbols(settings.symbols), updates_per_second=settings.rate, seed=seed, clock=clock)
    except ValueError as error:
        raise SettingError("symbols", "", f"symbols: {error}") from None
    count = len(simulated.symbols)
    return simulated, f"{count} symbols at {settings.rate:g} updates/s each; the data is simulated (seed {seed})"


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= 1e6:
        raise SettingError("speed", "", f"speed: {text!r} is neither a factor above 0, such as 10 or 0.5, nor max")
    return speed


def _symbols(text: str) -> int | list[str]:
    if text.strip().isdecimal():
        count = int(text)
        if not 1 <= count <= 5_000:
            raise SettingError("symbols", "", f"symbols: {count} is not from 1 to 5000")
        return count
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9:/._-]*", name) is None:
            raise SettingError(
                "symbols", "", f"symbols: {name!r} is no symbol; write one like BTCUSDT or BTC/USDT:USDT"
            )
    if not names:
        raise SettingError("symbols", "", "symbols: give names by commas, such as BTCUSDT,ETHUSDT, or how many")
    return names
