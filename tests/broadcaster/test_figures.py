"""What an operator can ask of a broadcaster."""

from __future__ import annotations

from dataclasses import asdict

from bigboard.board import Update
from bigboard.wire import CloseCode, Format
from broadcaster.stage import Stage


def _price(price: float, key: str = "BTCUSDT") -> Update:
    return Update("market_data", key, {"last_price": price})


def test_clients_are_told_by_class_and_format() -> None:
    stage = Stage()
    members = [stage.join("market_data", format=form) for form in (Format.JSON, Format.JSON, Format.MSGPACK)]
    figures = stage.broadcaster.figures()
    assert figures.clients == {("web", "json"): 2, ("web", "msgpack"): 1}
    assert (figures.groups, figures.phases) == (2, 2)
    for member in [*members, members[0]]:
        stage.broadcaster.remove(member)
    assert stage.broadcaster.figures().clients.total() == 0


def test_frames_and_bytes_are_told_by_class_also_within_one_group() -> None:
    stage = Stage()
    members = [stage.join("market_data", client_class=kind) for kind in ("web", "tui", "web", "api")]
    assert stage.broadcaster.groups == 1
    for price in range(5):
        stage.commit(_price(price))
        stage.advance(1)
    stage.advance(6)  # heartbeats count too
    members[1].stuck = True
    stage.commit(_price(99))
    stage.advance(1)
    members[1].stuck = False
    stage.broadcaster.remove(members[3])  # what it was sent stays counted
    figures = stage.broadcaster.figures()
    for kind in ("web", "tui", "api"):
        frames = [frame for member in members if member.client_class == kind for frame in member.frames]
        assert figures.sent[kind].frames == len(frames) > 8
        assert figures.sent[kind].bytes == sum(len(frame.payload) for frame in frames)


def test_a_catch_up_is_counted_once() -> None:
    stage = Stage()
    slow, _ = stage.join("market_data"), stage.join("market_data")
    stage.advance(1)
    slow.stuck = True
    for price in range(20):
        stage.commit(_price(price))
        stage.advance(0.1)
    assert stage.broadcaster.figures().counters.catch_ups == 0
    slow.stuck = False
    stage.advance(0.5)
    assert stage.broadcaster.figures().counters.catch_ups == 1
    stage.commit(_price(99))
    stage.advance(0.5)
    assert stage.broadcaster.figures().counters.catch_ups == 1
    assert stage.exact(slow)


def test_encodings_and_shared_pieces_are_told() -> None:
    stage = Stage()
    for number in range(10):
        stage.join(f"market_data:K{number}", "market_data:BTCUSDT")
    stage.advance(1)
    before = stage.broadcaster.figures()
    stage.commit(_price(1))
    figures = stage.broadcaster.figures()
    assert figures.encodings - before.encodings == 10
    assert figures.fragments - before.fragments == 1


def test_ends_are_counted_by_code_and_strange_codes_together() -> None:
    stage = Stage()
    for code in (1000, 1000, CloseCode.TOO_SLOW, 3_000, 4_999):
        stage.broadcaster.ended(code)
    assert stage.broadcaster.figures().closes == {1000: 2, CloseCode.TOO_SLOW: 1, 0: 2}


def test_the_totals_are_plain_numbers() -> None:
    assert set(map(type, asdict(Stage().broadcaster.counters).values())) == {int}
