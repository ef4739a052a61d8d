"""Every setting: its name, type, default and help; and where its value comes from.

Rising precedence: the default here, a YAML file (``--config``), the environment (``BIGBOARD_HUB_PORT``), a flag
(``--hub-port``). In the file a setting is written ``hub_port`` or ``hub-port``. Nothing else is read, and a key that nobody
knows is an error, because a misspelt setting that is silently ignored is found out in production.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import yaml
from msgspec import Meta

from bigboard.durations import parse_duration
from bigboard.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = [
    "DEFAULT_KEYS_FILE",
    "ENVIRONMENT_PREFIX",
    "Settings",
    "is_duration_setting",
    "load_settings",
    "setting_help",
]

ENVIRONMENT_PREFIX = "BIGBOARD_"
DEFAULT_KEYS_FILE = "~/.config/bigboard/keys.json"
_FOR_CLIENTS = frozenset({"BIGBOARD_TOKEN"})
"""Variables with the prefix that are no settings: what a client shows to a server."""

_Port = Annotated[int, Meta(ge=0, le=65_535)]
_Count = Annotated[int, Meta(ge=1)]
_Seconds = Annotated[float, Meta(gt=0, le=366 * 86_400, extra={"duration": True})]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings of all roles. Durations are seconds here and ``250ms``, ``30s``, ``1m`` in the file and in flags."""

    # Where to listen
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    insecure: Annotated[
        bool, Meta(description="Listen on an address that others can reach, without any authentication.")
    ] = False
    port: Annotated[_Port, Meta(description="Port of the page, REST and /ws. 0 takes a free one.")] = 8000
    hub_port: Annotated[
        _Port, Meta(description="Port of the hub: /ws and /health for programs. 0 takes a free one.")
    ] = 8086
    allowed_origins: Annotated[
        tuple[str, ...], Meta(description="Web origins that may open a WebSocket, besides the server's own.")
    ] = ()

    trusted_proxies: Annotated[
        tuple[str, ...],
        Meta(description="Addresses and networks (CIDR) of proxies whose X-Forwarded-For and -Proto are believed."),
    ] = ()
    tls_cert: Annotated[
        str | None, Meta(description="PEM file with the certificate and its chain: then both ports speak TLS alone.")
    ] = None
    tls_key: Annotated[str | None, Meta(description="PEM file with the key of tls_cert, without a password.")] = None

    # Who may come in
    authentication: Annotated[
        Literal["auto", "on", "off"],
        Meta(description="Ask clients who they are; auto: if there is a key file at the start, or a JWT setting."),
    ] = "auto"
    keys_file: Annotated[str, Meta(description="API keys, as `bigboard key` writes them.")] = DEFAULT_KEYS_FILE
    jwt_secret_file: Annotated[
        str | None, Meta(description="File with the secret of HS256 tokens, of at least 32 bytes.")
    ] = None
    jwt_key_file: Annotated[str | None, Meta(description="PEM file with the public key of RS256 or ES256 tokens.")] = (
        None
    )
    jwt_jwks_file: Annotated[str | None, Meta(description="JWKS file with public keys of RS256 or ES256 tokens.")] = (
        None
    )
    jwt_issuer: Annotated[str | None, Meta(description="The iss of a token, exactly; needed with any JWT file.")] = None
    jwt_audience: Annotated[str, Meta(description="What the aud of a token must name.")] = "bigboard"
    auth_timeout: Annotated[_Seconds, Meta(description="How long a new connection has to authenticate.")] = 10.0

    # What to show
    replay: Annotated[
        tuple[str, ...], Meta(description="Recorded exchange streams to play instead of the simulated market.")
    ] = ()
    speed: Annotated[str, Meta(description="Replay speed: a factor such as 1, 10 or 0.5, or max.")] = "1"
    loop: Annotated[bool, Meta(description="Start the replay again when it ends.")] = False
    exit: Annotated[bool, Meta(description="End the program when the replay ends.")] = False
    exchange: Annotated[
        str | None, Meta(description="Exchange to show live, by its name in ccxt, such as binanceusdm; needs symbols.")
    ] = None
    exchange_url: Annotated[
        str | None,
        Meta(description="Where the exchange is reached instead of its own address, such as http://127.0.0.1:9000."),
    ] = None
    symbols: Annotated[
        str, Meta(description="Symbols by commas, such as BTC/USDT:USDT; of the simulated market also how many.")
    ] = "12"
    seed: Annotated[
        int | None, Meta(description="Seed of the simulated market; the same seed plays the same market.")
    ] = None
    rate: Annotated[
        float, Meta(ge=1, le=1_000, description="Updates per second and symbol of the simulated market.")
    ] = 10.0

    # Market data
    book_depth: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000,
            description="Price levels per side of a live or replayed book that go on the board; the simulated has 25.",
        ),
    ] = 25
    candle_intervals: Annotated[
        tuple[Literal["1s", "1m", "5m", "15m", "1h", "4h", "1d"], ...], Meta(description="Candles to build.")
    ] = ("1s", "1m", "5m", "15m", "1h", "4h", "1d")
    candle_history: Annotated[_Count, Meta(description="Closed candles kept in memory per symbol and interval.")] = (
        1_000
    )
    candle_history_total: Annotated[_Count, Meta(description="Closed candles kept in memory over all.")] = 200_000
    stale_after: Annotated[
        _Seconds,
        Meta(description="A ticker or book stream without data for so long is stale; a live one reconnects."),
    ] = 10.0
    stale_after_trades: Annotated[_Seconds, Meta(description="A trade stream without trades for so long is stale.")] = (
        60.0
    )
    max_symbols: Annotated[_Count, Meta(description="Symbols taken from a feed; more are counted and skipped.")] = 5_000

    # The board
    commit_interval: Annotated[_Seconds, Meta(description="Least time between two commits.")] = 0.010
    tape_length: Annotated[_Count, Meta(description="Trades kept per symbol.")] = 100
    max_rows: Annotated[_Count, Meta(description="Orders and alerts kept; closed ones go first.")] = 2_000
    max_levels: Annotated[_Count, Meta(description="Price levels kept per side of a book.")] = 1_000
    max_keys: Annotated[_Count, Meta(description="Keys per topic; updates for more are rejected.")] = 50_000
    spine_length: Annotated[int, Meta(ge=2_000, description="Commits kept in the in-memory log.")] = 10_000

    # Between processes
    feed: Annotated[str, Meta(description="ZeroMQ endpoint on which a feed publishes and a collector listens.")] = (
        "tcp://127.0.0.1:5555"
    )
    feed_high_water: Annotated[
        int, Meta(ge=10, description="Tickers that a feed keeps for a slow reader; beyond it the oldest go.")
    ] = 10_000
    feed_repeat: Annotated[
        float,
        Meta(
            gt=0,
            le=5,
            extra={"duration": True},
            description="How often a feed says each book and ticker whole, for whoever missed a message; at most 5 s.",
        ),
    ] = 4.0
    feed_silence: Annotated[
        float, Meta(ge=2, le=3_600, extra={"duration": True}, description="A feed that is silent for so long is down.")
    ] = 5.0
    redis: Annotated[
        str | None, Meta(description="Redis that joins the processes: redis://, rediss://, unix://, redis+sentinel://.")
    ] = None
    board: Annotated[str, Meta(description="Name of the board in Redis; several may share one Redis.")] = "main"
    name: Annotated[
        str,
        Meta(
            max_length=96,
            description="Name of this process in the topic services; by default its role and host, of a feed its exchange.",
        ),
    ] = ""
    lease: Annotated[
        float,
        Meta(
            ge=0.5,
            le=60,
            extra={"duration": True},
            description="Within so long a standby aggregator takes over from one that died.",
        ),
    ] = 3.0
    standby: Annotated[bool, Meta(description="Wait beside another aggregator, and take over when it is gone.")] = False
    service_ttl: Annotated[
        float,
        Meta(
            ge=60,
            extra={"duration": True},
            description="A service that has not reported for so long leaves the board of an aggregator.",
        ),
    ] = 3600.0
    redis_prefix: Annotated[str, Meta(description="Text before every key and channel in Redis.")] = ""
    redis_write_interval: Annotated[
        float,
        Meta(
            gt=0,
            le=60,
            extra={"duration": True},
            description="Least time between two writes of one Redis key, or messages about one row or book.",
        ),
    ] = 0.05
    redis_ttl: Annotated[
        float,
        Meta(
            ge=1,
            le=366 * 86_400,
            extra={"duration": True},
            description="How long a key in Redis lives after its last write.",
        ),
    ] = 3_600.0

    # Clients
    # Clients take a server that says nothing for 12 s or more for lost, so at most 10 s.
    heartbeat: Annotated[
        float,
        Meta(
            gt=0,
            le=10,
            extra={"duration": True},
            description="A client that was sent nothing for so long gets a heartbeat, at most 10 s.",
        ),
    ] = 5.0
    resume_wait: Annotated[_Seconds, Meta(description="How long a cursor ahead of this server is waited for.")] = 5.0
    stuck_after: Annotated[
        _Seconds, Meta(description="A client that reads nothing for so long is closed (4508; plain HTTP is dropped).")
    ] = 30.0
    compression: Annotated[
        bool,
        Meta(description="Compress messages for clients that offer it (permessage-deflate), once for all equal ones."),
    ] = True
    max_message: Annotated[int, Meta(ge=1_024, description="Bytes of one inbound message.")] = 65_536
    max_subscriptions: Annotated[_Count, Meta(description="Subscriptions per connection.")] = 1_000
    message_rate: Annotated[
        float, Meta(gt=0, le=100_000, description="Messages per second that one WebSocket may send.")
    ] = 10.0
    message_burst: Annotated[_Count, Meta(description="Messages that it may send at once.")] = 20
    http_rate: Annotated[
        float, Meta(gt=0, le=100_000, description="HTTP requests per second of one address; beyond it 429.")
    ] = 10.0
    http_burst: Annotated[_Count, Meta(description="HTTP requests that it may make at once, as a page does.")] = 100
    auth_failures: Annotated[
        int, Meta(ge=1, le=100_000, description="Bad keys and tokens per minute of one address; beyond it 429 or 4429.")
    ] = 10
    max_connections: Annotated[_Count, Meta(description="WebSockets, as far as files may be open; beyond it 503.")] = (
        20_000
    )
    max_connections_per_address: Annotated[
        _Count, Meta(description="WebSockets from one address (IPv6: one /64); beyond it 4429.")
    ] = 1_000
    max_connections_per_subject: Annotated[
        _Count, Meta(description="WebSockets of one key or token subject; beyond it 4429.")
    ] = 1_000
    handshake_timeout: Annotated[
        _Seconds, Meta(description="How long a client has to send its HTTP request or handshake.")
    ] = 10.0

    # The process
    shutdown_timeout: Annotated[_Seconds, Meta(description="How long open connections get when the server stops.")] = (
        5.0
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="Least severity that is logged.")
    ] = "warning"
    log_format: Annotated[Literal["text", "json"], Meta(description="Log lines for people or for programs.")] = "text"


_HINTS = get_type_hints(Settings, include_extras=True)


def setting_help() -> Iterator[tuple[str, str, object]]:
    """Name, help and default of each setting, in order; the documentation is checked against it."""
    for field in msgspec.structs.fields(Settings):
        description = next(meta.description for meta in _metas(_HINTS[field.name]) if meta.description)
        yield field.name, description, field.default


def is_duration_setting(name: str) -> bool:
    """Whether a setting is a duration, which is written with a unit."""
    return _is_duration(_HINTS[name])


def load_settings(
    *, config: Path | None = None, environment: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> Settings:
    """Settings from a file, the environment and flags. Raises ``SettingError`` with the way out."""
    given: dict[str, tuple[object, str]] = {}
    for name, value in _read_file(config).items():
        given[_known(name.replace("-", "_"), name, str(config))] = (value, str(config))
    for variable, text in environment.items():
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in _FOR_CLIENTS:
            name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
            given[_known(name, variable, "environment")] = (text, f"environment variable {variable}")
    for name, flag in (flags or {}).items():
        if flag is not None:
            given[_known(name, name, "flags")] = (flag, f"flag --{name.replace('_', '-')}")
    return Settings(**{name: _convert(name, value, origin) for name, (value, origin) in given.items()})


def _read_file(config: Path | None) -> dict[str, object]:
    if config is None:
        return {}
    try:
        content = yaml.safe_load(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError("config", "", f"cannot read {config}: {error.strerror}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A date that is none (2024-13-45), a number of thousands of digits: PyYAML lets Python's own errors through.
        raise SettingError("config", "", f"{config} is no YAML file: {' '.join(str(error).split())}") from None
    if content is None:
        return {}
    if not isinstance(content, dict) or not all(isinstance(name, str) for name in content):
        raise SettingError("config", str(config), "the file must hold settings as 'name: value'")
    return content


def _known(name: str, given: str, origin: str) -> str:
    if name in _HINTS:
        return name
    near = difflib.get_close_matches(name, _HINTS, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_HINTS)}"
    raise SettingError(name, origin, f"no setting {given!r}: {hint}")


def _convert(name: str, value: object, origin: str) -> Any:
    hint = _HINTS[name]
    try:
        given = value
        if _is_duration(hint):
            given = _seconds(value)
        elif get_origin(_bare(hint)) is tuple and isinstance(value, str):
            given = tuple(part.strip() for part in value.split(",") if part.strip())
        elif _bare(hint) is str and isinstance(value, int | float) and not isinstance(value, bool):
            given = str(value)  # YAML reads `speed: 10` as a number.
        return msgspec.convert(given, hint, strict=False)
    except msgspec.ValidationError:
        raise SettingError(name, origin, f"{name}: {_short(value)} is not {_wanted(hint)}") from None
    except ValueError as error:
        raise SettingError(name, origin, f"{name}: {error}") from None


def _seconds(value: object) -> float:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} has no unit: write 250ms, 30s or 1m")  # noqa: TRY004 - the caller expects this one
    return parse_duration(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _wanted(hint: object) -> str:
    """What a setting takes, in words."""
    if _is_duration(hint):
        most = min(meta.le for meta in _metas(hint) if meta.le is not None)
        return f"a duration above 0 and of at most {f'{most / 86_400:g}d' if most >= 86_400 else f'{most:g}s'}"
    bare = _bare(hint)
    if get_origin(bare) is tuple:
        (element, *_) = get_args(bare)
        return f"a list of {_choices(element)}" if get_origin(element) is Literal else "a list of texts"
    if get_origin(bare) is Literal:
        return f"one of {_choices(bare)}"
    kinds = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}
    kind = next((words for type_, words in kinds.items() if type_ in (bare, *get_args(bare))), "possible")
    return " ".join(filter(None, (kind, _bounds(hint))))


def _choices(literal: object) -> str:
    return ", ".join(map(str, get_args(literal)))


def _bounds(hint: object) -> str:
    least = next((meta.ge for meta in _metas(hint) if meta.ge is not None), None)
    most = next((meta.le for meta in _metas(hint) if meta.le is not None), None)
    if most is None:
        return "" if least is None else f"of at least {least:g}"
    return f"from {least or 0:g} to {most:g}"


def _is_duration(hint: object) -> bool:
    return any((meta.extra or {}).get("duration") for meta in _metas(hint))


def _metas(hint: object) -> Iterator[Meta]:
    # Nested Annotated types come flattened.
    for part in get_args(hint)[1:]:
        if isinstance(part, Meta):
            yield part


def _bare(hint: object) -> object:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint
