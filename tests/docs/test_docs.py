"""The documentation names all there is, and nothing that is not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from bigboard.board import TOPICS
from bigboard.wire import CloseCode, ErrorCode
from bigboard.wire.messages import ClientMessage, ServerMessage

_ROOT = Path(__file__).parents[2]
_PROTOCOL = (_ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
_PAGES = sorted([*_ROOT.glob("*.md"), *(_ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize(("script", "page"), [("settings-doc", "settings.md"), ("asyncapi-doc", "asyncapi.json")])
def test_what_is_made_from_the_code_is_up_to_date(script: str, page: str) -> None:
    made = subprocess.run(
        [sys.executable, _ROOT / "scripts" / script], capture_output=True, text=True, check=True, timeout=30
    )
    shown = (_ROOT / "docs" / page).read_text(encoding="utf-8")
    assert shown == made.stdout, f"run: scripts/{script} > docs/{page}"


@pytest.mark.parametrize("message", [*get_args(ClientMessage), *get_args(ServerMessage)])
def test_every_message_type_is_documented(message: type) -> None:
    assert f"`{message.__struct_config__.tag}`" in _PROTOCOL  # type: ignore[attr-defined]


@pytest.mark.parametrize("word", [*map(str, TOPICS), *map(str, ErrorCode), *(str(code.value) for code in CloseCode)])
def test_every_topic_and_code_is_documented(word: str) -> None:
    assert re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", _PROTOCOL)


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: str(page.relative_to(_ROOT)))
def test_links_lead_to_files_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (_ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in _PAGES:
        named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
        assert named <= targets, f"{page.name} names {named - targets}"
