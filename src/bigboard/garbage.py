"""Keeps Python's collector of cycles from stopping the world.

Objects die when nobody refers to them any more; the collector is only for those that refer to each other. To find these it
visits every container that is alive, and while it does, nothing else runs. Ten thousand clients are half a million
containers: 100 to 250 ms at each full collection, several times a minute, and hardly ever anything found.

Three measures:

- *Young objects* are looked at less often. A tick of ten thousand groups makes some thousand containers that are gone a
  moment later; with Python's own threshold of 700 that is a hundred vain collections a second, a tenth of the time.
- *Who has survived is frozen*: moved to where the collector does not look. So each object is visited once or twice in its
  life, and a collection is as long as what came since the last one, not as long as everything.
- *A deep collection* thaws everything and looks at all of it, because a cycle may have died while it was frozen. The
  connections take care to leave no cycles, so this is for what we and the libraries have overlooked. It is made where it
  harms nobody, when no client is there; else only after as many clients have left as could fill the memory again, and
  after a long time.

A frozen object that nobody refers to any more is freed at once, as ever.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bigboard.clock import Clock

__all__ = ["Garbage"]

_YOUNG = 20_000
"""Containers made beyond those freed that start a collection of the young: about a millisecond."""
_MIDDLE = 5
"""Collections of the young until those that survived them are looked at once more, and frozen."""
_NEVER = 1_000_000_000

_LOOK_S = 1.0
_FEWEST_LEFT = 1_000
_IDLE_S = 60.0
_BUSY_S = 3_600.0


class Garbage:
    """The collector's rhythm. There is one collector in a process, so only one of these may be ``tamed`` at a time.

    ``present`` tells how many clients are here, ``left`` how many have left since the start. A role without clients is
    never idle: it says neither.
    """

    def __init__(
        self, clock: Clock, *, present: Callable[[], int] = lambda: 1, left: Callable[[], int] = lambda: 0
    ) -> None:
        self.deep_collections = 0
        self._clock = clock
        self._present = present
        self._left = left
        self._left_before = left()
        self._at = clock.monotonic_s()

    @contextmanager
    def tamed(self) -> Iterator[None]:
        """Hold the collector to this rhythm; afterwards it is as it was before."""
        thresholds = gc.get_threshold()
        self.collect_deeply()
        gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
        gc.callbacks.append(_freeze_survivors)
        try:
            yield
        finally:
            gc.callbacks.remove(_freeze_survivors)
            gc.set_threshold(*thresholds)
            gc.unfreeze()

    async def run(self) -> None:
        """Look for ever whether a deep collection is due."""
        while True:
            await self._clock.sleep(_LOOK_S)
            self.look()

    def look(self) -> None:
        """Collect deeply if it is due."""
        if self._is_due():
            self.collect_deeply()

    def collect_deeply(self) -> None:
        """Visit everything, free what lies in dead cycles, and freeze the rest."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self.deep_collections += 1
        self._left_before = self._left()
        self._at = self._clock.monotonic_s()

    def _is_due(self) -> bool:
        present = self._present()
        left = self._left() - self._left_before
        since_s = self._clock.monotonic_s() - self._at
        if not present:
            return since_s >= _IDLE_S
        return left >= max(_FEWEST_LEFT, present) or since_s >= _BUSY_S


def _freeze_survivors(phase: str, info: dict[str, int]) -> None:
    if phase == "stop" and info["generation"] == 1:
        gc.freeze()
