"""The bound on fields per object: held to the letter, and never in the way of an update that does not grow."""

from __future__ import annotations

import pytest

from bigboard.board import Board, Limits, Update
from bigboard.errors import UpdateRejected

LIMITS = Limits(max_fields=4)


def board_with(topic: str, data: dict[str, object]) -> Board:
    board = Board("e", limits=LIMITS)
    board.apply(Update(topic, "X", data))
    board.commit(0)
    return board


def refused(board: Board, topic: str, data: dict[str, object]) -> str:
    before = board.snapshot().data
    with pytest.raises(UpdateRejected) as raised:
        board.apply(Update(topic, "X", data))
    assert board.snapshot().data == before
    return raised.value.reason


def test_an_object_among_the_fields_takes_a_place() -> None:
    board = board_with("account", {"balances": {}, "a": 1, "b": 1, "c": 1})
    assert refused(board, "account", {"d": 1}) == "too_many_fields"


def test_the_id_of_a_row_takes_a_place() -> None:
    board = board_with("orders", {"a": 1, "b": 1, "c": 1})
    assert refused(board, "orders", {"d": 1}) == "too_many_fields"
    assert refused(Board("e", limits=LIMITS), "orders", dict.fromkeys("abcd", 1)) == "too_many_fields"


@pytest.mark.parametrize("topic", ["risk", "orders", "orderbook"])
def test_a_full_object_still_changes_loses_and_swaps_fields(topic: str) -> None:
    board = board_with(
        topic, dict.fromkeys("abc", 1) | {"bids": [], "asks": []} if topic == "orderbook" else dict.fromkeys("abc", 1)
    )
    board.apply(Update(topic, "X", {"a": 2, "b": 2, "c": 2}))
    board.apply(Update(topic, "X", {"a": None, "d": 1}))
    board.apply(Update(topic, "X", dict.fromkeys("bcd")))
    assert board.commit(1) is not None


def test_a_nested_object_has_the_same_bound() -> None:
    board = board_with("account", {"balances": dict.fromkeys("abcd", 1)})
    assert refused(board, "account", {"balances": {"e": 1}}) == "too_many_fields"
    assert board.apply(Update("account", "X", {"balances": {"a": None, "e": {}}}))
