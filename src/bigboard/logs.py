"""Log lines: for people on a terminal, or as JSON for programs.

A line never holds a token, a payload or a query. The project's own lines do not by how they are made; those of libraries,
which would tell all of that in their details, are shown from ``warning`` on only.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING

import structlog

from bigboard.line_budget import LineBudget

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LineLimit", "configure_logs"]

_OWN = "bigboard"
_log = structlog.stdlib.get_logger("bigboard.logs")
_REPORT = "lines not shown"
_TRACES = ("exception", "stack")
"""Fields that are made of several lines on purpose."""


class LineLimit(logging.Filter):
    """Bounds the lines of one kind from ``warning`` on; what was asked for in so many words, by a level, is shown whole."""

    def __init__(self, budget: LineBudget | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._budget = budget or LineBudget()
        self._clock = clock

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a library's line is shown; the project's own were judged before they were made."""
        if record.levelno < logging.WARNING or isinstance(record.msg, dict):
            return True
        # The text before its values are put in: that is the kind.
        return self._budget.take((record.name, str(record.msg)[:200], ""), self._clock())

    def judge(
        self, logger: logging.Logger, method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        """A structlog processor: drops the line that is one too many."""
        name = str(event["event"])
        if logging.getLevelNamesMapping()[method.upper()] >= logging.WARNING and name != _REPORT:
            kind = (logger.name, name, str(event.get("why", "")))
            if not self._budget.take(kind, self._clock()):
                raise structlog.DropEvent
        return event

    def report(self, *, at_end: bool = False) -> None:
        """Say how many lines were not shown."""
        for (logger, event, why), count in self._budget.suppressed(self._clock(), at_end=at_end).items():
            _log.warning(_REPORT, count=count, of=event, why=why or None, logger_of=logger)


def configure_logs(level: str, format: str) -> LineLimit:
    """Send every log line to standard error; ``format`` is ``text`` or ``json``."""
    limit = LineLimit()
    own = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _printable,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            limit.judge,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # What is below the level costs a call that does nothing: ten thousand clients that leave at once are as many lines.
        wrapper_class=structlog.make_filtering_bound_logger(own),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(limit)
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[remove, *_renderers(format)], foreign_pre_chain=shared)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(own, logging.WARNING))
    logging.getLogger(_OWN).setLevel(own)
    return limit


def _renderers(format: str) -> list[structlog.typing.Processor]:
    if format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # The traceback of before: the one with pictures shows the values of variables, among them tokens.
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]


def _printable(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """What a stranger wrote must not move the cursor of a terminal, nor begin a line of its own."""
    for name, value in event.items():
        if isinstance(value, str) and not value.isprintable() and name not in _TRACES:
            event[name] = value.encode("unicode_escape").decode("ascii")
    return event
