"""The composition root: the only place that wires the parts together."""

from bigboard.runtime.embedded import Embedded
from bigboard.runtime.feed_choice import build_feed, meet_exchange

__all__ = ["Embedded", "build_feed", "meet_exchange"]
