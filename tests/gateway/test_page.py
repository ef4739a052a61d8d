"""The page: served with headers that keep it to this host, or told how to get it; and nothing else of the disk."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import httpx
import pytest

from bigboard.gateway import page
from servers import gateway

if TYPE_CHECKING:
    from pathlib import Path

_HTML = '<!doctype html><script type="module" src="/assets/index-1a2b.js"></script><p>The page</p>'


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A page as the build makes it, with something beside it that is nobody's business."""
    folder = tmp_path / "page"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(_HTML)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-1a2b.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "secret.txt").write_text("secret")
    (folder / "assets" / "link.txt").symlink_to(tmp_path / "secret.txt")
    monkeypatch.setattr(page, "PAGE", folder)
    return folder


async def test_a_page_that_is_not_built_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path)
    async with gateway() as served:
        answer = await served.get("/")
        assert answer.status_code == 503
        assert answer.headers["content-type"].startswith("text/plain")
        assert "make web" in answer.text
        for path in ("/favicon.svg", "/assets/index.js", "/assets/"):
            assert (await served.get(path)).status_code == 404
        assert (await served.get("/health")).status_code == 200


async def test_the_page_is_fresh_its_assets_for_ever(built: Path) -> None:
    async with gateway() as served:
        index = await served.get("/")
        assert (index.status_code, index.text) == (200, _HTML)
        assert index.headers["cache-control"] == "no-cache"
        assert index.headers["x-content-type-options"] == "nosniff"
        asset = await served.get("/assets/index-1a2b.js")
        assert asset.status_code == 200
        assert "immutable" in asset.headers["cache-control"]
        assert "javascript" in asset.headers["content-type"]
        assert (await served.get("/favicon.svg")).text == "<svg/>"


async def test_what_is_missing_is_not_kept_for_ever(built: Path) -> None:
    """An answer for a missing asset that a browser keeps would break the page that is deployed next."""
    async with gateway() as served:
        missing = await served.get("/assets/index-ffff.js")
        assert missing.status_code == 404
        assert "immutable" not in missing.headers.get("cache-control", "")


async def test_the_policy_keeps_the_page_to_this_host(built: Path) -> None:
    async with gateway() as served:
        policy = (await served.get("/")).headers["content-security-policy"]
        rules = {
            name: set(sources.split())
            for name, _, sources in (rule.strip().partition(" ") for rule in policy.split(";"))
        }
        assert rules["default-src"] == {"'self'"}
        assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == {"'none'"}
        own = {"'self'", "'none'", "'unsafe-inline'", "data:", "ws:", "wss:"}
        assert set.union(*rules.values()) <= own
        assert "'unsafe-inline'" not in rules.get("script-src", set())


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../secret.txt",
        "/assets/../../secret.txt",
        "/assets/%2e%2e/secret.txt",
        "/assets/..%2fsecret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
        "/assets/..%5c..%5csecret.txt",
        "/assets//etc/passwd",
        "/assets/%2fetc%2fpasswd",
        "/assets/link.txt",
        "/secret.txt",
        "/page/secret.txt",
        "/assets/index-1a2b.js%00.txt",
        "/assets/" + "x" * 5_000,
    ],
)
async def test_nothing_else_of_the_disk_is_served(built: Path, path: str) -> None:
    async with gateway() as served:
        answer = await served.get("", extensions={"target": path.encode()})
        assert answer.status_code in (400, 404, 405), answer.text
        assert "secret" not in answer.text
        assert "root:" not in answer.text


@pytest.mark.skipif(not page.page_is_built(), reason="the page is not built: make web")
async def test_the_built_page_asks_no_other_host_for_anything() -> None:
    async with gateway() as served:
        index = await served.get("/")
        asked = _Addresses()
        asked.feed(index.text)
        assert asked.found, "a page without scripts is none"
        for address in asked.found:
            assert httpx.URL(address).is_relative_url, address
            assert (await served.get(address)).status_code == 200, address
        for path in page.PAGE.glob("assets/*.css"):
            assert not re.search(r"url\(\s*['\"]?(https?:)?//|@import", path.read_text()), path.name


class _Addresses(HTMLParser):
    """What a document loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if name in ("src", "href") and value]
