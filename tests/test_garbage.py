"""The rhythm of the collector of cycles: rare, but nothing dead stays for ever."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING

import pytest

from bigboard.garbage import Garbage

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Clock:
    def __init__(self) -> None:
        self.seconds = 1_000.0

    def epoch_ms(self) -> int:
        return round(self.seconds * 1_000)

    def monotonic_s(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        if self.seconds > 6_000:
            raise TimeoutError


class _Scene:
    def __init__(self) -> None:
        self.clock = _Clock()
        self.present = 0
        self.left = 0
        self.garbage = Garbage(self.clock, present=lambda: self.present, left=lambda: self.left)

    def deep(self) -> int:
        """Deep collections since the last question."""
        before, self._before = getattr(self, "_before", 0), self.garbage.deep_collections
        return self._before - before


class _Knot:
    """Holds itself, so that only the collector can free it."""

    def __init__(self) -> None:
        self.self = self


@pytest.fixture
def scene() -> Iterator[_Scene]:
    scene = _Scene()
    with scene.garbage.tamed():
        scene.deep()
        yield scene


def _churn() -> None:
    """Make enough containers that live for a collection of the middle generation."""
    kept: list[list[int]] = []
    while gc.get_count()[1] < gc.get_threshold()[1]:
        kept.append([])
    kept += [[] for _ in range(2 * gc.get_threshold()[0])]


def test_who_survives_is_not_visited_again(scene: _Scene) -> None:
    frozen = gc.get_freeze_count()
    kept = [[number] for number in range(1_000)]
    _churn()
    assert gc.get_freeze_count() >= frozen + len(kept)
    assert not any(thing is kept[0] for thing in gc.get_objects())


def test_a_full_collection_never_starts_by_itself(scene: _Scene) -> None:
    full = gc.get_stats()[2]["collections"]
    for _ in range(5):
        _churn()
    assert gc.get_stats()[2]["collections"] == full


def test_young_cycles_die_without_a_deep_collection(scene: _Scene) -> None:
    knot = weakref.ref(_Knot())
    _churn()
    assert knot() is None


def test_a_cycle_that_died_frozen_goes_with_the_next_deep_collection(scene: _Scene) -> None:
    knot = _Knot()
    seen = weakref.ref(knot)
    gc.freeze()
    del knot
    _churn()
    assert seen() is not None
    scene.clock.seconds += 61
    scene.garbage.look()
    assert seen() is None


def test_an_object_in_no_cycle_goes_at_once_also_when_frozen(scene: _Scene) -> None:
    knot = _Knot()
    seen = weakref.ref(knot)
    gc.freeze()
    del knot.self, knot
    assert seen() is None


def test_without_clients_it_is_made_once_a_minute(scene: _Scene) -> None:
    for _ in range(180):
        scene.clock.seconds += 1
        scene.garbage.look()
    assert scene.deep() == 3


def test_with_clients_it_waits_until_as_many_have_left(scene: _Scene) -> None:
    scene.present = 5_000
    for _ in range(100):
        scene.clock.seconds += 1
        scene.left += 49
        scene.garbage.look()
    assert scene.deep() == 0
    scene.left += 100
    scene.garbage.look()
    assert scene.deep() == 1
    scene.garbage.look()
    assert scene.deep() == 0


def test_a_few_that_come_and_go_do_not_count(scene: _Scene) -> None:
    scene.present, scene.left = 3, 999
    scene.garbage.look()
    assert scene.deep() == 0


async def test_whatever_happens_it_is_made_once_an_hour(scene: _Scene) -> None:
    scene.present = 100
    with pytest.raises(TimeoutError):
        await scene.garbage.run()
    assert scene.deep() == 1


def test_afterwards_the_collector_is_as_before() -> None:
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    with _Scene().garbage.tamed():
        assert gc.get_threshold() != thresholds
    assert (gc.get_threshold(), gc.callbacks, gc.get_freeze_count()) == (thresholds, callbacks, 0)
