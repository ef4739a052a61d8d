"""What all parts of one load share while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bigboard.load.clock_offset import ServerClock
from bigboard.load.tally import Tally

if TYPE_CHECKING:
    import asyncio

    from bigboard.load.plan import LoadPlan
    from bigboard.load.target import Target

__all__ = ["RunningLoad"]


@dataclass(frozen=True, slots=True)
class RunningLoad:
    """One load."""

    plan: LoadPlan
    target: Target
    stop: asyncio.Event
    """Set when somebody wants it to end early."""
    tally: Tally = field(default_factory=Tally)
    clock: ServerClock = field(default_factory=ServerClock)
