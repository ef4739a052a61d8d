"""API keys: what they look like, and how their holders are recognised."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from bigboard.auth import ApiKey, KeyRing, new_key
from bigboard.board import Subscription
from bigboard.errors import WireError

NOW_MS = 1_759_729_260_000
_PERMISSIONS = [Subscription("market_data"), Subscription("account", "main")]


def _made(**options: Any) -> tuple[str, ApiKey]:
    return new_key("desk-1", _PERMISSIONS, now_ms=NOW_MS, **options)


def _refusal(ring: KeyRing, token: str, now_ms: int = NOW_MS) -> str:
    with pytest.raises(WireError) as refused:
        ring.identify(token, now_ms)
    assert refused.value.code == "unauthenticated"
    return str(refused.value)


def test_a_key_is_recognised_with_its_holder_and_permissions() -> None:
    token, record = _made()
    identity = KeyRing([record]).identify(token, NOW_MS)
    assert (identity.subject, identity.permissions) == ("desk-1", tuple(_PERMISSIONS))
    assert identity.expires_ms is None
    assert identity.credential == f"key:{record.id}"


def test_a_key_is_long_random_and_told_from_other_tokens() -> None:
    tokens = {_made()[0] for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"bb_[0-9a-f]{10}_[A-Za-z0-9_-]{43}", token) for token in tokens)


def test_what_is_kept_holds_nothing_of_the_secret() -> None:
    token, record = _made()
    secret = token.split("_", 2)[2]
    kept = msgspec.json.encode(record).decode()
    assert secret not in kept
    assert not any(secret[at : at + 8] in kept for at in range(len(secret) - 8))


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token + "x",
        lambda token: token[:-1],
        lambda token: token.replace("bb_", "bb_0", 1),
        lambda token: "bb_" + token.split("_", 2)[1] + "_",
        lambda token: "bb_" + token.split("_", 2)[2],
        lambda token: token[:3],
        lambda token: token[:3] + "é" * 50,
        lambda token: token + "\ud800",
        lambda token: token + "x" * 100_000,
    ],
)
def test_anything_but_the_key_gets_one_and_the_same_answer(change: Any) -> None:
    token, record = _made()
    assert _refusal(KeyRing([record]), change(token)) == "no such API key"


def test_a_key_ends_at_its_time() -> None:
    token, record = _made(lifetime_s=60.0)
    ring = KeyRing([record])
    assert ring.identify(token, NOW_MS + 59_999).expires_ms == NOW_MS + 60_000
    assert "expired" in _refusal(ring, token, NOW_MS + 60_000)


def test_a_revoked_key_says_so_to_who_holds_it_alone() -> None:
    token, record = _made()
    ring = KeyRing([msgspec.structs.replace(record, revoked_at=record.created_at)])
    assert "revoked" in _refusal(ring, token)
    assert _refusal(ring, token[:-2]) == "no such API key"
    assert ring.holder(record.id) is None


def test_a_ring_knows_the_holder_of_an_id() -> None:
    _, record = _made()
    identity = KeyRing([record]).holder(record.id)
    assert identity is not None
    assert identity.subject == "desk-1"
    assert KeyRing([record]).holder("other") is None
