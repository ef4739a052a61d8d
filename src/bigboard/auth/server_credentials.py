"""All credentials of a server: its API keys and its JWT keys, read from files that may change while it runs."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bigboard.auth.api_key import PREFIX, KeyRing
from bigboard.auth.key_file import KeyFile
from bigboard.errors import BigboardError, MissingExtra, SettingError, WireError
from bigboard.wire import ErrorCode

if TYPE_CHECKING:
    from bigboard.auth.jwt_tokens import JwtVerifier
    from bigboard.wire import Identity

__all__ = ["CredentialSource", "ServerCredentials"]

_log = structlog.stdlib.get_logger("bigboard.auth")


@dataclass(frozen=True, slots=True)
class CredentialSource:
    """Where credentials come from; empty texts for what is not used."""

    keys_file: str = ""
    jwt_secret_file: str = ""
    jwt_key_file: str = ""
    jwt_jwks_file: str = ""
    jwt_issuer: str = ""
    jwt_audience: str = "bigboard"

    @property
    def files(self) -> list[str]:
        """The files, in the order of the fields."""
        return [name for name in (self.keys_file, self.jwt_secret_file, self.jwt_key_file, self.jwt_jwks_file) if name]

    @property
    def uses_jwt(self) -> bool:
        """Whether tokens are taken."""
        return bool(self.jwt_secret_file or self.jwt_key_file or self.jwt_jwks_file)


class ServerCredentials:
    """A ``Credentials`` on files. To ask it reads nothing; ``refresh`` does, on a thread."""

    def __init__(self, source: CredentialSource) -> None:
        """Reads the files. Raises ``SettingError`` for one that cannot be used, ``MissingExtra`` without PyJWT."""
        if source.uses_jwt and not (source.jwt_issuer and source.jwt_audience):
            raise SettingError(
                "jwt_issuer", "", "jwt_issuer and jwt_audience: say whose tokens are taken, and for whom they must be"
            )
        self._source = source
        self._salt = secrets.token_bytes(32)
        self._seen = self._stamps()
        self._ring = self._read_ring()
        self._jwt = self._read_jwt(again=False)
        self.accepted = 0
        """Credentials that were shown and good."""
        self.refused = 0
        """Credentials that were shown and not good."""
        self.generation = 0
        """How often they were read anew."""
        self.broken = 0
        """How often a changed file could not be read; what was read before it stayed in force."""

    def identify(self, token: str, now_ms: int) -> Identity:
        """See ``Credentials``."""
        try:
            identity = self._identify(token, now_ms)
        except WireError:
            self.refused += 1
            raise
        self.accepted += 1
        return identity

    def still_valid(self, identity: Identity) -> Identity | None:
        """See ``Credentials``. A token is good until it expires, as long as the key that it was verified by is trusted."""
        kind, _, id_ = identity.credential.partition(":")
        if kind == "key":
            return self._ring.holder(id_)
        # Whoever takes an issuer's key away, because it leaked, wants those gone who came with tokens of that key.
        return identity if self._jwt is not None and self._jwt.trusts(id_) else None

    def refresh(self) -> bool:
        """Read the files anew if one has changed; whether that changed anything. Blocks for as long as a disk does."""
        stamps = self._stamps()
        if stamps == self._seen:
            return False
        try:
            ring, jwt = self._read_ring(), self._read_jwt(again=True)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, the server goes on with what it knows
            self.broken += 1
            reason = str(error) if isinstance(error, BigboardError) else type(error).__name__
            _log.error("credentials cannot be read; those of before stay in force", reason=reason)
            return False
        # Not before: what could not be read is tried again at the next look, or a revocation would be lost.
        self._seen = stamps
        self._ring, self._jwt = ring, jwt
        self.generation += 1
        return True

    def _identify(self, token: str, now_ms: int) -> Identity:
        if token.startswith(PREFIX):
            return self._ring.identify(token, now_ms)
        if self._jwt is None:
            raise WireError(ErrorCode.UNAUTHENTICATED, "no such API key")
        return self._jwt.identify(token)

    def _read_ring(self) -> KeyRing:
        return KeyRing(KeyFile(self._source.keys_file).read() if self._source.keys_file else ())

    def _read_jwt(self, *, again: bool) -> JwtVerifier | None:
        """At the start a file without a key is a mistake; later on it says that its key is trusted no more."""
        source = self._source
        if not source.uses_jwt:
            return None
        try:
            from bigboard.auth import jwt_keys, jwt_tokens  # noqa: PLC0415 - an extra
        except ModuleNotFoundError:
            raise MissingExtra("jwt", "to verify JSON Web Tokens") from None
        keys = [
            key
            for file, read in (
                (source.jwt_secret_file, jwt_keys.shared_secret),
                (source.jwt_key_file, jwt_keys.public_key),
                (source.jwt_jwks_file, partial(jwt_keys.jwks_keys, may_be_empty=again)),
            )
            if file and not (again and _stamp(Path(file).expanduser()) is None)
            for key in read(file)
        ]
        return jwt_tokens.JwtVerifier(keys, issuer=source.jwt_issuer, audience=source.jwt_audience, salt=self._salt)

    def _stamps(self) -> list[tuple[int, ...] | None]:
        return [_stamp(Path(name).expanduser()) for name in self._source.files]


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    # The time of the last change of mode or owner too: it may be what makes a file readable again.
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
