"""Sources to board to spine: the only writer of a board."""

from bigboard.aggregator.aggregator import Aggregator

__all__ = ["Aggregator"]
