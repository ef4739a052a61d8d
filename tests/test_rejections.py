"""What is told of refused updates: each kind once in a quiet time."""

from __future__ import annotations

from bigboard.errors import UpdateRejected
from bigboard.rejections import Rejections


def test_a_quiet_time_is_per_kind() -> None:
    rejections = Rejections(quiet_s=10)
    one, other = UpdateRejected("orders", "1", "bad_value", "x"), UpdateRejected("orders", "1", "bad_key", "x")
    assert [rejections.count(one, 0.0), rejections.count(other, 1.0), rejections.count(one, 9.9)] == [1, 1, 0]
    assert [rejections.count(one, 10.0), rejections.count(other, 10.9)] == [2, 0]
