"""JSON Web Tokens (RFC 7519), verified by PyJWT: HS256, RS256 and ES256; see ``jwt_keys`` for why no token can choose.

Checked are the signature, ``exp`` (which has to be there), ``nbf``, ``aud`` and ``iss``. The subject is ``sub``; permissions
are the claim ``permissions``, a list of subscription patterns, or ``scope``, the same with spaces between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt
from jwt import exceptions

from bigboard.board import Subscription
from bigboard.errors import WireError
from bigboard.wire import ErrorCode, Identity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bigboard.auth.jwt_keys import VerificationKey

__all__ = ["JwtVerifier"]

_LEEWAY_S = 5.0
"""By how much the clocks of two machines may differ."""
_MOST_BYTES = 8 * 1024
_MOST_PERMISSIONS = 1_000
_LONGEST_SUBJECT = 128

_LATEST_S = 253_402_300_799
"""The end of the year 9999, the last that RFC 3339 can write."""
_NO_TOKEN = "the token is neither an API key nor a JSON Web Token"  # noqa: S105 - a sentence

_REASONS: dict[type[Exception], str] = {
    exceptions.ExpiredSignatureError: "the token has expired",
    exceptions.ImmatureSignatureError: "the token is not valid yet",
    exceptions.InvalidAudienceError: "the token is for another audience",
    exceptions.InvalidIssuerError: "the token is of another issuer",
    exceptions.InvalidSignatureError: "the token's signature is wrong",
}


class JwtVerifier:
    """Tells who holds a token, by a set of keys that each have their own algorithm.

    An identity's ``credential`` names the key by its mark: ``jwt:MARK``. ``salt`` is a secret of this process, see
    ``VerificationKey.mark``; verifiers that follow one another share it.
    """

    def __init__(self, keys: Sequence[VerificationKey], *, issuer: str, audience: str, salt: bytes) -> None:
        self._keys = tuple((key, key.mark(salt)) for key in keys)
        self._marks = frozenset(mark for _, mark in self._keys)
        self._issuer = issuer
        self._audience = audience

    def identify(self, token: str) -> Identity:
        """Who holds this token. Raises ``WireError`` (``unauthenticated``) with a reason that is safe to tell."""
        if len(token) > _MOST_BYTES:
            raise _refused(f"the token is longer than {_MOST_BYTES} bytes")
        if not token.isascii():
            raise _refused(_NO_TOKEN)
        return self._identified(token)

    def trusts(self, mark: str) -> bool:
        """Whether the key with this mark is still among the keys."""
        return mark in self._marks

    def _identified(self, token: str) -> Identity:
        try:
            header = jwt.get_unverified_header(token)
        except exceptions.PyJWTError:
            raise _refused(_NO_TOKEN) from None
        algorithm, id_ = header.get("alg"), header.get("kid")
        candidates = [
            (key, mark)
            for key, mark in self._keys
            if key.algorithm == algorithm and (key.id is None or id_ is None or key.id == id_)
        ]
        reason = "no key of this server is for the token's algorithm and key id"
        for key, mark in candidates:
            try:
                claims = self._verified(token, key)
            except (exceptions.PyJWTError, ValueError, OverflowError, TypeError) as error:
                # The others come from claims that no issuer writes, such as an infinite exp.
                reason = _reason(error)
            else:
                return _identity(claims, mark)
        raise _refused(reason)

    def _verified(self, token: str, key: VerificationKey) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[key.algorithm],
            audience=self._audience,
            issuer=self._issuer,
            leeway=_LEEWAY_S,
            options={"require": ["exp", "iss", "aud", "sub"]},
        )
        return claims


def _identity(claims: dict[str, Any], mark: str) -> Identity:
    subject = claims["sub"]
    if not 1 <= len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
        raise _refused(f"the token's subject must have 1 to {_LONGEST_SUBJECT} printable characters")
    try:
        permissions = tuple(dict.fromkeys(Subscription.parse(name) for name in _permissions(claims)))
    except ValueError as error:
        raise _refused(f"the token's permissions: {error}") from None
    return Identity(subject, permissions, _end_ms(claims), f"jwt:{mark}")


def _end_ms(claims: dict[str, Any]) -> int:
    try:
        return int(min(float(claims["exp"]), _LATEST_S) * 1000)
    except OverflowError:
        return _LATEST_S * 1000


def _permissions(claims: dict[str, Any]) -> list[object]:
    given = claims.get("permissions", claims.get("scope"))
    if isinstance(given, str):
        given = given.split()
    if not isinstance(given, list) or not given:
        raise _refused("the token has no claim permissions: a list of patterns such as market_data or account:main")
    if len(given) > _MOST_PERMISSIONS:
        raise _refused(f"the token has more than {_MOST_PERMISSIONS} permissions")
    return given


def _reason(error: Exception) -> str:
    known = next((text for kind, text in _REASONS.items() if isinstance(error, kind)), None)
    if known is not None:
        return known
    if isinstance(error, exceptions.MissingRequiredClaimError):
        return f"the token has no claim {error.claim}"
    return "the token cannot be verified"


def _refused(reason: str) -> WireError:
    return WireError(ErrorCode.UNAUTHENTICATED, reason)
