"""A load is tested on the event loop that it runs on, and nothing may block that loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import uvloop
from blockbuster import blockbuster_ctx

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Mapping


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(autouse=True)
def _nothing_blocks() -> Iterator[None]:
    with blockbuster_ctx(["bigboard"]):
        yield
