"""Diffs put together from shared pieces say just what diffs made alone say."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import Board, Limits, Selection, Subscription, Update
from bigboard.errors import CursorUnavailable
from bigboard.wire import Format, Frames
from bigboard.wire.changes import Changes
from bigboard.wire.codec import encode
from bigboard.wire.fragments import Fragments
from wire.choices import Seeded
from wire.random_updates import random_subscription, random_update
from wire.talking import decoded

if TYPE_CHECKING:
    from collections.abc import Callable


def _board(choices: Seeded, commits: int) -> Board:
    board = Board("E", limits=Limits(max_tombstones=3, tape_length=4, max_rows=3))
    for number in range(commits):
        for _ in range(1 + choices.below(6)):
            board.apply(random_update(choices))
        board.commit(number)
    return board


def _answer(ask: Callable[[], dict[str, Any] | None]) -> Any:
    """What a question gives. The order of rows has a test of its own: that of rows which are not new is free."""
    try:
        changes = ask()
    except CursorUnavailable:
        return "too far back"
    if changes is None:
        return None
    return {topic: sorted(map(repr, part)) if isinstance(part, list) else part for topic, part in changes.items()}


@given(st.integers(0, 2**32), st.sampled_from(Format))
def test_pieces_say_what_a_diff_alone_says(seed: int, form: Format) -> None:
    choices = Seeded(seed)
    board = _board(choices, 12)
    frames = Frames(board)
    for since in range(board.sequence + 1):
        for _ in range(4):
            names = [Subscription.parse(random_subscription(choices)) for _ in range(1 + choices.below(4))]
            selection = Selection(names)

            def alone(since: int = since, selection: Selection = selection) -> dict[str, Any] | None:
                diff = board.diff(since, selection)
                return None if diff is None else _through(diff.changes, form)

            def shared(since: int = since, selection: Selection = selection) -> dict[str, Any] | None:
                frame = frames.diff(form, selection, since)
                return None if frame is None else decoded(frame)["changes"]

            assert _answer(shared) == _answer(alone)


def _through(changes: dict[str, Any], form: Format) -> dict[str, Any]:
    """Changes as they come out of an encoding."""
    return decoded(encode(changes, form))


@pytest.mark.parametrize("form", Format)
def test_rows_keep_their_order(form: Format) -> None:
    board = Board("E")
    numbers = list(range(40))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        board.apply(Update("orders", str(number), {"price": 1}))
    board.commit(1)
    for number in (7, 3):
        board.apply(Update("orders", str(number), {"deleted": True}))
        board.commit(2)
        board.apply(Update("orders", str(number), {"price": 2}))
        board.commit(3)
    names = [Subscription("orders", str(number)) for number in (3, 7, 12, 30)]
    for since in (0, 1, 3):
        frame = Fragments(Changes(board, since), form, "now").diff(Selection(names))
        assert frame is not None
        diff = board.diff(since, Selection(names))
        assert diff is not None
        shared = decoded(frame)["changes"]["orders"]
        new = [row for row in diff.changes["orders"] if "deleted" not in row]
        assert [row for row in shared if "deleted" not in row] == new
        assert all("deleted" in row for row in shared[: len(shared) - len(new)])


def test_a_hundred_watch_lists_share_the_pieces() -> None:
    board = Board("E")
    for number in range(20):
        board.apply(Update("market_data", f"K{number}", {"last_price": number}))
    board.commit(1)
    frames = Frames(board)
    choose = random.Random(2)
    for _ in range(100):
        keys = choose.sample(range(20), 8)
        selection = Selection([Subscription("market_data", f"K{key}") for key in keys])
        frame = frames.diff(Format.MSGPACK, selection, 0)
        assert frame is not None
        assert decoded(frame)["changes"]["market_data"] == {f"K{key}": {"last_price": key} for key in keys}
    assert frames.fragments == 20
    board.apply(Update("market_data", "K1", {"last_price": 100}))
    board.commit(2)
    assert frames.diff(Format.MSGPACK, Selection([Subscription("market_data", "K1")]), 1) is not None
    assert frames.fragments == 20


def test_one_that_comes_back_alone_has_nothing_cut_for_it() -> None:
    board = Board("E")
    for number in range(100):
        board.apply(Update("market_data", f"K{number}", {"last_price": number}))
        board.commit(number)
    frames = Frames(board)
    for since in range(100):
        frames.diff(Format.JSON, Selection([Subscription("market_data", "K99")]), since)
    assert frames.fragments == 0
    assert len(frames._asked) <= 64


def test_frames_of_many_watch_lists_are_not_kept() -> None:
    board = Board("E")
    for number in range(1_000):
        board.apply(Update("market_data", f"K{number}", {"last_price": number}))
    board.commit(1)
    fragments = Fragments(Changes(board, 0), Format.JSON, "now")
    for number in range(1_000):
        assert fragments.diff(Selection([Subscription("market_data", f"K{number}")])) is not None
    assert fragments.encodings == 1_000
    assert len(fragments._frames) <= 64


def test_equal_heartbeats_are_one_frame() -> None:
    board = Board("E")
    frames = Frames(board)
    first = frames.heartbeat(Format.JSON, board.cursor, 5)
    assert frames.heartbeat(Format.JSON, board.cursor, 5) is first
    assert frames.heartbeat(Format.MSGPACK, board.cursor, 5) is not first
    assert decoded(frames.heartbeat(Format.JSON, board.cursor, 1_005))["timestamp"] == "1970-01-01T00:00:01.005Z"
