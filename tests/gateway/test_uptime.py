"""Uptime in words."""

import pytest

from bigboard.gateway.uptime import uptime_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"), (0, "0s"), (45.9, "45s"), (60, "1m0s"), (725, "12m5s"), (3_600, "1h0m"), (8_100, "2h15m"),
        (8_159.9, "2h15m"), (86_400, "1d0h"), (277_199, "3d4h"), (400 * 86_400, "400d0h"),
    ],
)  # fmt: skip
def test_the_two_largest_units_tell(seconds: float, text: str) -> None:
    assert uptime_text(seconds) == text
