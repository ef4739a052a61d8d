"""How a refused request says what was wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """The body of a refusal: one sentence for people."""

    detail: str
