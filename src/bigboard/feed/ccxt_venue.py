"""An exchange behind ccxt: its markets, and a fresh ccxt object for each connection.

Importing ccxt takes about 2 s and 100 MB, so it is imported when a live feed is asked for, in a thread. Making one of its
objects takes about 30 ms of the processor, reading an exchange's markets more: that happens in a thread too.

Each connection gets an object of its own: nothing of an earlier connection (a cached book, a waiting future, a refused
subscription) can reach into the next one, and reconnecting one stream does not touch the others. They share what may be
shared: the markets, the TLS settings, and the pace of REST requests, which the exchange counts by address.
"""

from __future__ import annotations

import asyncio
import difflib
import importlib
import re
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from bigboard.board.symbols import normalise_symbol
from bigboard.errors import FeedError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Unreachable", "Venue", "connect_venue", "import_ccxt", "let_go"]

_REQUEST_TIMEOUT_MS: Final = 10_000
_CLOSE_S: Final = 1.0
_TICK_SIZE, _DECIMAL_PLACES = 4, 2
"""ccxt's ``precisionMode``: what a market's ``precision`` means."""


class Unreachable(Exception):  # noqa: N818 - it names the state of the exchange
    """The exchange did not answer, or not as an exchange; trying again later may help."""


def import_ccxt() -> Any:
    """The module ``ccxt.pro``. Raises ``MissingExtra``."""
    try:
        return importlib.import_module("ccxt.pro")
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] != "ccxt":
            raise
        raise MissingExtra("ccxt", "the data of a live exchange") from None


class Venue:
    """An exchange whose markets are known, and those of its symbols that are asked for.

    ``url`` replaces scheme, host and port of every address of the exchange: a gateway, a mirror, a test.
    """

    def __init__(self, exchange: str, *, url: str | None = None, book_levels: int = 1_000) -> None:
        ccxt = import_ccxt()
        if exchange not in ccxt.exchanges:
            raise FeedError(exchange, _no_such_exchange(exchange, ccxt.exchanges))
        self.id = exchange
        self.book_levels = book_levels
        self.symbols: tuple[str, ...] = ()
        self._ccxt = ccxt
        self._url = url
        self._tls = ssl.create_default_context(cafile=importlib.import_module("certifi").where())
        self._first = self._make()
        self.checks_books = any(kind.__name__ == "binance" for kind in type(self._first).__mro__)
        """Whether it is one of Binance's, whose books ``ccxt_book`` checks further."""

    @property
    def has(self) -> dict[str, Any]:
        """ccxt's table of what the exchange offers."""
        return dict(self._first.has)

    @property
    def derivatives(self) -> tuple[str, ...]:
        """Those of the symbols that are derivatives, and so may have a mark price and funding."""
        return tuple(symbol for symbol in self.symbols if self._first.markets[symbol].get("contract"))

    async def load(self, symbols: Sequence[str]) -> None:
        """Read the exchange's markets and find the symbols. Raises ``Unreachable``, and ``FeedError`` for an unknown one."""
        loader = self._make()
        try:
            await loader.load_markets()
        except self._ccxt.BaseError as error:
            raise Unreachable(self.describe(error)) from error
        finally:
            await let_go(loader)
        self._first.set_markets_from_exchange(loader)
        self.symbols = self._find_all(symbols)

    def connection(self) -> Any:
        """A ccxt object for one connection. Takes some 30 ms: call it in a thread."""
        exchange = self._make()
        exchange.set_markets_from_exchange(self._first)
        exchange.throttler = self._first.throttler
        return exchange

    def tick_size(self, symbol: str) -> float | None:
        """The smallest step of the price, if the exchange tells."""
        precision = (self._first.markets[symbol].get("precision") or {}).get("price")
        if not precision:
            return None
        if self._first.precisionMode == _TICK_SIZE:
            return float(precision)
        return float(f"1e-{int(precision)}") if self._first.precisionMode == _DECIMAL_PLACES else None

    def is_gap(self, error: BaseException) -> bool:
        """Whether ccxt says that the numbering of a book shows a hole, or that its checksum is wrong."""
        return isinstance(error, self._ccxt.InvalidNonce)

    def describe(self, error: BaseException) -> str:
        """What went wrong, in one short line, without the exchange's address and content."""
        text = " ".join(str(error).split()).removeprefix(f"{self.id} ")
        text = re.sub(r"\b(?:GET |POST )?(?:https?|wss?)://\S+", "", text).strip(" :")
        cause = error.__cause__
        if not text and cause is not None:
            text = " ".join(str(cause).split())
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).lower()
        return f"{name}: {text[:120]}" if text else name

    def _make(self) -> Any:
        exchange = getattr(self._ccxt, self.id)(
            {
                "timeout": _REQUEST_TIMEOUT_MS,
                "enableRateLimit": True,
                "newUpdates": True,
                "options": {"watchOrderBookLimit": self.book_levels},
            }
        )
        exchange.ssl_context = self._tls
        exchange.timeout_on_exit = 0
        if self._url is not None:
            exchange.urls["api"] = _moved(exchange.urls["api"], self._url.rstrip("/"))
        return exchange

    def _find_all(self, symbols: Sequence[str]) -> tuple[str, ...]:
        found = dict.fromkeys(self._find(symbol) for symbol in symbols)
        keys: dict[str, str] = {}
        for symbol in found:
            other = keys.setdefault(normalise_symbol(symbol), symbol)
            if other != symbol:
                raise FeedError(
                    self.id,
                    f"{other} and {symbol} would both be {normalise_symbol(symbol)} on the board; name one of them",
                )
        return tuple(found)

    def _find(self, symbol: str) -> str:
        markets: dict[str, Any] = self._first.markets
        if symbol in markets:
            return symbol
        key = normalise_symbol(symbol)
        same = [name for name in markets if normalise_symbol(name) == key]
        if len(same) == 1:
            return same[0]
        if same:
            raise FeedError(self.id, f"{symbol!r} may be {' or '.join(sorted(same)[:5])}; write it so")
        near = difflib.get_close_matches(symbol.upper(), list(markets), n=3, cutoff=0.6)
        examples = ", ".join(sorted(markets, key=len)[:3])
        hint = f"did you mean {' or '.join(near)}?" if near else f"it has {len(markets)}, such as {examples}"
        raise FeedError(self.id, f"no symbol {symbol!r}: {hint}")


async def connect_venue(make: Callable[[], Venue], symbols: Sequence[str]) -> Venue:
    """Make and load a venue; to be run in a loop of its own."""
    venue = make()
    await venue.load(symbols)
    return venue


async def let_go(exchange: Any) -> None:
    """Close all connections of a ccxt object: politely, or after a second without."""
    with suppress(Exception):
        async with asyncio.timeout(_CLOSE_S):
            await exchange.close()
    session, exchange.session = exchange.session, None
    if session is not None:
        with suppress(Exception):
            await session.close()
    with suppress(Exception):
        await exchange.close_connector()


def _no_such_exchange(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name.lower(), known, n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(near)}?" if near else f"ccxt streams from {', '.join(known)}"
    return f"no exchange {name!r}: {hint}"


def _moved(urls: Any, to: str) -> Any:
    """The same addresses on another host, ``wss`` becoming ``ws`` where ``https`` becomes ``http``."""
    if isinstance(urls, dict):
        return {name: _moved(value, to) for name, value in urls.items()}
    if not isinstance(urls, str):
        return urls
    http = re.sub(r"^https?://[^/]+", to, urls)
    return re.sub(r"^wss?://[^/]+", re.sub("^http", "ws", to), http)
