"""A batch lands whole or not at all, and then as its updates would one by one."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.board import Board, Limits, Update
from bigboard.errors import UpdateRejected

LIMITS = Limits(max_keys=2, max_fields=4)
GONE = {"deleted": True}


def board_with(*updates: Update) -> Board:
    board = Board("e", limits=LIMITS)
    for update in updates:
        board.apply(update)
    board.commit(0)
    return board


def is_refused_whole(board: Board, batch: list[Update]) -> str:
    before, sizes, anomalies = board.snapshot(), board.sizes(), board.anomalies()
    with pytest.raises(UpdateRejected) as raised:
        board.apply_all(batch)
    assert (board.snapshot(), board.sizes(), board.anomalies()) == (before, sizes, anomalies)
    assert board.commit(1) is None
    return raised.value.reason


@pytest.mark.parametrize("topic", ["risk", "orders", "orderbook"])
def test_updates_that_fit_alone_and_not_together_are_refused(topic: str) -> None:
    first, second = {"a": 1, "b": 1, "c": 1}, {"d": 1, "e": 1}
    board = board_with()
    assert is_refused_whole(board, [Update(topic, "X", first), Update(topic, "X", second)]) == "too_many_fields"
    board = board_with(Update(topic, "X", first))
    batch = [Update(topic, "X", {"a": 2}), Update(topic, "X", {"d": 1}), Update(topic, "X", {"e": 1})]
    assert is_refused_whole(board, batch) == "too_many_fields"


def test_nested_objects_are_counted_together_too() -> None:
    batch = [Update("account", "X", {"balances": {"a": {name: 1}}}) for name in "abcde"]
    assert is_refused_whole(board_with(), batch) == "too_many_fields"


def test_a_full_book_refuses_a_field_before_the_batch_starts() -> None:
    board = board_with(Update("orderbook", "X", {"bids": [], "asks": [], "a": 1, "b": 1, "c": 1, "d": 1}))
    batch = [Update("risk", "X", {"exposure": 1}), Update("orderbook", "X", {"e": 1})]
    assert is_refused_whole(board, batch) == "too_many_fields"


@pytest.mark.parametrize(
    ("topic", "data"),
    [
        ("risk", {"exposure": 1}),
        ("orderbook", {"bids": [], "asks": []}),
        ("orderbook", {"partial": True, "asks": [[1, 1]]}),
        ("trades", {"price": 1}),
    ],
)
def test_keys_are_counted_over_the_batch(topic: str, data: dict[str, Any]) -> None:
    batch = [Update(topic, key, data) for key in ("A", "B", "C")]
    assert is_refused_whole(board_with(), batch) == "too_many_keys"


@pytest.mark.parametrize(("topic", "data"), [("risk", {"exposure": 1}), ("orderbook", {"bids": [], "asks": []})])
def test_a_removal_makes_room_within_the_batch(topic: str, data: dict[str, Any]) -> None:
    board = board_with(Update(topic, "A", data), Update(topic, "B", data))
    assert board.apply_all([Update(topic, "A", GONE), Update(topic, "C", data)])
    assert set(board.snapshot().data[topic]) == {"B", "C"}
    assert board.apply_all([Update(topic, "B", GONE), Update(topic, "B", data), Update(topic, "B", GONE)])
    assert set(board.snapshot().data[topic]) == {"C"}


@pytest.mark.parametrize("topic", ["risk", "orderbook"])
def test_removing_what_is_not_there_is_no_fault_on_a_full_board(topic: str) -> None:
    data = {"a": 1}
    board = board_with(Update(topic, "A", data), Update(topic, "B", data))
    assert not board.apply(Update(topic, "C", GONE))
    assert board.apply_all([Update(topic, "A", {"a": 2}), Update(topic, "C", GONE)])


def test_an_update_without_effect_takes_no_place_in_the_batch() -> None:
    board = board_with(Update("trades", "A", {"price": 1}), Update("risk", "A", {"exposure": 1}))
    assert board.apply_all([Update("trades", "B", []), Update("trades", "C", {"price": 1})])
    assert board.apply_all([Update("risk", "B", {"exposure": None}), Update("risk", "C", {"exposure": 1})])


@pytest.mark.parametrize("topic", ["risk", "orders", "orderbook"])
def test_fields_start_anew_after_a_removal_in_the_batch(topic: str) -> None:
    board = board_with(Update(topic, "X", {"a": 1, "b": 1, "c": 1}))
    after = {"d": 1, "e": 1, "f": 1}
    assert board.apply_all([Update(topic, "X", {"a": 2}), Update(topic, "X", GONE), Update(topic, "X", after)])
    assert board.commit(1) is not None


def test_an_empty_batch_and_an_unknown_topic() -> None:
    assert not board_with().apply_all([])
    assert (
        is_refused_whole(board_with(), [Update("risk", "A", {"exposure": 1}), Update("nope", "A", {})])
        == "unknown_topic"
    )
