"""The spine that the outage tests fail with is a spine like any other while nothing fails."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aggregator.bench import FailingSpine
from spine.conformance import SpineConformance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from bigboard.spine import Spine


class TestFailingSpine(SpineConformance):
    def make(self, max_diffs: int) -> AbstractAsyncContextManager[Spine]:
        return _failing(max_diffs)


@asynccontextmanager
async def _failing(max_diffs: int) -> AsyncIterator[Spine]:
    spine = FailingSpine(max_diffs=max_diffs)
    yield spine
    await spine.close()
