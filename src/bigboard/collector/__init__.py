"""Market events in, board updates out. Pure: no I/O and no clock.

``market`` reads an event and asks the rest: ``symbol`` keeps what belongs to one symbol (its ``row``, the ``rolling`` 24 h
window, the ``best`` levels of its book), ``candles`` builds candles by the event ``clock``, ``metrics`` and ``rates``
measure, ``watchdog`` says what is alive.
"""

from bigboard.collector.market import MarketCollector
from bigboard.collector.settings import CollectorSettings

__all__ = ["CollectorSettings", "MarketCollector"]
