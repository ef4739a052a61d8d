"""What goes from a feed to a collector over a socket: one frame, one MessagePack map.

The map is the event as ``wire/market.py`` has it (``type``, the unified ``symbol``, ccxt's field names) and beside it where
the message stands in its stream. A *stream* is all messages of one type and symbol, and all ``status`` messages together. A
socket that publishes can lose messages without a word, so each message says:

- ``run``: which run of the feed it is of, the start in epoch milliseconds. Another run numbers anew.
- ``sequence``: its number in its stream, from 1 on, by one. A number that is left out is a message that was lost, also if it
  was the feed itself that had to drop it.
- ``previous``, for a book: the number of the book that it follows. Levels that changed may only be merged into that one.
- ``repeat``: nothing new, but all that the stream has said so far in one message, for whoever missed a part of it.

A ``status`` also says ``feed``, ``mode`` and ``venue``: who speaks, and where its numbers come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta
from msgspec.structs import asdict, fields

from bigboard.errors import WireError
from bigboard.wire.codes import ErrorCode
from bigboard.wire.market import Book, MarketEvent, Mode, Status, Ticker, Trade

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LONGEST_FRAME", "FeedMessage", "Place", "decode_message", "encode_message"]

LONGEST_FRAME = 1024 * 1024
"""Bytes. A book of 1,000 levels a side has 40,000."""
_LONGEST_NAME = 128

_Number = Annotated[int, Meta(ge=0, le=2**63 - 1)]
_Name = Annotated[str, Meta(min_length=1, max_length=_LONGEST_NAME)]


class Place(msgspec.Struct, omit_defaults=True, frozen=True):
    """Where a message stands: see the module's docstring."""

    run: _Number
    sequence: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    previous: _Number | None = None
    repeat: bool = False
    feed: _Name | None = None
    mode: Mode | None = None
    venue: Annotated[str, Meta(max_length=_LONGEST_NAME)] | None = None


class FeedMessage(NamedTuple):
    """An event and its place."""

    event: MarketEvent
    place: Place


def _message(kind: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """The struct of an event with the fields of its place beside its own."""
    places = [(place.name, Any, None if place.required else place.default) for place in fields(Place)]
    return msgspec.defstruct(
        f"{kind.__name__}Message", places, bases=(kind,), kw_only=True, tag=kind.__struct_config__.tag
    )


_messages: Mapping[type[msgspec.Struct], type[msgspec.Struct]] = {
    kind: _message(kind) for kind in (Ticker, Trade, Book, Status)
}
_encoder = msgspec.msgpack.Encoder()
# The map is read twice, each time by a decoder that skips what the other one takes. That is quicker than to copy the fields
# of one struct into another, and what the collector gets is a plain event.
_events: msgspec.msgpack.Decoder[MarketEvent] = msgspec.msgpack.Decoder(MarketEvent)
_places: msgspec.msgpack.Decoder[Place] = msgspec.msgpack.Decoder(Place)


def encode_message(event: MarketEvent, place: Place) -> bytes:
    """The frame of an event."""
    return _encoder.encode(_messages[type(event)](**asdict(event), **asdict(place)))


def decode_message(frame: bytes) -> FeedMessage:
    """What a frame says. Raises ``WireError`` for anything else, and nothing but that."""
    if len(frame) > LONGEST_FRAME:
        raise WireError(ErrorCode.BAD_MESSAGE, f"a frame of {len(frame):,} bytes, of which {LONGEST_FRAME:,} are taken")
    try:
        message = FeedMessage(_events.decode(frame), _places.decode(frame))
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError, OverflowError) as error:
        raise WireError(ErrorCode.BAD_MESSAGE, f"not a message of a feed: {error}") from None
    _check(message)
    return message


def _check(message: FeedMessage) -> None:
    event, place = message
    if isinstance(event, Status):
        if not place.feed or place.mode is None:
            raise WireError(ErrorCode.BAD_MESSAGE, "a status without the feed's name and mode")
        if not event.service:
            raise WireError(ErrorCode.BAD_MESSAGE, "a status of nothing")
    elif not 0 < len(event.symbol) <= _LONGEST_NAME:
        raise WireError(ErrorCode.BAD_MESSAGE, f"a symbol must have 1 to {_LONGEST_NAME} characters")
    elif isinstance(event, Book) and (place.previous is None or place.previous >= place.sequence):
        raise WireError(ErrorCode.BAD_MESSAGE, "a book that does not say which one it follows")
