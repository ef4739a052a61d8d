"""The log of diffs: its contract, the in-memory implementation, and what keeps a replica in step with it."""

from bigboard.spine.base import Spine
from bigboard.spine.follower import Follower
from bigboard.spine.memory import MemorySpine

__all__ = ["Follower", "MemorySpine", "Spine"]
