"""What channels and payloads say: every topic, both encodings, batches; and whatever comes, nothing breaks."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import TOPICS, Board, Update
from bigboard.errors import UpdateRejected
from bigboard.sources import Delivery
from bigboard.sources.messages import LONGEST_CHANNEL, LONGEST_PAYLOAD, MOST_UPDATES, MessageReader
from sources.published import ENCODERS, EVERY_TOPIC, batch_of


def read(*messages: tuple[str | bytes, bytes], prefix: str = "") -> tuple[list[Delivery], list[UpdateRejected]]:
    refused: list[UpdateRejected] = []
    reader = MessageReader(prefix, refused.append)
    return reader.read([(c.encode() if isinstance(c, str) else c, body) for c, body in messages]), refused


def reason_of(channel: str | bytes, body: bytes) -> tuple[str, str]:
    deliveries, refused = read((channel, body))
    assert deliveries == []
    assert len(refused) == 1
    return refused[0].topic, refused[0].reason


@pytest.mark.parametrize("encoding", ENCODERS)
def test_every_topic_is_read_in_order_and_the_board_takes_it(encoding: str) -> None:
    encode = ENCODERS[encoding]
    deliveries, refused = read(*((f"{u.topic}:{u.key}", encode(u.data)) for u in EVERY_TOPIC))
    assert deliveries == [Delivery(EVERY_TOPIC)]
    assert refused == []
    assert {update.topic for update in EVERY_TOPIC} == set(TOPICS)
    board = Board("E")
    for update in deliveries[0].updates:
        assert board.apply(update)
    data = board.snapshot().data
    assert set(data["market_data"]) == set(data["orderbook"]) == set(data["trades"]) == {"BTCUSDT"}
    assert set(data["positions"]) == {"main/BTCUSDT"}


@pytest.mark.parametrize("encoding", ENCODERS)
def test_a_batch_is_handed_on_by_itself_in_its_place(encoding: str) -> None:
    encode = ENCODERS[encoding]
    one, two, *_ = EVERY_TOPIC
    deliveries, refused = read(
        ("risk:a", b"{}"), ("batch:fill", encode(batch_of(one, two))), ("risk:b", b"{}"), ("risk:c", b"{}"),
        ("batch:close", encode(batch_of(one, barrier=True))),
    )  # fmt: skip
    assert refused == []
    assert deliveries == [
        Delivery([Update("risk", "a", {})]),
        Delivery([one, two], atomic=True),
        Delivery([Update("risk", "b", {}), Update("risk", "c", {})]),
        Delivery([one], atomic=True, barrier=True),
    ]


def test_a_key_has_colons_of_its_own_and_an_id_may_be_an_integer() -> None:
    deliveries, _ = read(
        ("market_data:kraken:BTC/USDT", b"{}"),
        ("batch:x", b'{"updates": [{"topic": "orders", "key": 42, "data": {}}]}'),
    )
    assert [update.key for delivery in deliveries for update in delivery.updates] == ["kraken:BTC/USDT", "42"]


def test_a_prefix_is_no_part_of_the_topic() -> None:
    deliveries, refused = read(("desk:risk:a", b"{}"), prefix="desk:")
    assert deliveries == [Delivery([Update("risk", "a", {})])]
    assert refused == []


def test_removal_null_and_changed_levels_reach_the_board_as_they_were_said() -> None:
    board = Board("E")
    for channel, body in (
        ("risk:a", b'{"drawdown": 1, "leverage": 2}'),
        ("risk:a", b'{"drawdown": null}'),
        ("risk:b", b'{"drawdown": 1}'),
        ("risk:b", b'{"deleted": true}'),
        ("orders:42", b'{"status": "NEW"}'),
        ("orders:42", b'{"deleted": true}'),
        ("trades:X", b'{"trade_id": 1}'),
        ("trades:X", b'[{"trade_id": 2}, {"trade_id": 3}]'),
        ("orderbook:X", b'{"bids": [[1, 1], [2, 1]], "asks": []}'),
        ("orderbook:X", b'{"partial": true, "bids": [[2, 0], [3, 1]], "asks": [[4, 1]]}'),
    ):
        deliveries, refused = read((channel, body))
        assert refused == []
        assert board.apply(deliveries[0].updates[0])
    data = board.snapshot().data
    assert data["risk"] == {"a": {"leverage": 2}}
    assert data["orders"] == []
    assert [entry["trade_id"] for entry in data["trades"]["X"]] == ["1", "2", "3"]
    assert data["orderbook"]["X"] == {"bids": [[3, 1], [1, 1]], "asks": [[4, 1]]}


@pytest.mark.parametrize(
    ("channel", "body", "refused"),
    [
        ("orders:1", b"", ("orders", "not_json")),
        ("orders:1", b"{", ("orders", "not_json")),
        ("orders:1", b'{"a": NaN}', ("orders", "not_json")),
        ("orders:1", b"\xff\xfe", ("orders", "not_json")),
        ("orders:1", b"\x82\xa1a", ("orders", "not_msgpack")),
        ("orders:1", b"[" * 100_000, ("orders", "not_json")),
        ("orders:1", b"\x91" * 100_000, ("orders", "not_msgpack")),
        ("orders:1", b"1" * (LONGEST_PAYLOAD + 1), ("orders", "too_large")),
        ("batch:x", b"1" * (LONGEST_PAYLOAD + 1), ("batch", "too_large")),
        ("batch:x", b"{", ("batch", "not_json")),
        ("batch:x", b"[]", ("batch", "bad_batch")),
        ("batch:x", b"{}", ("batch", "bad_batch")),
        ("batch:x", b'{"updates": {}}', ("batch", "bad_batch")),
        ("batch:x", b'{"updates": [{"topic": "risk", "key": "a"}]}', ("batch", "bad_batch")),
        ("batch:x", b'{"updates": [{"topic": "risk", "key": true, "data": {}}]}', ("batch", "bad_batch")),
        ("weather:x", b"{}", ("other", "unknown_topic")),
        ("orders", b"{", ("orders", "not_json")),
        (b"orders:\xff", b"{}", ("other", "unknown_topic")),
        (f"orders:{'x' * LONGEST_CHANNEL}", b"{}", ("orders", "bad_key")),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(
    channel: str | bytes, body: bytes, refused: tuple[str, str]
) -> None:
    assert reason_of(channel, body) == refused


def test_a_batch_has_a_bound() -> None:
    whole = [Update("risk", str(number), {}) for number in range(MOST_UPDATES)]
    assert read(("batch:x", json.dumps(batch_of(*whole)).encode()))[0] == [Delivery(whole, atomic=True)]
    assert reason_of("batch:x", json.dumps(batch_of(*whole, whole[0])).encode()) == ("batch", "too_many_items")


def test_a_bad_message_harms_no_other() -> None:
    deliveries, refused = read(("risk:a", b"{}"), ("risk:b", b"{"), ("batch:x", b"{"), ("risk:c", b"{}"))
    assert deliveries == [Delivery([Update("risk", "a", {}), Update("risk", "c", {})])]
    assert [one.reason for one in refused] == ["not_json", "not_json"]


def test_ids_that_come_and_go_are_not_all_remembered() -> None:
    reader = MessageReader("", lambda refused: pytest.fail(str(refused)))
    for number in range(50_000):
        reader.read([(b"orders:%d" % number, b"{}")])
    assert len(reader._places) <= 16_384


_LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=8) | st.binary(max_size=4)
)  # fmt: skip
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | st.integers(0, 9), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
_CHANNELS = st.sampled_from([f"{topic}:{key}" for topic in (*TOPICS, "batch", "x") for key in ("", "a", "A/B", ":")])
_OBJECTS = st.dictionaries(
    st.sampled_from(
        ["last_price", "status", "bids", "asks", "partial", "deleted", "side", "balances", "order_id", "x"]
    ),
    _VALUES | st.lists(st.tuples(st.floats(), st.floats()), max_size=3),
    max_size=4,
)
_ENTRIES = st.fixed_dictionaries(
    {},
    optional={"topic": st.sampled_from(list(TOPICS)) | _VALUES, "key": st.text(max_size=3) | _VALUES, "data": _OBJECTS},
)
_BATCHES = st.fixed_dictionaries({"updates": st.lists(_ENTRIES, max_size=3)}, optional={"barrier": _VALUES})


def _enters(messages: list[tuple[str, bytes]]) -> None:
    """Hand all on to a board as an aggregator does: nothing but ``UpdateRejected`` may come of it, and no change is half."""
    deliveries, refused = read(*messages)
    board = Board("E")
    taken = 0
    for updates, atomic, *_ in deliveries:
        before = board.snapshot().data
        for some in [updates] if atomic else [[update] for update in updates]:
            taken += 1
            try:
                board.apply_all(some)
            except UpdateRejected:
                assert not atomic or board.snapshot().data == before
    assert taken + len(refused) == len(messages)
    snapshot = board.snapshot().data
    assert msgspec.json.decode(msgspec.json.encode(snapshot)) == msgspec.msgpack.decode(
        msgspec.msgpack.encode(snapshot)
    )


@given(st.lists(st.tuples(_CHANNELS, st.binary(max_size=40)), max_size=6))
def test_any_bytes_are_read_or_refused(messages: list[tuple[str, bytes]]) -> None:
    _enters(messages)


@given(st.lists(st.tuples(_CHANNELS, _VALUES | _OBJECTS | _BATCHES), max_size=6))
def test_any_messagepack_is_taken_or_refused(messages: list[tuple[str, Any]]) -> None:
    _enters([(channel, msgspec.msgpack.encode(value)) for channel, value in messages])


@given(st.lists(st.tuples(_CHANNELS, _VALUES | _OBJECTS | _BATCHES), max_size=6))
def test_any_json_is_taken_or_refused(messages: list[tuple[str, Any]]) -> None:
    _enters([(channel, msgspec.json.encode(value)) for channel, value in messages])


_PLAIN = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=6), _PLAIN, max_size=20) | st.lists(_PLAIN, max_size=20))
def test_both_encodings_say_the_same(value: Any) -> None:
    bodies = [encode(value) for encode in ENCODERS.values()]
    in_json, in_msgpack = (read(("risk:a", body)) for body in bodies)
    assert in_json == in_msgpack == ([Delivery([Update("risk", "a", value)])], [])
