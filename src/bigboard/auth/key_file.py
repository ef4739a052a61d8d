"""The file that API keys are kept in: read by servers, written by ``bigboard key``.

It is replaced as a whole, so that a server never reads half of it, and changed under a lock, so that two commands at once
lose nothing.
"""

from __future__ import annotations

import fcntl
import os
import stat
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bigboard.auth.api_key import ApiKey, KeyRing
from bigboard.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["KeyFile"]

_VERSION = 1
_MOST_BYTES = 16 * 1024 * 1024


class _Content(msgspec.Struct):
    version: int
    keys: list[ApiKey]


class KeyFile:
    """Keys on disk."""

    def __init__(self, path: str | Path) -> None:
        # A service without a home has no default file either, which is no error.
        # A link is followed once and for all: what is replaced has to be what the server reads.
        self.path = Path(os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111 - pathlib's own raises there

    def exists(self) -> bool:
        """Whether there is such a file, be it empty of keys."""
        return self.path.exists()

    def read(self) -> list[ApiKey]:
        """Every key, revoked ones too; none if there is no file. Raises ``SettingError`` with the way out."""
        try:
            with self.path.open("rb") as file:
                self._guard(os.fstat(file.fileno()))
                content = msgspec.json.decode(file.read(_MOST_BYTES), type=_Content)
            KeyRing(content.keys)  # A permission that is no pattern is found now, not when a client comes.
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._error(f"cannot be read ({error.strerror})") from None
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise self._error(f"is no file of API keys: {error}") from None
        if content.version != _VERSION:
            raise self._error(f"has version {content.version}, and this Bigboard reads {_VERSION}: upgrade it")
        return content.keys

    def add(self, key: ApiKey) -> None:
        """Keep a new key. Raises ``SettingError`` if one of its name is in use."""

        def added(keys: list[ApiKey]) -> list[ApiKey]:
            if any(held.name == key.name and held.revoked_at is None for held in keys):
                raise SettingError(
                    "name", "", f"there is a key {key.name!r}: choose another name, or revoke that one first"
                )
            return [*keys, key]

        self._change(added)

    def replace(self, key: ApiKey) -> None:
        """Keep this record in the place of the one with its id."""
        self._change(lambda keys: [key if held.id == key.id else held for held in keys])

    def _change(self, change: Callable[[list[ApiKey]], list[ApiKey]]) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._locked():
                self._write(change(self.read()))
        except OSError as error:
            raise self._error(f"cannot be written ({error.strerror})") from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # A file of its own: the other one is replaced while the lock is held.
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _write(self, keys: list[ApiKey]) -> None:
        encoded = msgspec.json.format(msgspec.json.encode(_Content(_VERSION, keys)), indent=2) + b"\n"
        # The temporary file is made for its owner alone, and stays so under its new name.
        with tempfile.NamedTemporaryFile(dir=self.path.parent, prefix=f".{self.path.name}.", delete=False) as file:
            try:
                file.write(encoded)
                file.flush()
                self._keep_owner(file.fileno())
                os.fsync(file.fileno())
                Path(file.name).replace(self.path)
            except BaseException:
                Path(file.name).unlink(missing_ok=True)
                raise

    def _keep_owner(self, descriptor: int) -> None:
        """Whoever changes the file, the server must still be able to read it."""
        if not self.exists():
            return
        before, now = self.path.stat(), os.fstat(descriptor)
        if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
            os.fchown(descriptor, before.st_uid, before.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(before.st_mode) & ~(stat.S_IWGRP | stat.S_IWOTH))

    def _guard(self, status: os.stat_result) -> None:
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise self._error("may be written by others, who could add keys: chmod 600 it")

    def _error(self, what: str) -> SettingError:
        return SettingError("keys_file", "", f"keys_file: {self.path} {what}")
