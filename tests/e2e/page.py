"""A real page in a real Chromium, for tests to look at."""

from __future__ import annotations

import asyncio
import json
import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

__all__ = ["Page", "open_page"]

_SCRIPT = Path(__file__).with_name("page.mjs")
_WAIT_S = 20.0


class Page:
    """Asks the browser's process; elements are named by their ``data-testid``."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def ask(self, command: str, **arguments: Any) -> Any:
        """Run a command of ``page.mjs`` and give its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, **arguments}).encode() + b"\n")
        async with asyncio.timeout(_WAIT_S):
            answer = await self._process.stdout.readline()
        assert answer, "the browser's process ended"
        return json.loads(answer)

    async def read(self, *ids: str) -> dict[str, dict[str, Any]]:
        """Text, ``data-value`` and ``data-state`` of each element that is there."""
        found: dict[str, dict[str, Any]] = await self.ask("read", ids=ids)
        return found

    async def until(self, ids: list[str], holds: Callable[[dict[str, dict[str, Any]]], bool]) -> dict[str, Any]:
        """Read until the condition holds; fails with what was there last."""
        found: dict[str, Any] = {}
        try:
            async with asyncio.timeout(_WAIT_S):
                while not holds(found := await self.read(*ids)):
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pytest.fail(f"never came true; the page shows {found}; {await self.ask('facts')}")
        return found


@asynccontextmanager
async def open_page(url: str) -> AsyncIterator[Page]:
    """A page at ``url``. Skips the test where there is no Chromium."""
    if shutil.which("chromium") is None:
        pytest.skip("needs chromium: scripts/test-system-packages installs it")
    process = await asyncio.create_subprocess_exec(
        "node", str(_SCRIPT), url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**22
    )
    page = Page(process)
    try:
        await page.ask("open")
        yield page
    finally:
        assert process.stdin is not None
        process.stdin.write(b'{"command": "end"}\n')
        try:
            await asyncio.wait_for(process.wait(), _WAIT_S)
        except TimeoutError:
            process.kill()
