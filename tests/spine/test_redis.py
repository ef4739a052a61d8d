"""The spine in a real Redis: the contract, over every kind of connection, and what is its own."""

from __future__ import annotations

import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bigboard.clock import SystemClock
from bigboard.spine.redis_spine import RedisSpine
from redis_servers import redis_server
from spine.conformance import SpineConformance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from bigboard.spine import Spine
    from redis_servers import RedisServer


@asynccontextmanager
async def leading(url: str, board: str = "main", **options: object) -> AsyncIterator[RedisSpine]:
    """A spine whose lease is held."""
    spine = RedisSpine(url, SystemClock(), board=board, **options)  # type: ignore[arg-type]
    try:
        assert await spine.lease.acquire() is not None
        yield spine
    finally:
        await spine.close()


class TestRedisSpine(SpineConformance):
    @pytest.fixture(autouse=True)
    async def _server(self) -> AsyncIterator[None]:
        async with redis_server() as self.server:
            yield

    server: RedisServer

    def make(self, max_diffs: int) -> AbstractAsyncContextManager[Spine]:
        # The lease of a test lasts as long as the test: nobody renews it.
        return leading(self.server.url, uuid.uuid4().hex, max_diffs=max_diffs, lease_s=60.0)
