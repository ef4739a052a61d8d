"""Whatever a client sends, the session answers or closes; it never raises, and every answer is a message."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import Board, Update
from bigboard.errors import WireError
from bigboard.wire import Format, Frames, Instant, ServerSession, SessionState, decode_server
from bigboard.wire.messages import Error

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text()
    | st.sampled_from(["*", "orders"])
)
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=8
)
_NAMES = st.sampled_from(
    ["orders", "market_data:BTC/USDT", "*", "orders:1", "market", "", "account:__proto__", ":", "é"]
)
_NEARLY = st.fixed_dictionaries(
    {},
    optional={
        "action": st.sampled_from(["subscribe", "unsubscribe", "authenticate", "ping", "dance"]) | _VALUES,
        "subscriptions": st.lists(_NAMES | _VALUES, max_size=5) | _VALUES,
        "interval_ms": st.floats() | st.integers() | _VALUES,
        "resume": st.fixed_dictionaries(
            {}, optional={"epoch": st.sampled_from(["E", "F"]) | _VALUES, "sequence": st.integers(-3, 2**70) | _VALUES}
        )
        | _VALUES,
        "id": st.integers() | st.text() | _VALUES,
        "token": _VALUES,
        "__proto__": _VALUES,
    },
)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _binary(value: Any) -> bytes:
    try:
        return msgspec.msgpack.encode(value)
    except OverflowError:
        return b"\xc1"


_MESSAGES = _NEARLY.map(_json) | _NEARLY.map(_binary)


@st.composite
def _mutated(draw: st.DrawFn) -> str | bytes:
    payload = draw(_MESSAGES)
    data = bytearray(payload if isinstance(payload, bytes) else payload.encode())
    for _ in range(draw(st.integers(1, 4))):
        index = draw(st.integers(0, len(data)))
        data[index : index + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return bytes(data) if isinstance(payload, bytes) else bytes(data).decode(errors="replace")


_PAYLOADS = st.text() | st.binary() | _MESSAGES | _mutated() | _VALUES.map(_json) | _VALUES.map(_binary)


@pytest.mark.parametrize("format", list(Format))
@given(st.lists(_PAYLOADS, max_size=12))
def test_no_bytes_make_it_raise(format: Format, payloads: list[str | bytes]) -> None:
    board = Board("E")
    session = ServerSession(Frames(board), format=format)
    for number, payload in enumerate(payloads):
        now = Instant(number * 2.0, 1_759_729_260_000)
        session.receive(payload, now)
        board.apply(Update("orders", "1", {"price": number}))
        board.commit(now.wall_ms)
        session.poll(now)
        frames = [*session.outgoing(), session.update(now), session.heartbeat(now)]
        for frame in frames:
            if frame is not None:
                message = decode_server(frame.payload.decode() if frame.text else frame.payload)
                assert not isinstance(message, Error) or message.message
        assert (session.close is not None) == (session.state is SessionState.CLOSING)
        assert 20 <= session.interval_ms <= 10_000


@given(st.text() | st.binary())
def test_a_client_reads_a_message_or_says_that_it_is_none(payload: str | bytes) -> None:
    with suppress(WireError):
        assert decode_server(payload)
