"""What waits for a write: merged per key, trades one by one, bounded, and every loss counted."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bigboard.board import Board
from bigboard.board.update import Update, UpdateBatch
from bigboard.collector.outbox import Outbox, Parcel


def _add(outbox: Outbox, *updates: Update, barrier: bool = False) -> None:
    outbox.add([UpdateBatch(list(updates), barrier)])


def _trades(first: int, last: int, key: str = "X") -> Update:
    return Update("trades", key, [{"trade_id": str(number)} for number in range(first, last)])


def _book(*bids: tuple[float, float], partial: bool = False) -> Update:
    data: dict[str, Any] = {"bids": list(bids), "asks": [(9.0, 1.0)], "timestamp": 1}
    return Update("orderbook", "X", {**data, "partial": True} if partial else data)


def test_a_row_that_changes_often_is_one_write() -> None:
    outbox = Outbox()
    for number in range(100):
        _add(outbox, Update("market_data", "X", {"last_price": float(number), f"f{number % 2}": number}))
    parcel = outbox.take(0.0)
    assert parcel.rows == {"X": {"last_price": 99.0, "f0": 98, "f1": 99}}
    assert outbox.conflated == 99
    assert not outbox.take(0.0)


def test_what_was_given_is_not_changed() -> None:
    outbox = Outbox()
    first = {"last_price": 1.0}
    _add(outbox, Update("market_data", "X", first), Update("market_data", "X", {"last_price": 2.0}))
    _add(outbox, Update("services", "s", first), Update("services", "s", {"last_price": 2.0}))
    assert first == {"last_price": 1.0}


def test_trades_are_never_merged_and_keep_their_order() -> None:
    outbox = Outbox()
    _add(outbox, _trades(0, 3), _trades(0, 2, "Y"), _trades(3, 5))
    parcel = outbox.take(0.0)
    assert [trade["trade_id"] for trade in parcel.trades["X"]] == ["0", "1", "2", "3", "4"]
    assert parcel.trade_count == 7


def test_the_oldest_trades_go_and_are_counted() -> None:
    outbox = Outbox(max_trades=10)
    _add(outbox, _trades(0, 8), _trades(8, 25))
    assert outbox.waiting_trades == 10
    assert outbox.lost_trades == 15
    assert [trade["trade_id"] for trade in outbox.take(0.0).trades["X"]] == [str(number) for number in range(15, 25)]


def test_a_book_goes_whole_then_by_its_changes_and_whole_again_in_time() -> None:
    outbox = Outbox(full_book_s=5.0)
    _add(outbox, _book((1.0, 1.0)), _book((2.0, 1.0), partial=True))
    assert outbox.take(0.0).books["X"] == {"bids": [(2.0, 1.0), (1.0, 1.0)], "asks": [(9.0, 1.0)], "timestamp": 1}
    _add(outbox, _book((3.0, 1.0), partial=True), _book((1.0, 0.0), (3.0, 2.0), partial=True))
    changes = outbox.take(1.0).books["X"]
    assert changes == {"bids": [(3.0, 2.0), (1.0, 0.0)], "asks": [(9.0, 1.0)], "timestamp": 1, "partial": True}
    assert not outbox.take(4.0)
    whole = outbox.take(5.0).books["X"]
    assert whole == {"bids": [(3.0, 2.0), (2.0, 1.0)], "asks": [(9.0, 1.0)], "timestamp": 1}


def test_a_book_that_waits_while_its_market_moves_is_bounded_and_goes_whole() -> None:
    outbox = Outbox(max_levels=20)
    _add(outbox, _book((1.0, 1.0)))
    outbox.take(0.0)
    most = 0
    for step in range(2, 2_000):
        _add(outbox, _book((float(step), 1.0), (float(step - 5), 0.0), partial=True))
        book = outbox._books["X"]
        most = max(most, len(book.bids) + len(book.asks))
    assert most <= 2 * 20
    whole = outbox.take(0.1).books["X"]
    assert "partial" not in whole
    assert whole["bids"] == [(float(step), 1.0) for step in range(1_999, 1_994, -1)]


def test_changes_of_a_book_that_was_never_seen_whole_wait_for_it() -> None:
    outbox = Outbox()
    _add(outbox, _book((2.0, 1.0), partial=True))
    assert not outbox.take(0.0)
    _add(outbox, _book((1.0, 1.0)))
    assert outbox.take(0.0).books["X"]["bids"] == [(1.0, 1.0)]


def test_a_closed_candle_is_kept_and_what_waited_of_it_is_not_said_after_its_end() -> None:
    outbox = Outbox()
    _add(outbox, Update("candles", "X/1m", {"close": 1.0, "closed": False}))
    _add(outbox, Update("candles", "X/1m", {"close": 2.0, "closed": True}), barrier=True)
    _add(outbox, Update("candles", "X/1m", {"close": 3.0, "closed": False}))
    parcel = outbox.take(0.0)
    assert [[update.data["close"] for update in updates] for updates in parcel.closings] == [[2.0]]
    assert parcel.others == {("candles", "X/1m"): {"close": 3.0, "closed": False}}


def test_closed_candles_are_bounded_and_counted() -> None:
    outbox = Outbox(max_closings=4)
    for number in range(5):
        _add(outbox, *[Update("candles", f"{key}/1m", {"close": number}) for key in "AB"], barrier=True)
    assert outbox.lost_closings == 6
    assert [updates[0].data["close"] for updates in outbox.take(0.0).closings] == [3, 4]


def test_a_parcel_that_did_not_arrive_is_said_again_but_for_its_trades() -> None:
    outbox = Outbox()
    _add(outbox, Update("market_data", "X", {"last_price": 1.0, "mode": "live"}), Update("services", "s", {"gaps": 1}))
    _add(outbox, _book((1.0, 1.0)), _trades(0, 3))
    _add(outbox, Update("candles", "X/1m", {"close": 1.0}), barrier=True)
    lost = outbox.take(0.0)
    _add(outbox, Update("market_data", "X", {"last_price": 2.0}), Update("services", "s", {"gaps": 2}), _trades(3, 4))
    outbox.put_back(lost)
    parcel = outbox.take(1.0)
    assert parcel.rows == {"X": {"last_price": 2.0, "mode": "live"}}
    assert parcel.others == {("services", "s"): {"gaps": 2}}
    assert parcel.books == lost.books
    assert parcel.closings == lost.closings
    assert parcel.trades == {"X": [{"trade_id": "3"}]}
    assert outbox.lost_trades == 3


def _candle(open_time: int, *, closed: bool) -> Update:
    return Update("candles", "X/1s", {"open_time": open_time, "close": 5.0, "closed": closed})


def test_a_candle_that_closed_while_a_write_was_under_way_stays_closed_when_the_write_fails() -> None:
    outbox = Outbox()
    _add(outbox, _candle(1_000, closed=False))
    under_way = outbox.take(0.0)
    _add(outbox, _candle(1_000, closed=True), barrier=True)
    outbox.put_back(under_way)
    parcel = outbox.take(1.0)
    assert parcel.closings == [[_candle(1_000, closed=True)]]
    assert parcel.others == {}


def test_a_candle_that_began_after_the_end_that_waits_is_said_again() -> None:
    outbox = Outbox()
    _add(outbox, _candle(1_000, closed=True), barrier=True)
    _add(outbox, _candle(2_000, closed=False))
    lost = outbox.take(0.0)
    outbox.put_back(lost)
    parcel = outbox.take(1.0)
    assert parcel.closings == [[_candle(1_000, closed=True)]]
    assert parcel.others == {("candles", "X/1s"): _candle(2_000, closed=False).data}


def test_everything_is_said_again_when_asked_for() -> None:
    outbox = Outbox()
    _add(
        outbox,
        Update("market_data", "X", {"last_price": 1.0}),
        Update("metrics", "X", {"spread": 1.0}),
        _book((1.0, 1.0)),
    )
    assert outbox.take_tickers() == {"X"}
    assert outbox.take_metrics() == {"X"}
    first = outbox.take(0.0)
    outbox.write_everything()
    assert outbox.take_tickers() == outbox.take_metrics() == {"X"}
    again = outbox.take(0.1)
    assert (again.rows, again.books, again.others) == (first.rows, first.books, first.others)


def test_rows_of_services_are_said_again_whole_and_candles_as_they_are_now() -> None:
    outbox = Outbox()
    _add(
        outbox, Update("services", "feed", {"kind": "feed", "status": "up", "age_ms": 0}), _candle(1_000, closed=False)
    )
    _add(outbox, Update("candles", "X/1m", {**_candle(0, closed=False).data, "trades": 7}))
    outbox.take(0.0)
    _add(outbox, Update("services", "feed", {"age_ms": 1_000, "detail": None}))
    _add(outbox, _candle(1_000, closed=True), barrier=True)
    outbox.take(1.0)
    outbox.say_everything()
    assert not outbox.keys_wait
    parcel = outbox.take(2.0)
    assert parcel.closings == []
    assert parcel.others == {
        ("services", "feed"): {"kind": "feed", "status": "up", "age_ms": 1_000, "detail": None},
        ("candles", "X/1s"): _candle(1_000, closed=True).data,
        ("candles", "X/1m"): {**_candle(0, closed=False).data, "trades": 7},
    }


def test_a_row_that_was_quiet_goes_at_once_and_then_rests() -> None:
    outbox = Outbox(interval_s=0.05)
    due: list[None] = []
    outbox.on_due = lambda: due.append(None)
    _add(outbox, Update("market_data", "X", {"last_price": 1.0}), _book((1.0, 1.0)))
    assert len(due) == 1
    assert outbox.take(10.0).rows == {"X": {"last_price": 1.0}}
    _add(outbox, Update("market_data", "X", {"last_price": 2.0}), _book((2.0, 1.0)))
    assert len(due) == 1, "nothing may be written yet"
    assert outbox.next_due_s() == 10.05
    _add(outbox, Update("market_data", "Y", {"last_price": 7.0}))
    assert outbox.take(10.02).rows == {"Y": {"last_price": 7.0}}, "another symbol need not wait"
    _add(outbox, Update("market_data", "X", {"last_price": 3.0}))
    parcel = outbox.take(10.05)
    assert (parcel.rows, parcel.books["X"]["bids"]) == ({"X": {"last_price": 3.0}}, [(2.0, 1.0)])
    assert not outbox.take(10.2)
    assert outbox.next_due_s() is None


_PRICES = st.integers(1, 6).map(float)
_LEVELS = st.lists(st.tuples(_PRICES, st.integers(0, 2).map(float)), max_size=3)
_UPDATES = st.one_of(
    st.builds(
        lambda key, name, value: Update("market_data", key, {"mode": "live", name: value}),
        st.sampled_from("XY"), st.sampled_from(["last_price", "bid_price"]), st.none() | _PRICES,
    ),
    st.builds(lambda levels: _book(*levels), _LEVELS),
    st.builds(lambda levels: _book(*levels, partial=True), _LEVELS),
    st.builds(lambda spread: Update("metrics", "X", {"uptime_seconds": 1, "spread": spread}), st.none() | _PRICES),
)  # fmt: skip


@given(st.lists(_UPDATES | st.sampled_from(["take", "take and lose"]), max_size=60), st.sampled_from([0.3, 0.02]))
def test_a_board_behind_it_ends_as_one_before_it(steps: list[Update | str], step_s: float) -> None:
    """The last state arrives whatever was merged, whatever rested and whatever writes failed."""
    outbox, before, behind = Outbox(), Board("E"), Board("E")
    time_s = 0.0
    known = False
    for step in [*steps, "take", "take"]:
        time_s += step_s
        if isinstance(step, Update):
            known = known or (step.topic == "orderbook" and "partial" not in step.data)
            if step.topic != "orderbook" or known:
                before.apply_all([step])
            _add(outbox, step)
        elif step == "take":
            _apply(behind, outbox.take(time_s))
        else:
            outbox.put_back(outbox.take(time_s))
    _apply(behind, outbox.take(time_s + 1.0))
    for board in (before, behind):
        board.commit(1)
    assert behind.snapshot().data == before.snapshot().data


def _apply(board: Board, parcel: Parcel) -> None:
    for topic, data in (("market_data", parcel.rows), ("orderbook", parcel.books)):
        board.apply_all([Update(topic, key, value) for key, value in data.items()])
    board.apply_all([Update(topic, key, value) for (topic, key), value in parcel.others.items()])
