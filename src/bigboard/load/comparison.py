"""Where two states differ, in words."""

from __future__ import annotations

from typing import Any

__all__ = ["differences"]

_MOST = 5
_WIDTH = 60


def differences(held: Any, server: Any) -> list[str]:
    """The first places where what a client holds is not what the server says; empty if they are equal."""
    found: list[str] = []
    _compare("", held, server, found)
    return found


def _compare(path: str, held: Any, server: Any, found: list[str]) -> None:
    if len(found) >= _MOST or held == server:
        return
    if isinstance(held, dict) and isinstance(server, dict):
        for key in [*server, *(key for key in held if key not in server)]:
            _compare(f"{path}/{key}", held.get(key, _ABSENT), server.get(key, _ABSENT), found)
    elif isinstance(held, list) and isinstance(server, list) and len(held) == len(server):
        for index, (mine, theirs) in enumerate(zip(held, server, strict=True)):
            _compare(f"{path}/{index}", mine, theirs, found)
    else:
        found.append(f"{path or '/'}: the client holds {_short(held)}, the server {_short(server)}")


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


_ABSENT = _Absent()


def _short(value: Any) -> str:
    if isinstance(value, list | dict):
        return f"{len(value)} entries"
    text = repr(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}…"
