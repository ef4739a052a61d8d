"""`bigboard aggregator`: the one writer of a board in Redis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bigboard.cli.role import Role, run_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.clock import Clock
    from bigboard.settings import Settings

__all__ = ["aggregator"]

_EPILOG = """
\b
Examples:
  bigboard aggregator --redis redis://127.0.0.1:6379
  bigboard aggregator --redis redis://127.0.0.1:6379 --standby
A password is better kept in the environment, as BIGBOARD_REDIS: others can read the arguments of a process.
"""


@click.command(epilog=_EPILOG)
@click.option("--redis", metavar="URL", help="redis://, rediss://, unix://, redis+sentinel://, redis+cluster://.")
@click.option("--standby", is_flag=True, default=None, help="Wait beside another aggregator, to take over from it.")
@click.option("--lease", metavar="SECONDS", help="A standby takes over within so long.  [3s]")
@click.option("--board", metavar="NAME", help="Which board of this Redis.  [main]")
@click.option("--name", metavar="NAME", help="What it is called in `bigboard status`.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [warning]")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="YAML file with settings.")
def aggregator(config: Path | None, **flags: Any) -> None:
    """Merge what services publish on Redis into one board, and write each change to its log for gateways.

    One aggregator leads at a time. Start a second with --standby: it goes on where the first one stopped.
    """
    run_role(config, flags, _build)


def _build(settings: Settings, clock: Clock, tell: Callable[[str], None]) -> tuple[Role, Callable[[], str]]:
    from bigboard.runtime.aggregator_role import AggregatorRole  # noqa: PLC0415 - late: Redis is an extra

    role = AggregatorRole(settings, clock, tell)
    kind = "standby aggregator" if settings.standby else "aggregator"
    return role, lambda: f"{kind}: board {settings.board} on {role.spine.connection.address}"
