"""Durations as people write them: ``250ms``, ``30s``, ``1m``, ``2h``."""

from __future__ import annotations

import re

__all__ = ["parse_duration"]

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SHAPE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*", re.ASCII)


def parse_duration(text: str) -> float:
    """Seconds. Raises ``ValueError`` that says how a duration is written."""
    match = _SHAPE.fullmatch(text.lower())
    if match is None or match[2] not in _SECONDS:
        raise ValueError(f"{text!r} is no duration: write a number and a unit, such as 250ms, 30s, 1m or 2h")
    return float(match[1]) * _SECONDS[match[2]]
