"""Whose certificates a command trusts."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from bigboard.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["trusting"]


def trusting(ca: Path | None) -> ssl.SSLContext | None:
    """What verifies a server by the certificates of a file alone; ``None`` without one."""
    if ca is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(ca))
    except ssl.SSLError:
        raise SettingError("ca", "", f"--ca: there is no certificate in {ca}: it must be a PEM file") from None
    except OSError as error:
        raise SettingError("ca", "", f"--ca: cannot read {ca} ({error.strerror})") from None
