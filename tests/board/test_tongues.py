"""Law 5, same in every tongue: what a client reads from JSON or from MessagePack rebuilds the same state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given

from board.histories import History, histories
from board.playing import cursors, play, same
from board.reference import Replica

if TYPE_CHECKING:
    from collections.abc import Callable

Tongue = tuple["Callable[[Any], bytes]", "Callable[[bytes], Any]"]
JSON: Tongue = (msgspec.json.encode, msgspec.json.decode)
MESSAGEPACK: Tongue = (msgspec.msgpack.encode, msgspec.msgpack.decode)


@pytest.mark.parametrize("tongue", [JSON, MESSAGEPACK], ids=["JSON", "MessagePack"])
@given(history=histories())
def test_the_state_survives_the_wire(tongue: Tongue, history: History) -> None:
    encode, decode = tongue
    played = play(history)
    board = played.board
    now = board.snapshot().data
    assert same(decode(encode(now)), now)
    for since in cursors(board):
        replica = Replica(decode(encode(played.snapshots[since].data)), tape_length=history.limits.tape_length)
        diff = board.diff(since)
        if diff is not None:
            replica.merge(decode(encode(diff.changes)))
        assert same(replica.state, now), f"from {since}"


@given(histories())
def test_nothing_but_plain_values_is_stored(history: History) -> None:
    """PROTOCOL section 3: maps with string keys, float64, integers, strings, booleans and arrays alone, and no null."""
    only_plain(play(history).board.snapshot().data)


def only_plain(value: object) -> None:
    assert type(value) in {dict, list, str, int, float, bool}
    if isinstance(value, dict):
        assert all(type(name) is str for name in value)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            only_plain(item)
