"""`bigboard gateway`: serves a board that is kept in Redis."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bigboard.cli.role import Role, run_role

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.clock import Clock
    from bigboard.settings import Settings

__all__ = ["gateway"]

_EPILOG = """
\b
Examples:
  bigboard gateway --redis redis://127.0.0.1:6379
  bigboard gateway --redis redis://127.0.0.1:6379 --port 8001 --hub-port 8087
A password is better kept in the environment, as BIGBOARD_REDIS: others can read the arguments of a process.
"""


@click.command(epilog=_EPILOG)
@click.option("--redis", metavar="URL", help="redis://, rediss://, unix://, redis+sentinel://, redis+cluster://.")
@click.option("--board", metavar="NAME", help="Which board of this Redis.  [main]")
@click.option("--name", metavar="NAME", help="What it is called in `bigboard status`.")
@click.option("--host", metavar="ADDRESS", help="Address to listen on.  [127.0.0.1]")
@click.option(
    "--insecure", is_flag=True, default=None, help="Listen where others can reach it, without authentication."
)
@click.option("--keys-file", metavar="FILE", help="API keys of `bigboard key`; with it, clients have to authenticate.")
@click.option("--tls-cert", metavar="FILE", help="Certificate with its chain, PEM: https and wss on both ports.")
@click.option("--tls-key", metavar="FILE", help="Its key, PEM.")
@click.option("--port", metavar="PORT", help="Port of the page, REST and /ws.  [8000]")
@click.option("--hub-port", metavar="PORT", help="Port of the hub for programs.  [8086]")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.  [warning]")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="YAML file with settings.")
def gateway(config: Path | None, **flags: Any) -> None:
    """Follow a board in Redis and serve it to browsers, terminals and programs.

    Any number may run side by side: a client that moves to another goes on where it was.
    """
    run_role(config, flags, _build)


def _build(settings: Settings, clock: Clock, tell: Callable[[str], None]) -> tuple[Role, Callable[[], str]]:
    from bigboard.runtime.gateway_role import GatewayRole  # noqa: PLC0415 - late: Redis is an extra

    role = GatewayRole(settings, clock, tell)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    tls = "s" if settings.tls_cert else ""

    def what() -> str:
        ports = f"http{tls}://{host}:{role.part.port}   programs: ws{tls}://{host}:{role.part.hub_port}/ws"
        return f"gateway: board {settings.board} on {role.spine.connection.address}\nOpen {ports}"

    return role, what
