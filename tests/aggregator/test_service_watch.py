"""A service that has stopped to report is said to be stale, each by its own rhythm."""

from __future__ import annotations

from bigboard.aggregator.service_watch import ServiceWatch
from bigboard.board import Update


def _row(name: str = "collector", **data: object) -> Update:
    return Update("services", name, {"status": "up", **data})


def _reports(watch: ServiceWatch, every_s: float, count: int, name: str = "collector") -> float:
    for number in range(count):
        watch.note([_row(name)], number * every_s)
    return (count - 1) * every_s


def test_three_times_its_own_rhythm_is_too_long() -> None:
    watch = ServiceWatch()
    last = _reports(watch, 2.0, 5)
    assert watch.overdue(last + 6.0) == []
    (stale,) = watch.overdue(last + 6.1)
    assert stale.key == "collector"
    assert stale.data["status"] == "stale"
    assert "6 s" in stale.data["detail"]
    assert watch.overdue(last + 60) == [], "said once"


def test_a_quick_one_has_three_seconds_at_least() -> None:
    watch = ServiceWatch()
    last = _reports(watch, 0.1, 50)
    assert watch.overdue(last + 2.9) == []


def test_one_that_reported_once_gets_the_time_of_the_slowest() -> None:
    watch = ServiceWatch()
    watch.note([_row()], 0.0)
    assert watch.overdue(39.0) == []
    assert len(watch.overdue(41.0)) == 1


def test_it_comes_back_with_its_next_report_and_its_absence_is_no_rhythm() -> None:
    watch = ServiceWatch()
    last = _reports(watch, 1.0, 5)
    assert len(watch.overdue(last + 100)) == 1
    watch.note([_row()], last + 100)
    assert watch.overdue(last + 102.9) == []
    assert len(watch.overdue(last + 103.1)) == 1


def test_one_that_was_removed_is_not_missed_and_others_topics_do_not_count() -> None:
    watch = ServiceWatch()
    _reports(watch, 1.0, 3)
    watch.note([Update("services", "collector", {"deleted": True}), Update("risk", "main", {"exposure": 1})], 3.0)
    assert watch.overdue(1_000.0) == []


def test_one_that_is_silent_for_long_leaves_the_board() -> None:
    watch = ServiceWatch(forget_s=600.0)
    watch.note([Update("services", "gone", {"status": "up"})], 0.0)
    assert [update.data["status"] for update in watch.overdue(60.0)] == ["stale"]
    assert watch.overdue(600.0) == []
    assert watch.overdue(601.0) == [Update("services", "gone", {"deleted": True})]
    assert watch.overdue(700.0) == []


def test_those_that_need_no_watching_are_left_alone() -> None:
    watch = ServiceWatch(but={"own"})
    watch.note([Update("services", "own", {"status": "up"})], 0.0)
    assert watch.overdue(10_000.0) == []
