"""The tables of PROTOCOL section 6, and the times of section 3."""

from __future__ import annotations

import pytest

from bigboard.wire import CloseCode, ErrorCode, Format, Retry, retry_policy
from bigboard.wire.messages import rfc3339


@pytest.mark.parametrize(
    ("code", "policy"),
    [
        (1000, Retry.NEVER),
        (1001, Retry.RESUME),
        (1006, Retry.RESUME),
        (1009, Retry.NEVER),
        (1011, Retry.RESUME),
        (1012, Retry.RESUME),
        (4400, Retry.NEVER),
        (4401, Retry.NEVER),
        (4403, Retry.NEVER),
        (4429, Retry.LATER),
        (4508, Retry.RESUME),
        # Codes that nobody has given a meaning yet: the range says what to do.
        (4402, Retry.NEVER),
        (4499, Retry.NEVER),
        (4500, Retry.RESUME),
        (4599, Retry.RESUME),
    ],
)
def test_each_close_code_has_its_policy(code: int, policy: Retry) -> None:
    assert retry_policy(code) is policy


def test_the_close_codes_are_those_of_the_protocol() -> None:
    assert {code.value for code in CloseCode} - {1006} == {1000, 1001, 1009, 1012, 4400, 4401, 4403, 4429, 4508}


def test_the_error_codes_are_those_of_the_protocol() -> None:
    assert {code.value for code in ErrorCode} == {
        *("bad_message", "unknown_action", "unknown_topic", "bad_subscription", "forbidden", "unauthenticated"),
        *("rate_limited", "too_many_subscriptions", "too_large"),
    }


def test_the_subprotocols_are_those_of_the_protocol() -> None:
    assert [form.subprotocol for form in Format] == ["bigboard.v1.json", "bigboard.v1.msgpack"]


@pytest.mark.parametrize(
    ("epoch_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1, "1970-01-01T00:00:00.001Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_759_729_260_000, "2025-10-06T05:41:00.000Z"),
        (1_759_729_260_250, "2025-10-06T05:41:00.250Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_times_are_rfc_3339_in_utc_with_milliseconds(epoch_ms: int, text: str) -> None:
    assert rfc3339(epoch_ms) == text
