"""From settings to what the gateway allows: as many connections as this process may have files open. For the runtime."""

from __future__ import annotations

import logging
import resource
from contextlib import suppress

import structlog

from bigboard.errors import SettingError
from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.rate import Rate
from bigboard.settings import Settings

__all__ = ["build_bounds", "fitting"]

_log = structlog.stdlib.get_logger("bigboard.runtime")

_OTHER_FILES = 100
"""What is open besides connections: ports, the page's files that are being sent, keys, logs."""
_SPARE = 1_000
_PLENTY = 1_000
_LEAST = 10
"""Connections without which there is no use in a server."""


def build_bounds(settings: Settings) -> GatewayLimits:
    """The limits of all ports. Raises this process's limit of open files for them, as far as the system allows.

    Raises ``SettingError`` where next to nothing is allowed.
    """
    allowed = _allow_files(settings.max_connections + _SPARE + _OTHER_FILES)
    connections, spare = fitting(settings.max_connections, allowed)
    if connections < _LEAST:
        raise SettingError(
            "max_connections",
            "",
            f"this process may have {allowed} files open, too few to serve anybody: see ulimit -n",
        )
    if connections < settings.max_connections:
        # Nobody asked for the default, and few need as many.
        told = settings.max_connections == Settings().max_connections and connections >= _PLENTY
        _log.log(
            logging.INFO if told else logging.WARNING,
            "fewer connections than max_connections, because of the limit of open files (ulimit -n)",
            max_connections=settings.max_connections,
            connections=connections,
            open_files=allowed,
        )
    return GatewayLimits(
        http=Rate(settings.http_rate, settings.http_burst),
        messages=Rate(settings.message_rate, settings.message_burst),
        failed_authentications=Rate(settings.auth_failures / 60, settings.auth_failures),
        connections=connections,
        spare=spare,
        connections_per_address=settings.max_connections_per_address,
        connections_per_subject=settings.max_connections_per_subject,
        handshake_s=settings.handshake_timeout,
        reading_s=settings.stuck_after,
    )


def fitting(wanted: int, files: int) -> tuple[int, int]:
    """WebSockets, at most ``wanted``, and connections beyond them for plain requests, that fit into so many files."""
    sockets = max(0, files - _OTHER_FILES)
    spare = min(_SPARE, max(sockets - wanted, sockets // 5))
    return min(wanted, sockets - spare), spare


def _allow_files(wanted: int) -> int:
    """Raise the soft limit of open files to this, or to the hard one; how many are allowed then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    # Some systems name a hard limit that they do not keep to.
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        return most
    return soft
