"""Log lines as a program writes them: which are shown, in which form, and how many."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

_PROGRAM = """
import logging, structlog
from bigboard.logs import configure_logs
limit = configure_logs({level!r}, {format!r})
log = structlog.stdlib.get_logger("bigboard.test")
library = logging.getLogger("websockets.server")
{body}
limit.report(at_end=True)
"""


def _lines(body: str, *, level: str = "warning", format: str = "json") -> list[Any]:
    program = _PROGRAM.format(level=level, format=format, body=body)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert ended.stdout == ""
    lines = ended.stderr.splitlines()
    return [json.loads(line) for line in lines] if format == "json" else lines


def test_a_line_names_its_fields() -> None:
    (line,) = _lines('log.warning("request refused", why="host", address="192.0.2.1")')
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "request refused", "why": "host", "address": "192.0.2.1", "level": "warning", "logger": "bigboard.test",
    }  # fmt: skip


def test_a_flood_is_cut_short_by_kind_and_counted() -> None:
    flood = 'for n in range(1000): log.warning("refused", why="origin", n=n)\nlog.warning("refused", why="host")'
    *shown, last = _lines(flood)
    assert [line.get("n") for line in shown] == [*range(10), None]
    assert (last["event"], last["count"], last["of"], last["why"]) == ("lines not shown", 990, "refused", "origin")


def test_a_flood_from_a_library_is_cut_short_too() -> None:
    *shown, last = _lines('for n in range(1000): library.warning("bad request %d", n)')
    assert [line["event"] for line in shown] == [f"bad request {n}" for n in range(10)]
    assert (last["count"], last["logger_of"]) == (990, "websockets.server")


def test_what_was_asked_for_by_a_level_is_shown_whole() -> None:
    assert len(_lines('for n in range(50): log.info("request", n=n)', level="info")) == 50
    assert not _lines('log.info("request")')


def test_libraries_keep_their_details_to_themselves_at_any_level() -> None:
    body = 'library.debug("> authorization: Bearer secret")\nlibrary.info("?token=secret")\nlog.debug("own")'
    assert [line["event"] for line in _lines(body, level="debug")] == ["own"]


def test_a_stranger_s_text_stays_on_its_line_and_off_the_terminal() -> None:
    body = r'log.warning("refused", origin="http://x\n2031 forged line\x1b[2J\x9b2J")'
    (line,) = _lines(body, format="text")
    assert line.isprintable()
    assert r"\n2031 forged line\x1b[2J\x9b2J" in line.replace("\\\\", "\\")


def test_text_into_a_file_has_no_colours_and_a_traceback_shows_no_values() -> None:
    body = """
def open_door(token):
    raise ValueError("a fault")
try:
    open_door("s3cr3t" * 2)
except ValueError:
    log.exception("failed")
"""
    for written in ("text", "json"):
        text = "\n".join(map(str, _lines(body, format=written)))
        assert "ValueError: a fault" in text
        assert "s3cr3ts3cr3t" not in text
        assert "\x1b" not in text
