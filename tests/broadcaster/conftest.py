"""Every test of the broadcaster runs twice: with a burst to all members in step at once, and one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from broadcaster.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", autouse=True, params=[True, False], ids=["burst", "one by one"])
def _bursts(request: pytest.FixtureRequest) -> Iterator[None]:
    before, Stage.bursts = Stage.bursts, request.param
    yield
    Stage.bursts = before
