"""From settings to credentials: whether clients are asked who they are, and what an address allows. For the runtime."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bigboard.auth import CredentialSource, KeyFile, ServerCredentials
from bigboard.errors import SettingError
from bigboard.gateway.origin import ANY
from bigboard.settings import DEFAULT_KEYS_FILE

if TYPE_CHECKING:
    from bigboard.settings import Settings

__all__ = ["build_credentials"]

_HOW = (
    "make a key with `bigboard key create --name NAME --permissions '*'`, or set jwt_secret_file, jwt_key_file or"
    " jwt_jwks_file"
)


def build_credentials(settings: Settings) -> ServerCredentials | None:
    """What clients are recognised by; ``None`` where nobody is asked. Raises ``SettingError`` with the way out."""
    source = _source(settings)
    if settings.authentication == "off" or not source.files:
        if settings.authentication == "on":
            raise SettingError("authentication", "", f"authentication is on, and there are no credentials: {_HOW}")
        return None
    if ANY in settings.allowed_origins:
        raise SettingError(
            "allowed_origins", "", "allowed_origins: * does not go with authentication; list the origins one by one"
        )
    return ServerCredentials(source)


def _source(settings: Settings) -> CredentialSource:
    keys = KeyFile(settings.keys_file)
    if not keys.exists() and settings.keys_file != DEFAULT_KEYS_FILE:
        raise SettingError("keys_file", "", f"keys_file: there is no {keys.path}; {_HOW}")
    return CredentialSource(
        keys_file=settings.keys_file if keys.exists() else "",
        jwt_secret_file=settings.jwt_secret_file or "",
        jwt_key_file=settings.jwt_key_file or "",
        jwt_jwks_file=settings.jwt_jwks_file or "",
        jwt_issuer=settings.jwt_issuer or "",
        jwt_audience=settings.jwt_audience,
    )
