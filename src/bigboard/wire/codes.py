"""Close codes and error codes, each in one table (PROTOCOL section 6).

The ranges carry the client's policy, so that a client that meets a code it does not know still does the right thing:
4400-4499 means that it must change something first, 4500-4599 that it should reconnect with backoff and resume.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import NamedTuple

__all__ = ["Close", "CloseCode", "ErrorCode", "Retry", "retry_policy"]


class CloseCode(IntEnum):
    """Why a connection was closed."""

    NORMAL = 1000
    GOING_AWAY = 1001
    ABNORMAL = 1006
    """Never sent: the transport ended without a close frame."""
    TOO_LARGE = 1009
    SERVICE_RESTART = 1012
    PROTOCOL_VIOLATION = 4400
    UNAUTHENTICATED = 4401
    FORBIDDEN = 4403
    RATE_LIMITED = 4429
    TOO_SLOW = 4508


class Close(NamedTuple):
    """A request to close the connection."""

    code: CloseCode
    reason: str


class ErrorCode(StrEnum):
    """What was wrong with one message; the connection stays open."""

    BAD_MESSAGE = "bad_message"
    UNKNOWN_ACTION = "unknown_action"
    UNKNOWN_TOPIC = "unknown_topic"
    BAD_SUBSCRIPTION = "bad_subscription"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    RATE_LIMITED = "rate_limited"
    TOO_MANY_SUBSCRIPTIONS = "too_many_subscriptions"
    TOO_LARGE = "too_large"


class Retry(StrEnum):
    """What a client does after a close."""

    RESUME = "resume"
    """Reconnect with backoff and resume by cursor."""
    LATER = "later"
    """Reconnect, but only after 30 s or more."""
    NEVER = "never"
    """Do not try again unchanged."""


def retry_policy(code: int) -> Retry:
    """The policy of a close code, known or not."""
    if code == CloseCode.RATE_LIMITED:
        return Retry.LATER
    if code in (CloseCode.NORMAL, CloseCode.TOO_LARGE) or 4400 <= code <= 4499:
        return Retry.NEVER
    return Retry.RESUME
