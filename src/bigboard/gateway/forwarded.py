"""The client's address behind a proxy: from ``X-Forwarded-For`` and ``-Proto``, and only if a trusted proxy says so.

uvicorn has a middleware for this too. It takes whatever stands in the header for the address, trusts an IPv4 proxy no more
once the port listens on IPv6 (where its address is written ``::ffff:10.0.0.1``), and keeps a misspelt network as a name that
no proxy has. Limits, log lines and the check of origins all stand on what is found here, so these are no small matters.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from ipaddress import IPv4Address

    from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["ForwardedClient", "TrustedProxies"]

_SCHEMES = {"http": ("http", "ws"), "https": ("https", "wss"), "ws": ("http", "ws"), "wss": ("https", "wss")}
_MOST_HOPS = 32
"""Entries of the header that are looked at, from the last one backwards: each costs a comparison with every network."""


class TrustedProxies:
    """Addresses and networks (CIDR) of proxies whose word is taken. Raises ``ValueError`` for what is neither."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._networks = [_network(text) for text in texts]

    def __bool__(self) -> bool:
        return bool(self._networks)

    def __contains__(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)

    def has(self, peer: str) -> bool:
        """Whether who is connected from this address is one of them."""
        address = _address(peer)
        return address is not None and address in self

    def client(self, peer: str, forwarded: Iterable[bytes]) -> str:
        """The address of the client: the last one in the chain that no trusted proxy has.

        ``peer`` is who is connected, ``forwarded`` the values of all ``X-Forwarded-For`` headers in order. Each proxy adds
        at the end whom it talked to, so all before the last stranger is that stranger's own story.
        """
        found = peer
        address = _address(peer)
        hops = b",".join(forwarded).decode("latin-1").rsplit(",", _MOST_HOPS)[-_MOST_HOPS:]
        while address is not None and address in self:
            found = str(address)
            address = _address(hops.pop()) if hops else None
        return found if address is None else str(address)


class ForwardedClient:
    """ASGI middleware: behind a trusted proxy ``client`` and ``scheme`` of the scope are those of the client."""

    def __init__(self, app: ASGIApp, trusted: TrustedProxies) -> None:
        self._app = app
        self._trusted = trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        peer = scope.get("client")
        if self._trusted and peer and (address := _address(peer[0])) is not None and address in self._trusted:
            client = self._trusted.client(peer[0], _values(scope, b"x-forwarded-for"))
            if client != str(address):
                scope["client"] = (client, 0)  # Of the client's port nothing is known.
            scheme = _SCHEMES.get(b",".join(_values(scope, b"x-forwarded-proto")).decode("latin-1").strip().lower())
            if scheme is not None:
                scope["scheme"] = scheme[scope["type"] == "websocket"]
        await self._app(scope, receive, send)


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text[:60]!r} is neither an address nor a network like 10.0.0.0/8 ({error})") from None


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it, some with a port: ``192.0.2.1:80``, ``2001:db8::1``, ``[2001:db8::1]:80``."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    # An IPv6 socket shows an IPv4 peer as ::ffff:192.0.2.1, which is the same machine.
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
