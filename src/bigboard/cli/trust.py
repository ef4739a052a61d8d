"""Whose certificates a command trusts."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bigboard.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["trust_options", "trusting"]

_FIRST = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n", re.DOTALL)


def trust_options(command: Callable[..., None]) -> Callable[..., None]:
    """The options ``--ca`` and ``--certificate`` of a command, which hands both to ``trusting``."""
    file = click.Path(path_type=Path)
    for option in (
        click.option("--certificate", type=file, metavar="FILE", help="The server's own, PEM: trust it and no other."),
        click.option("--ca", type=file, metavar="FILE", help="PEM file with certificates to trust for wss://."),
    ):
        command = option(command)
    return command


def trusting(ca: Path | None, certificate: Path | None) -> ssl.SSLContext | None:
    """What verifies a server by the certificates of a file alone; ``None`` without one.

    A server that shows the very ``certificate`` is the right one whatever name it was reached by. Of a file with its chain
    the first counts: to trust the others would be to trust whoever else they vouch for.

    Raises ``SettingError`` for a file without certificates, and for both files at once.
    """
    if certificate is not None:
        if ca is not None:
            raise SettingError("certificate", "", "--certificate and --ca exclude each other: give one of them")
        return _knowing(certificate)
    if ca is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(ca))
    except ssl.SSLError:
        raise _no_certificate("ca", ca) from None
    except OSError as error:
        raise _unreadable("ca", ca, error) from None


def _knowing(certificate: Path) -> ssl.SSLContext:
    try:
        first = _FIRST.search(certificate.read_text(encoding="ascii", errors="replace"))
    except OSError as error:
        raise _unreadable("certificate", certificate, error) from None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        context.load_verify_locations(cadata=first[0] if first is not None else "")
    except (ssl.SSLError, ValueError):
        raise _no_certificate("certificate", certificate) from None
    return context


def _no_certificate(option: str, file: Path) -> SettingError:
    return SettingError(option, "", f"--{option}: there is no certificate in {file}: it must be a PEM file")


def _unreadable(option: str, file: Path, error: OSError) -> SettingError:
    return SettingError(option, "", f"--{option}: cannot read {file} ({error.strerror})")
