"""Order books: levels, their bound, what looks wrong and is shown all the same."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.board import Board, Diff, Limits, Update
from bigboard.errors import UpdateRejected


def put(board: Board, data: Any) -> Diff | None:
    board.apply(Update("orderbook", "X", data))
    return board.commit(0)


def levels(board: Board) -> tuple[list[list[float]], list[list[float]]]:
    book = board.snapshot().data["orderbook"]["X"]
    return book["bids"], book["asks"]


def board_with(bids: list[list[float]], asks: list[list[float]], most: int = 3) -> Board:
    board = Board("e", limits=Limits(max_levels=most))
    put(board, {"bids": bids, "asks": asks})
    return board


def test_the_state_is_best_first_whatever_came() -> None:
    board = board_with([[9, 1], [10, 2]], [[12, 1], [11, 2]])
    assert levels(board) == ([[10, 2], [9, 1]], [[11, 2], [12, 1]])


def test_a_partial_book_sets_and_removes_levels_and_leaves_the_rest() -> None:
    board = board_with([[10, 1], [9, 1]], [[11, 1]])
    diff = put(board, {"partial": True, "bids": [[10, 0], [8, 3]]})
    assert diff is not None
    assert sorted(diff.changes["orderbook"]["X"]["bids"]) == [[8, 3], [10, 0]]
    assert "asks" not in diff.changes["orderbook"]["X"]
    assert levels(board) == ([[9, 1], [8, 3]], [[11, 1]])


def test_a_full_book_is_the_whole_book() -> None:
    board = board_with([[10, 1], [9, 1]], [[11, 1]])
    put(board, {"bids": [[9, 1], [8, 0]], "asks": []})
    assert levels(board) == ([[9, 1]], [])


def test_an_empty_book_is_a_book() -> None:
    board = board_with([], [])
    assert levels(board) == ([], [])
    one_sided = Board("e")
    put(one_sided, {"partial": True, "asks": []})
    assert levels(one_sided) == ([], [])


def test_one_side_alone_needs_to_be_partial() -> None:
    with pytest.raises(UpdateRejected, match="partial"):
        put(Board("e"), {"bids": []})


def test_the_worst_levels_go() -> None:
    board = board_with([[10, 1], [7, 1], [9, 1], [8, 1]], [[14, 1], [11, 1], [13, 1], [12, 1]])
    assert levels(board) == ([[10, 1], [9, 1], [8, 1]], [[11, 1], [12, 1], [13, 1]])
    put(board, {"partial": True, "bids": [[9.5, 2]], "asks": [[11, 0], [15, 1]]})
    assert levels(board) == ([[10, 1], [9.5, 2], [9, 1]], [[12, 1], [13, 1], [15, 1]])


@pytest.mark.parametrize("partial", [True, False])
def test_levels_past_the_bound_are_no_change(partial: bool) -> None:
    bids: list[list[float]] = [[10, 1], [9, 1], [8, 1]]
    board = board_with(bids, [])
    assert put(board, {"partial": partial, "bids": [*bids, [7, 1], [6, 1]], "asks": []}) is None


def test_a_full_book_past_the_bound_sends_what_changed_alone() -> None:
    board = board_with([[10, 1], [9, 1], [8, 1], [7, 1]], [])
    diff = put(board, {"bids": [[10, 5], [9, 1], [8, 1], [7, 1]], "asks": []})
    assert diff is not None
    assert diff.changes["orderbook"]["X"] == {"bids": [[10, 5]]}


@pytest.mark.parametrize("partial", [True, False])
def test_of_a_price_that_comes_twice_the_last_size_counts(partial: bool) -> None:
    board = board_with([[10, 1], [9, 1]], [])
    assert put(board, {"partial": partial, "bids": [[10, 7], [9, 1], [10, 1]], "asks": []}) is None
    put(board, {"partial": partial, "bids": [[10, 1], [9, 7], [9, 0]], "asks": []})
    assert levels(board) == ([[10, 1]], [])


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        ([1, -1], "negative"),
        ([1, float("nan")], "not_finite"),
        ([float("inf"), 1], "not_finite"),
        ([10**400, 1], "not_finite"),
        ([10**5000, 1], "not_finite"),
        ([1, -(10**300)], "negative"),
        ([2**53, 1], "out_of_range"),
        ([1, 2**53], "out_of_range"),
        ([1, True], "wrong_type"),
        (["1", "2"], "wrong_type"),
        ("12", "wrong_type"),
        ([1], "wrong_type"),
        ([1, 1, 1], "wrong_type"),
        (7, "wrong_type"),
        (None, "wrong_type"),
        ({1.0: 2.0, 3.0: 4.0}, "wrong_type"),
        (iter((1.0, 2.0)), "wrong_type"),
    ],
)
@pytest.mark.parametrize("partial", [True, False])
def test_a_level_that_is_none(partial: bool, level: object, reason: str) -> None:
    board = board_with([[10, 1]], [[11, 1]])
    before = board.snapshot()
    with pytest.raises(UpdateRejected) as raised:
        put(board, {"partial": partial, "bids": [[5, 5], [4, 4]], "asks": [[12, 1], level]})
    assert raised.value.reason == reason
    assert board.snapshot() == before


def test_too_many_levels_in_one_update() -> None:
    board = Board("e", limits=Limits(max_items=1))
    with pytest.raises(UpdateRejected) as raised:
        put(board, {"bids": [[price, 1] for price in range(11)], "asks": []})
    assert raised.value.reason == "too_many_items"


def test_a_crossed_book_is_counted_and_stored_as_it_is() -> None:
    board = board_with([[12, 1]], [[11, 1]])
    assert board.anomalies() == {"crossed_book": 1}
    assert levels(board) == ([[12, 1]], [[11, 1]])
    put(board, {"partial": True, "bids": [[11, 2]]})
    put(board, {"update_id": 5})
    assert board.anomalies() == {"crossed_book": 2}
    put(board, {"partial": True, "bids": [[12, 0], [11, 0], [10, 1]]})
    put(board, {"partial": True, "asks": [[10, 1]]})
    assert board.anomalies() == {"crossed_book": 3}


def test_an_unsorted_book_is_counted_and_a_partial_one_has_no_order() -> None:
    board = board_with([[9, 1], [10, 1]], [[11, 1], [11, 2]])
    assert board.anomalies() == {"unsorted_book": 2}
    put(board, {"partial": True, "bids": [[1, 1], [2, 1]]})
    assert board.anomalies() == {"unsorted_book": 2}
