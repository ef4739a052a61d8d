"""Binance's market stream messages as typed structs, for USD-M futures and for spot.

The field names are the exchange's own letters, so that its documentation can be read beside them. Prices and sizes come
as strings. Sizes and the levels of a book are read as floats straight from those strings; the prices of quotes and
trades stay strings, because their decimals tell the tick size. Bounds stand in the types: a price that is NaN, infinite,
zero or negative, or an id beyond 64 bits, fails at the door.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias, TypeVar

import msgspec

__all__ = [
    "AggTradeMessage",
    "BookTickerMessage",
    "DepthMessage",
    "Frame",
    "MarkPriceMessage",
    "SnapshotMessage",
    "SnapshotPrices",
    "TickerMessage",
    "TradeMessage",
    "frame_decoder",
    "lax_decoder",
]

_T = TypeVar("_T")

# Annotated types must exist when the structs are built, so they are no TYPE_CHECKING matter.
_Price: TypeAlias = Annotated[float, msgspec.Meta(gt=0, le=1e15)]
_Size: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=1e18)]
_Id: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Milliseconds: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_Symbol: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=64)]
_Level: TypeAlias = tuple[_Price, _Size]


class Frame(msgspec.Struct):
    """Any message of a recording or a connection, opened just far enough to see what it is.

    A combined stream wraps its message (``stream``, ``data``), a raw stream does not (``e``), and a REST snapshot has a
    ``lastUpdateId`` and neither.
    """

    stream: str = ""
    data: msgspec.Raw = msgspec.Raw()
    e: str = ""
    lastUpdateId: _Id | None = None  # noqa: N815


class BookTickerMessage(msgspec.Struct):
    """Best bid and ask. Spot says neither ``e`` nor a time."""

    s: _Symbol
    b: _Text
    B: _Size
    a: _Text
    A: _Size
    T: _Milliseconds | None = None
    E: _Milliseconds | None = None


class TradeMessage(msgspec.Struct):
    """One trade. ``m``: the buyer was the maker. ``X`` (futures) is ``MARKET`` unless it never met the book."""

    s: _Symbol
    t: _Id
    p: _Text
    q: _Size
    T: _Milliseconds
    E: _Milliseconds
    m: bool
    X: str = "MARKET"


class AggTradeMessage(msgspec.Struct):
    """The fills of one taker order at one price."""

    s: _Symbol
    a: _Id
    p: _Text
    q: _Size
    T: _Milliseconds
    E: _Milliseconds
    m: bool


class DepthMessage(msgspec.Struct):
    """A diff of the book. ``pu`` and ``T`` are said by futures only."""

    s: _Symbol
    U: _Id
    u: _Id
    b: list[_Level]
    a: list[_Level]
    E: _Milliseconds
    T: _Milliseconds | None = None
    pu: _Id | None = None


class TickerMessage(msgspec.Struct):
    """The last 24 hours: last price and size, on spot also the best bid and ask."""

    s: _Symbol
    c: _Text
    Q: _Size
    E: _Milliseconds
    b: _Text = ""
    B: _Size = 0.0
    a: _Text = ""
    A: _Size = 0.0


class MarkPriceMessage(msgspec.Struct):
    """Mark price, index price, funding. ``r`` is empty and ``T`` is 0 for contracts that know no funding."""

    s: _Symbol
    E: _Milliseconds
    p: _Text
    i: _Text = ""
    r: _Text = ""
    T: _Milliseconds = 0


class SnapshotMessage(msgspec.Struct):
    """The REST answer ``depth``. It names no symbol: whoever asked knows it. Spot says no time either."""

    lastUpdateId: _Id  # noqa: N815
    bids: list[_Level]
    asks: list[_Level]
    E: _Milliseconds | None = None
    T: _Milliseconds | None = None


class SnapshotPrices(msgspec.Struct):
    """The same answer, with the prices as the exchange spells them: their decimals tell the tick size at once."""

    bids: list[tuple[_Text, _Text]]
    asks: list[tuple[_Text, _Text]]


def frame_decoder() -> msgspec.json.Decoder[Frame]:
    """Opens a frame and leaves its content as bytes."""
    return msgspec.json.Decoder(Frame)


def lax_decoder(kind: type[_T]) -> msgspec.json.Decoder[_T]:
    """Reads one kind of message, with numbers from strings as the exchange writes them."""
    return msgspec.json.Decoder(kind, strict=False)
