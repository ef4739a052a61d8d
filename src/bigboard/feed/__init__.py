"""Exchange data in, market events out.

``Feed`` is the contract. ``ReplayFeed`` plays recorded exchange streams, ``SimulatedFeed`` a market that does not exist.
"""

from bigboard.feed.base import Feed
from bigboard.feed.replay import ReplayFeed
from bigboard.feed.simulated import SimulatedFeed

__all__ = ["Feed", "ReplayFeed", "SimulatedFeed"]
