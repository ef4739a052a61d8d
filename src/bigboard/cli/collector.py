"""`bigboard collector`: the feed of another process in, Redis out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bigboard.cli.role import Role, run_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.clock import Clock
    from bigboard.settings import Settings

__all__ = ["collector"]

_EPILOG = """
\b
Examples:
  bigboard collector --redis redis://127.0.0.1:6379
  bigboard collector --feed tcp://10.0.0.5:5555 --redis rediss://user:secret@redis.internal:6380/1
A password is better kept in the environment, as BIGBOARD_REDIS: others can read the arguments of a process.
"""


@click.command(epilog=_EPILOG)
@click.option("--feed", metavar="ENDPOINT", help="Where the feed publishes.  [tcp://127.0.0.1:5555]")
@click.option("--redis", metavar="URL", help="Where to write: redis://, rediss://, unix://, redis+sentinel://.")
@click.option("--name", metavar="NAME", help="What it is called in `bigboard status`.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [warning]")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="YAML file with settings.")
def collector(config: Path | None, **flags: Any) -> None:
    """Measure what `bigboard feed` publishes, and write it to Redis for the aggregator and for any other program.

    Feed and Redis may start before or after it, go away and come back.
    """
    run_role(config, flags, _build)


def _build(settings: Settings, clock: Clock, tell: Callable[[str], None]) -> tuple[Role, Callable[[], str]]:
    from bigboard.runtime.collector_role import CollectorRole  # noqa: PLC0415 - late: ZeroMQ and Redis are extras

    role = CollectorRole(settings, clock, tell)
    return role, lambda: f"collector: from {role.source.endpoint} to {role.publisher.where}"
