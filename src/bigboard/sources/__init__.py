"""Trading services in: whatever publishes into the board from outside the aggregator's process."""

from bigboard.sources.base import Delivery, HoldingSource, Source

__all__ = ["Delivery", "HoldingSource", "Source"]
