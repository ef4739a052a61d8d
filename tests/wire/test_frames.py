"""One diff and one encoding for all who ask the same."""

from __future__ import annotations

import pytest

from bigboard.board import Board, Limits, Selection, Subscription, Update
from bigboard.errors import CursorUnavailable
from bigboard.wire import Format, Frames, Instant, ServerSession
from wire.talking import decoded

ORDERS = Selection([Subscription("orders")])
BOTH = ("orders", "risk:main")


def _board() -> Board:
    board = Board("E", limits=Limits(max_tombstones=1))
    for price in range(3):
        board.apply(Update("orders", "1", {"price": price}))
        board.commit(price)
    return board


@pytest.mark.parametrize("askers", [1, 10, 1_000])
def test_equal_questions_get_the_very_same_frame(askers: int) -> None:
    frames = Frames(_board())
    for form in Format:
        answers = {id(frames.diff(form, ORDERS, 1)) for _ in range(askers)}
        assert len(answers) == 1
    assert frames.encodings == 2


def test_equal_selections_are_equal_questions_whatever_their_order() -> None:
    frames = Frames(_board())
    first = Selection([Subscription.parse(name) for name in BOTH])
    second = Selection([Subscription.parse(name) for name in reversed(BOTH)])
    assert frames.diff(Format.JSON, first, 1) is frames.diff(Format.JSON, second, 1)


def test_format_selection_and_cursor_make_a_question() -> None:
    frames = Frames(_board())
    for form in Format:
        for since in (0, 1, 2):
            for selection in (ORDERS, Selection([Subscription("orders", "1")])):
                frame = frames.diff(form, selection, since)
                assert frame is not None
                assert decoded(frame)["since"] == since
    assert frames.encodings == 12


def test_that_nothing_changed_is_found_out_once_and_costs_no_encoding() -> None:
    frames = Frames(_board())
    assert frames.diff(Format.JSON, Selection([Subscription("risk")]), 0) is None
    assert frames.diff(Format.JSON, ORDERS, 3) is None
    assert frames.encodings == 0


def test_a_commit_makes_old_answers_void() -> None:
    board = _board()
    frames = Frames(board)
    before = frames.diff(Format.JSON, ORDERS, 1)
    board.apply(Update("orders", "1", {"price": 9}))
    board.commit(9)
    after = frames.diff(Format.JSON, ORDERS, 1)
    assert before is not None
    assert after is not None
    assert (decoded(before)["sequence"], decoded(after)["sequence"]) == (3, 4)


def test_a_new_epoch_makes_old_answers_void() -> None:
    board = _board()
    frames = Frames(board)
    frames.diff(Format.JSON, ORDERS, 3)
    other = _board()
    other.cursor = other.cursor._replace(epoch="F")
    board.load(other.snapshot())
    with pytest.raises(CursorUnavailable):
        frames.diff(Format.JSON, ORDERS, 1)


def test_a_cursor_that_cannot_be_diffed_from_is_no_answer_to_keep() -> None:
    frames = Frames(_board())
    for _ in range(2):
        with pytest.raises(CursorUnavailable):
            frames.diff(Format.JSON, ORDERS, 4)


def test_the_cache_is_bounded() -> None:
    frames = Frames(_board())
    for key in range(10_000):
        frames.diff(Format.JSON, Selection([Subscription("orders", str(key))]), 0)
    assert len(frames._diffs) <= 4_097


def test_a_thousand_sessions_share_one_encoding() -> None:
    board = _board()
    frames = Frames(board)
    sessions = [ServerSession(frames) for _ in range(1_000)]
    now = Instant(0.0, 10)
    for session in sessions:
        session.receive('{"action":"subscribe","subscriptions":["orders"]}', now)
    before = frames.encodings
    board.apply(Update("orders", "1", {"price": 9}))
    board.commit(9)
    assert len({id(session.update(now)) for session in sessions}) == 1
    assert frames.encodings - before == 1


def test_a_new_epoch_costs_one_state_for_all_who_hold_the_same() -> None:
    board = _board()
    frames = Frames(board)
    sessions = [ServerSession(frames) for _ in range(100)]
    now = Instant(0.0, 10)
    for session in sessions:
        session.receive('{"action":"subscribe","subscriptions":["orders","risk"]}', now)
    other = _board()
    other.cursor = other.cursor._replace(epoch="F")
    board.load(other.snapshot())
    before = frames.encodings
    assert len({id(session.update(now)) for session in sessions}) == 1
    assert frames.encodings - before == 1
    board.apply(Update("orders", "1", {"price": 9}))
    board.commit(11)
    session = ServerSession(frames)
    session.receive('{"action":"subscribe","subscriptions":["orders","risk"]}', now)
    assert decoded(session.outgoing()[1])["data"]["orders"] == [{"order_id": "1", "price": 9}]


def test_before_the_first_commit_a_state_tells_its_own_moment() -> None:
    frames = Frames(Board("E"))
    stamps = [decoded(frames.state(Format.JSON, ORDERS, [Subscription("orders")], ms))["timestamp"] for ms in (1, 2)]
    assert stamps == ["1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.002Z"]


def test_the_states_kept_are_bounded() -> None:
    frames = Frames(_board())
    for key in range(1_000):
        frames.state(Format.JSON, ORDERS, [Subscription("orders", str(key))], 0)
    assert len(frames._states) <= 32
