"""What every test of this project shares: how many examples a property is tried on, and which tests are slow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

# The slowest example counts nothing here: a busy machine must not turn a law into a failure. A failing example prints
# a blob that replays it exactly.
settings.register_profile(
    "laws",
    max_examples=1_000,
    deadline=None,
    derandomize=False,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("fast", settings.get_profile("laws"), max_examples=60)
settings.load_profile("fast" if os.environ.get("FAST_TESTS") == "1" else "laws")

_REAL_SERVERS = {"cli", "gateway", "resilience"}
"""Folders whose tests start real servers and commands: `make check` leaves them to `make test`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of those folders as slow, so that nobody has to remember it in each file."""
    for item in items:
        if item.path.parent.name in _REAL_SERVERS:
            item.add_marker("slow")
