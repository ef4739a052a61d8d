"""From settings to how the ports are reached: TLS, and the proxies that are trusted. For the runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bigboard.errors import SettingError
from bigboard.gateway.forwarded import TrustedProxies
from bigboard.gateway.hosts import is_loopback
from bigboard.gateway.tls import CertificateError, certificate_trouble, tls_context

if TYPE_CHECKING:
    from ssl import SSLContext

    from bigboard.settings import Settings

__all__ = ["build_tls", "check_feed_stays_here", "check_nobody_else_comes", "check_proxies"]

_log = structlog.stdlib.get_logger("bigboard.runtime")


def build_tls(settings: Settings, now_ms: int) -> SSLContext | None:
    """TLS as the settings ask for it, or ``None``. Raises ``SettingError``; a certificate out of date is a warning."""
    certificate, key = settings.tls_cert, settings.tls_key
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        given, missing = ("tls_key", "tls_cert") if certificate is None else ("tls_cert", "tls_key")
        raise SettingError(missing, "", f"{given} is given and {missing} is not: TLS needs both")
    try:
        context = tls_context(certificate, key)
    except CertificateError as error:
        name = "tls_key" if error.about_key else "tls_cert"
        raise SettingError(name, "", f"{name}: {error}") from None
    trouble = certificate_trouble(context, certificate, now_ms / 1000)
    if trouble is not None:
        _log.warning("clients will refuse the certificate", file=certificate, reason=trouble)
    return context


def check_nobody_else_comes(settings: Settings, bound: str) -> None:
    """Raise ``SettingError`` if others can reach a server without authentication, and nobody said that this is meant.

    ``bound`` is the address that it listens on.
    """
    if settings.insecure or (is_loopback(bound) and not settings.trusted_proxies):
        return
    name, way, otherwise = (
        ("host", f"--host {settings.host}", "listen on 127.0.0.1")
        if not is_loopback(bound)
        else ("trusted_proxies", "the server through a proxy (trusted_proxies)", "leave trusted_proxies out")
    )
    raise SettingError(
        name,
        "",
        f"others can reach {way}, and there is no authentication: make a key with `bigboard key create --name NAME"
        f" --permissions '*'`, or {otherwise}, or accept it with --insecure",
    )


def check_feed_stays_here(settings: Settings) -> None:
    """Raise ``SettingError`` if others can subscribe to a feed, and nobody said that this is meant: ZeroMQ asks nobody who
    they are.
    """
    transport, _, address = settings.feed.partition("://")
    host = address.rpartition(":")[0].strip("[]")
    if settings.insecure or transport not in {"tcp", "ws"} or is_loopback(host):
        return
    raise SettingError(
        "feed",
        settings.feed,
        f"others can reach a feed on {settings.feed}, and it asks nobody who they are: publish on tcp://127.0.0.1:5555, or"
        " on a network that is yours alone and accept it with --insecure",
    )


def check_proxies(settings: Settings) -> None:
    """Raise ``SettingError`` for a trusted proxy that is neither an address nor a network."""
    try:
        TrustedProxies(settings.trusted_proxies)
    except ValueError as error:
        raise SettingError("trusted_proxies", "", f"trusted_proxies: {error}") from None
