"""The names in Redis that lead into the board, as its patterns. Pure."""

from __future__ import annotations

from bigboard.board import TOPICS
from bigboard.sources.messages import BATCH
from bigboard.sources.ticker_keys import TICKERS

__all__ = ["channel_patterns", "ticker_pattern"]


def channel_patterns(prefix: str = "") -> list[str]:
    """Every channel: one of each topic, and batches. No channel fits two of them, or its messages would come twice."""
    return [f"{_literal(prefix)}{name}:*" for name in (*TOPICS, BATCH)]


def ticker_pattern(prefix: str = "") -> str:
    """Every key of a ticker."""
    return f"{_literal(prefix)}{TICKERS}*"


def _literal(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "*?[]\\^" else sign for sign in text)
