"""A client reads whatever a server sends: it takes it, or raises ``WireError``; never anything else."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import TOPICS
from bigboard.errors import WireError
from bigboard.wire import ClientSession, ClientState, Format

_SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=4)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_KEYS = st.sampled_from(["BTCUSDT", "1", "main", "__proto__", ""])
_ROW = st.fixed_dictionaries(
    {}, optional={"order_id": _KEYS | _VALUES, "alert_id": _KEYS | _VALUES, "deleted": _VALUES, "price": _VALUES}
)
_LEVELS = st.lists(st.lists(st.sampled_from([1, 2.5, 0]) | _VALUES, max_size=3), max_size=3) | _VALUES
_BOOK = st.fixed_dictionaries({}, optional={"bids": _LEVELS, "asks": _LEVELS, "update_id": _VALUES})
_CHANGES = st.dictionaries(
    st.sampled_from([*TOPICS, "weather", ""]),
    st.lists(_ROW, max_size=3)
    | st.dictionaries(_KEYS, _BOOK | _ROW | st.lists(_ROW, max_size=3) | _VALUES, max_size=3)
    | _VALUES,
    max_size=3,
)
_EPOCHS = st.sampled_from(["E", "F", ""])
_SEQUENCES = st.integers(0, 4)
_NAMES = st.lists(
    st.sampled_from(["*", "orders", "orderbook:BTCUSDT", "trades", "weather", "", ":", "orders:1"]), max_size=4
)
_MESSAGES = st.one_of(
    st.fixed_dictionaries(
        {
            "type": st.just("subscribed"), "subscriptions": _NAMES, "epoch": _EPOCHS, "sequence": _SEQUENCES,
            "interval_ms": st.integers(-(2**63), 2**63 - 1), "tape_length": st.integers(-3, 5), "resumed": st.booleans(),
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("state_update"), "epoch": _EPOCHS, "sequence": _SEQUENCES, "timestamp": st.just(""),
            "subscriptions": _NAMES, "data": _CHANGES,
        }
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("diff_update"), "epoch": _EPOCHS, "since": _SEQUENCES, "sequence": _SEQUENCES,
            "timestamp": st.just(""), "changes": _CHANGES,
        }
    ),
    st.fixed_dictionaries(
        {"type": st.just("heartbeat"), "epoch": _EPOCHS, "sequence": _SEQUENCES, "timestamp": st.just("")}
    ),
    _VALUES,
)  # fmt: skip


@pytest.mark.parametrize("format", list(Format))
@given(st.lists(_MESSAGES, max_size=8))
def test_no_server_makes_a_client_raise_anything_else(format: Format, messages: list[Any]) -> None:
    client = ClientSession(["*"], format=format)
    client.connected()
    for message in messages:
        payload: str | bytes = msgspec.msgpack.encode(message)
        if format is Format.JSON:
            payload = msgspec.json.encode(message).decode()
        before = client.cursor
        try:
            client.receive(payload)
        except WireError:
            # Not read at all, or given up whole: never a replica that is neither here nor there.
            assert client.cursor == before or (client.cursor is None and client.replica.data() == {})
        client.replica.data()
        assert len(client.outgoing()) <= 2
        assert client.state is not ClientState.DISCONNECTED
