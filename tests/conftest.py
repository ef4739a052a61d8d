"""What every test of this project shares: which examples a property is tried on, and which tests are slow."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    import pytest

# The slowest example counts nothing here: a busy machine must not turn a law into a failure. A failing example prints
# a blob that replays it exactly. `make test` tries the same examples each time, so that it says whether a change broke
# something; `make search` looks for examples that nobody has tried yet.
settings.register_profile(
    "laws",
    max_examples=1_000,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("fast", settings.get_profile("laws"), max_examples=60)
settings.register_profile("search", settings.get_profile("laws"), max_examples=10_000, derandomize=False)
settings.load_profile(os.environ.get("LAWS", "laws"))

# A shell starts what it puts in the background with SIGINT ignored, and processes pass that on to those that they start: the
# commands under test could not be interrupted then.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_REAL_SERVERS = {"cli", "gateway", "resilience"}
"""Folders whose tests start real servers and commands: `make check` leaves them to `make test`."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of those folders as slow, so that nobody has to remember it in each file."""
    for item in items:
        if item.path.parent.name in _REAL_SERVERS:
            item.add_marker("slow")
