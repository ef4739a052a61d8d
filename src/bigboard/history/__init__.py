"""Histories that follow the board: the contract in ``base``, and what implements it beside it."""

from bigboard.history.base import Candle, CandleHistory
from bigboard.history.memory import MemoryCandleHistory

__all__ = ["Candle", "CandleHistory", "MemoryCandleHistory"]
