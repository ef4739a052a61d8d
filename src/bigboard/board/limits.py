"""How much a board holds: the bound of everything that could grow.

Tombstones are the one thing that may pass its bound for a moment: what one commit removes is remembered until that commit
is made, however much it is, because its diff must name it, and given up with the next removal after that.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one board; each belongs to a buffer, and what happens when it is full stands beside it."""

    tape_length: int = 100
    """Entries kept per key of a tape; the oldest goes."""
    max_rows: int = 2_000
    """Records kept per rows topic; the oldest closed one goes, if all are open the oldest."""
    max_levels: int = 1_000
    """Price levels kept per side of a book; the worst go."""
    max_keys: int = 50_000
    """Keys per topic; an update for one more is rejected."""
    max_fields: int = 128
    """Fields of one object at any depth; an update that would add one more is rejected."""
    max_depth: int = 4
    """Objects and arrays nested below a field; deeper ones are rejected."""
    max_items: int = 512
    """Elements of one array, and entries or levels of one update times ten; more are rejected."""
    max_text: int = 4_096
    """Characters of one string; longer ones are rejected."""
    max_key_length: int = 128
    """Characters of a key or of a field's name; longer ones are rejected."""
    max_tombstones: int = 10_000
    """Removed keys or rows remembered per topic; forgetting one moves the horizon."""
    max_level_tombstones: int = 1_024
    """Removed price levels remembered per side of a book; forgetting some moves the horizon."""
