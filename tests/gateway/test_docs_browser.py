"""``/docs`` in a real Chromium: Swagger UI starts under the policy, and asks no other host for anything."""

from __future__ import annotations

import pytest

from e2e.page import open_page
from servers import gateway

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_the_documentation_shows_every_path_and_needs_nobody_else() -> None:
    async with gateway() as served, open_page(f"http://127.0.0.1:{served.port}/docs") as page:
        shown = await page.until(["docs"], lambda found: "/api/v1/state" in str(found.get("docs")))
        for path in ("/metrics", "/api/v1/candles", "/api/v1/topics", "/api/v1/version"):
            assert path in shown["docs"]["text"]
        facts = await page.ask("facts")
        assert (facts["foreign"], facts["errors"]) == ([], [])
