"""What every test of this project shares: how many examples a property is tried on."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

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
