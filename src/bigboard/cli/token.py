"""Where a command finds the key or token that it shows to a server: never on the command line, where others can read it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bigboard.errors import SettingError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_token"]

_VARIABLE = "BIGBOARD_TOKEN"
_MOST_BYTES = 16 * 1024


def read_token(file: Path | None) -> str | None:
    """The first line of a file, or the environment's ``BIGBOARD_TOKEN``; ``None`` without either."""
    if file is None:
        return os.environ.get(_VARIABLE, "").strip() or None
    try:
        with file.open(encoding="utf-8") as text:
            token = text.readline(_MOST_BYTES).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no text"
        raise SettingError("token_file", "", f"--token-file: cannot read {file} ({reason})") from None
    if not token or not token.isascii():
        raise SettingError("token_file", "", f"--token-file: the first line of {file} is no key or token")
    return token
