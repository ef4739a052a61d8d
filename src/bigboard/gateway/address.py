"""Whom an address stands for, where clients are counted by it."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Scope

__all__ = ["client_address", "counted_as"]

_UNKNOWN = "unknown"


def client_address(scope: Scope) -> str:
    """The address that a request came from, behind a trusted proxy the one that it tells of."""
    client = scope.get("client")
    return client[0] if client else _UNKNOWN


def counted_as(address: str) -> str:
    """The address to count by: an IPv6 customer has a whole /64 to choose from, so that is one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return _UNKNOWN
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or IPv6Network((parsed, 64), strict=False))
