"""Where random conversations take their choices from: a seed for the fixtures, bytes of Hypothesis for the laws."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Choices", "Script", "Seeded"]

T = TypeVar("T")


class Choices(Protocol):
    """A run of choices."""

    def below(self, bound: int) -> int:
        """An integer from 0 to ``bound - 1``."""

    def pick(self, options: Sequence[T]) -> T:
        """One of several."""


class Seeded:
    """Choices of a seed: the same ones on every machine."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def below(self, bound: int) -> int:
        # Of all its methods ``random`` alone is promised to give the same numbers in every version of Python.
        return int(self._random.random() * bound)

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]


class Script:
    """Random bytes, read as choices; past the end every choice is the first. Fewer bytes make a plainer run."""

    def __init__(self, code: bytes) -> None:
        self._code = iter(code)
        self._left = len(code)

    @property
    def ended(self) -> bool:
        """Whether all bytes are used up."""
        return self._left <= 0

    def below(self, bound: int) -> int:
        self._left -= 1
        return next(self._code, 0) % bound

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]
