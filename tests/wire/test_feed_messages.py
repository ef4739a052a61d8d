"""What a feed sends to a collector: it comes back as it was, and nothing else comes through."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bigboard.errors import WireError
from bigboard.wire.feed_messages import LONGEST_FRAME, Place, decode_message, encode_message
from bigboard.wire.market import Book, Status, Ticker, Trade
from wire.market_events import EVENTS

if TYPE_CHECKING:
    from bigboard.wire.market import MarketEvent

_NUMBERS = st.integers(1, 2**63 - 1)
_TICKER = Ticker(symbol="BTC/USDT:USDT", timestamp=1, received_at=2, last=3.5, bid=3.0, bid_volume=0.5)


@st.composite
def places(draw: st.DrawFn, event: MarketEvent) -> Place:
    sequence = draw(_NUMBERS)
    place = Place(run=draw(st.integers(0, 2**63 - 1)), sequence=sequence, repeat=draw(st.booleans()))
    if isinstance(event, Book):
        return msgspec.structs.replace(place, previous=draw(st.integers(0, sequence - 1)))
    if isinstance(event, Status):
        mode = draw(st.sampled_from(["live", "replay", "simulated"]))
        return msgspec.structs.replace(place, feed="x", mode=mode, venue=draw(st.none() | st.just("binanceusdm")))
    return place


@given(st.data(), EVENTS)
def test_a_message_comes_back_as_it_was(data: st.DataObject, event: MarketEvent) -> None:
    place = data.draw(places(event))
    read = decode_message(encode_message(event, place))
    assert read == (event, place)
    assert type(read.event) is type(event)


def test_a_ticker_is_a_map_with_the_names_that_ccxt_has() -> None:
    assert msgspec.msgpack.decode(encode_message(_TICKER, Place(run=7, sequence=9))) == {
        "type": "ticker", "symbol": "BTC/USDT:USDT", "timestamp": 1, "receivedAt": 2, "last": 3.5, "bid": 3.0,
        "bidVolume": 0.5, "run": 7, "sequence": 9,
    }  # fmt: skip


def test_a_book_names_the_one_that_it_follows() -> None:
    book = Book(symbol="BTC/USDT", timestamp=1, received_at=2, bids=[(1.0, 2.0)], asks=[], partial=True, update_id=5)
    assert msgspec.msgpack.decode(encode_message(book, Place(run=7, sequence=9, previous=8))) == {
        "type": "book", "symbol": "BTC/USDT", "timestamp": 1, "receivedAt": 2, "bids": [[1.0, 2.0]], "asks": [],
        "partial": True, "updateId": 5, "run": 7, "sequence": 9, "previous": 8,
    }  # fmt: skip


def test_what_another_program_adds_is_skipped() -> None:
    frame = msgspec.msgpack.encode(
        {
            "type": "trade", "symbol": "X/Y", "timestamp": 1, "receivedAt": 2, "id": "1", "price": 1, "size": 2.0,
            "side": "buy", "run": 1, "sequence": 1, "info": {"raw": [1, None]}, "takerOrMaker": "taker",
        }
    )  # fmt: skip
    event, place = decode_message(frame)
    assert event == Trade(symbol="X/Y", timestamp=1, received_at=2, id="1", price=1.0, size=2.0, side="buy")
    assert place == Place(run=1, sequence=1)


def _broken(**changes: Any) -> bytes:
    whole = msgspec.msgpack.decode(encode_message(_TICKER, Place(run=7, sequence=9)))
    return msgspec.msgpack.encode({name: value for name, value in {**whole, **changes}.items() if value != "gone"})


_BOOK = {"type": "book", "bids": [], "asks": []}
_STATUS = {"type": "status", "service": "x", "kind": "feed", "status": "up"}


@pytest.mark.parametrize(
    "frame",
    [
        b"", b"{}", b"\xc1", b"\x80", b"\x90", b"\x91" * 5_000, msgspec.msgpack.encode([1]),
        _broken(type="candle"), _broken(type="gone"), _broken(symbol=""), _broken(symbol="x" * 129), _broken(symbol=5),
        _broken(timestamp="now"), _broken(last="1.5"), _broken(sequence=0),
        _broken(sequence="gone"), _broken(run="gone"), _broken(run=-1), _broken(sequence=1.5),
        _broken(**_BOOK), _broken(**_BOOK, previous=9), _broken(**_BOOK, previous=-1),
        _broken(**{**_BOOK, "bids": [[1.0]]}, previous=8), _broken(**_STATUS), _broken(**_STATUS, feed="x"),
        _broken(**_STATUS, feed="x", mode="real"), _broken(**{**_STATUS, "service": ""}, feed="x", mode="live"),
        b"\xa1" * (LONGEST_FRAME + 1), _broken()[:-1], _broken() + b"\x00",
    ],
)  # fmt: skip
def test_what_is_no_message_raises_one_error(frame: bytes) -> None:
    with pytest.raises(WireError):
        decode_message(frame)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=200))
@example(b"\x81\xa4type\xa6\xff\xfe\xfd\xfc\xfb\xfa")
@example(b"\xde\xff\xff")
@example(b"\xdf\xff\xff\xff\xff")
def test_garbage_raises_nothing_else(frame: bytes) -> None:
    with suppress(WireError):
        decode_message(frame)


@given(st.data(), EVENTS)
def test_nor_does_what_nearly_is_a_message(data: st.DataObject, event: MarketEvent) -> None:
    frame = bytearray(encode_message(event, data.draw(places(event))))
    fields = msgspec.msgpack.decode(bytes(frame))
    fields[data.draw(st.sampled_from(sorted(fields)))] = data.draw(_VALUES)
    with suppress(WireError):
        decode_message(msgspec.msgpack.encode(fields))
    frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    with suppress(WireError):
        decode_message(bytes(frame))
