"""Names for histories: unique, and in the order of their making."""

from __future__ import annotations

import secrets

__all__ = ["new_epoch"]

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_epoch(epoch_ms: int) -> str:
    """A ULID: 48 bits of time and 80 random ones in Crockford's base 32, 26 characters (the ULID specification)."""
    number = (epoch_ms & (2**48 - 1)) << 80 | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
