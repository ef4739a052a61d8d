"""How long a scenario lasts: seconds in `make test`, as long as an operator would fear in `make soak`."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["SOAK", "length_s"]

SOAK: Final = os.environ.get("SOAK") == "1"


def length_s(short: float, soak: float) -> float:
    """The one or the other."""
    return soak if SOAK else short
