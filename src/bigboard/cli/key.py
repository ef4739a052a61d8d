"""`bigboard key`: API keys made, listed and revoked, also while a server runs on them."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from bigboard.auth.api_key import ApiKey, new_key
from bigboard.auth.key_file import KeyFile
from bigboard.board import Subscription
from bigboard.durations import parse_duration
from bigboard.errors import SettingError
from bigboard.settings import load_settings

__all__ = ["create", "key", "list_", "revoke"]

_EPILOG = """
\b
Examples:
  bigboard key create --name desk-1 --permissions market_data,trades
  bigboard key create --name ops --permissions '*' --expires 90d
  bigboard key revoke desk-1
A permission is a topic (market_data), a topic and a key (account:main), or *.
"""

_KEYS_FILE = click.option("--keys-file", metavar="FILE", help="Where the keys are.  [~/.config/bigboard/keys.json]")
_CONFIG = click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="YAML file with settings.")


@click.group(epilog=_EPILOG)
def key() -> None:
    """Make, list and revoke API keys.

    Only a hash of a key is kept. A running server takes up every change within a second; the first key
    of all is taken up at its next start.
    """


@key.command()
@click.option("--name", required=True, metavar="NAME", help="Whose key it is: limits and log lines name it.")
@click.option("--permissions", required=True, metavar="PATTERNS", help="What its holder may see, by commas.")
@click.option("--expires", metavar="DURATION", help="How long it is good for, such as 12h or 90d.  [for ever]")
@_KEYS_FILE
@_CONFIG
def create(name: str, permissions: str, expires: str | None, keys_file: str | None, config: Path | None) -> None:
    """Make a key and print it, this once."""
    if not 1 <= len(name) <= 128 or not name.isprintable() or name != name.strip():
        raise click.UsageError("--name: 1 to 128 printable characters, without spaces around them")
    file = _file(keys_file, config)
    token, record = new_key(name, _patterns(permissions), now_ms=_now_ms(), lifetime_s=_lifetime_s(expires))
    file.add(record)
    # The key alone goes to standard output, so that it can be piped to where it is kept.
    click.echo(token)
    until = "" if record.expires_at is None else f", until {_text(record.expires_at)}"
    click.echo(f"The key of {name}{until}. It is shown this once; its hash is in {file.path}.", err=True)
    click.echo("A server that is started with this file asks every client for a key.", err=True)


@key.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@_KEYS_FILE
@_CONFIG
def list_(keys_file: str | None, config: Path | None, *, as_json: bool) -> None:
    """List all keys, without the keys themselves."""
    file = _file(keys_file, config)
    keys = file.read()
    if as_json:
        for record in keys:
            fields = {name: value for name, value in msgspec.to_builtins(record).items() if name != "sha256"}
            click.echo(msgspec.json.encode({**fields, "state": _state(record)}))
        return
    if not keys:
        click.echo(f"No keys in {file.path}. Make one: bigboard key create --name NAME --permissions '*'", err=True)
        return
    rows = [("NAME", "ID", "STATE", "CREATED", "EXPIRES", "PERMISSIONS")]
    rows += [
        (
            record.name, record.id, _state(record), _text(record.created_at), _text(record.expires_at),
            ",".join(record.permissions),
        )
        for record in keys
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


@key.command()
@click.argument("name", metavar="NAME|ID")
@_KEYS_FILE
@_CONFIG
def revoke(name: str, keys_file: str | None, config: Path | None) -> None:
    """Take a key back: its connections are closed within a second."""
    file = _file(keys_file, config)
    keys = file.read()
    found = [record for record in keys if name in (record.name, record.id)]
    if not found:
        known = ", ".join(dict.fromkeys(record.name for record in keys)) or "none"
        raise SettingError("name", "", f"there is no key {name!r} in {file.path}; there are: {known}")
    active = [record for record in found if record.revoked_at is None]
    if not active:
        raise SettingError("name", "", f"the key {name!r} was revoked on {_text(found[-1].revoked_at)}")
    for record in active:
        file.replace(msgspec.structs.replace(record, revoked_at=datetime.now(UTC).replace(microsecond=0)))
        click.echo(f"Revoked {record.name} ({record.id}).", err=True)


def _file(keys_file: str | None, config: Path | None) -> KeyFile:
    if sys.platform == "win32":  # pragma: no cover - the file is kept by POSIX permissions and locks
        raise SettingError("keys_file", "", "API keys are kept on POSIX systems only; use JWTs here")
    settings = load_settings(config=config, environment=os.environ, flags={"keys_file": keys_file})
    return KeyFile(settings.keys_file)


def _patterns(text: str) -> list[Subscription]:
    try:
        patterns = [Subscription.parse(part.strip()) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise click.UsageError(f"--permissions: {error}") from None
    if not patterns:
        raise click.UsageError("--permissions: give patterns by commas, such as market_data,account:main, or '*'")
    return list(dict.fromkeys(patterns))


def _lifetime_s(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        lifetime_s = parse_duration(text)
    except ValueError as error:
        raise click.UsageError(f"--expires: {error}") from None
    if not 1 <= lifetime_s <= 100 * 366 * 86_400:
        raise click.UsageError("--expires: from 1s to 36600d")
    return lifetime_s


def _state(record: ApiKey) -> str:
    if record.revoked_at is not None:
        return "revoked"
    return "active" if record.usable(_now_ms()) else "expired"


def _text(moment: datetime | None) -> str:
    return "never" if moment is None else f"{moment:%Y-%m-%d %H:%M}Z"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
