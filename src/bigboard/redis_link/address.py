"""Where a Redis is and how one gets in: the URL of the setting ``redis``, read once.

::

    redis://[user:password@]host[:port][/database]     rediss:// for TLS
    unix:///path/to/socket[?db=1&password=…]
    redis+sentinel://[user:password@]host[:port],…/service[/database]      rediss+sentinel:// for TLS
    redis+cluster://[user:password@]host[:port],…      rediss+cluster:// for TLS

Options behind ``?``: ``db``, ``username``, ``password``; for TLS ``ssl_ca_certs`` (a PEM file), ``ssl_certfile``,
``ssl_keyfile``, ``ssl_check_hostname`` and ``ssl_cert_reqs`` (``required`` or ``none``); for Sentinel
``sentinel_username`` and ``sentinel_password``.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from bigboard.errors import SettingError

__all__ = ["RedisAddress"]

_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")
_LOGIN = ("db", "username", "password")
_TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname", "ssl_cert_reqs")
_SENTINEL = ("sentinel_username", "sentinel_password")
_ENCODE = "in a password / ? # @ and % are written %2F %3F %23 %40 and %25"
_PORTS = {"single": 6379, "sentinel": 26379, "cluster": 6379}


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A parsed URL. ``str()`` of it is fit to be shown: it has no password."""

    kind: Literal["single", "sentinel", "cluster"]
    hosts: tuple[tuple[str, int], ...] = ()
    """Host and port of the server, of the sentinels, or of some nodes of the cluster; empty for a Unix socket."""
    path: str = ""
    """Of a Unix socket."""
    service: str = ""
    """The name that the sentinels know the server by."""
    database: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    options: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What else stands behind ``?``: TLS files, the sentinels' own credentials."""

    @classmethod
    def parse(cls, url: str) -> RedisAddress:
        """Read a URL. Raises ``SettingError`` with what is wrong in it, and never with the password."""
        try:
            return _read(_split(url))
        except _AddressError as error:
            raise SettingError("redis", "", f"redis: {error}") from None

    def __str__(self) -> str:
        if self.path:
            return f"unix://{self.path}"
        scheme = ("rediss" if self.tls else "redis") + ("" if self.kind == "single" else f"+{self.kind}")
        places = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        return f"{scheme}://{places}" + (f"/{self.service}" if self.service else "") + f"/{self.database}"

    @property
    def sentinel_login(self) -> dict[str, str]:
        """What the sentinels ask for, if anything: they have passwords of their own."""
        return {name.removeprefix("sentinel_"): value for name, value in self.options if name in _SENTINEL}

    def tls_context(self) -> ssl.SSLContext | None:
        """How the server is checked, ``None`` without TLS. Raises ``SettingError`` for files that cannot be used."""
        if not self.tls:
            return None
        options = dict(self.options)
        try:
            context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
            if options.get("ssl_certfile"):
                context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"))
        except (OSError, ssl.SSLError) as error:
            raise SettingError("redis", "", f"redis: the TLS files cannot be used: {error}") from None
        unchecked = options.get("ssl_cert_reqs") == "none"
        context.check_hostname = not unchecked and options.get("ssl_check_hostname", "true").lower() != "false"
        if unchecked:
            context.verify_mode = ssl.CERT_NONE
        return context


class _AddressError(Exception):
    """What is wrong with a URL, in words of this module alone: those of a library quote it, and so parts of a password."""


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise _AddressError(f"this is no URL; {_ENCODE}") from None


def _read(parts: SplitResult) -> RedisAddress:
    if parts.fragment:
        raise _AddressError(f"a URL of Redis has no part behind #; {_ENCODE}")
    if parts.scheme not in _SCHEMES:
        raise _AddressError(f"a URL starts with one of {', '.join(f'{scheme}://' for scheme in _SCHEMES)}")
    base, _, kind_ = parts.scheme.partition("+")
    kind: Literal["single", "sentinel", "cluster"] = (
        "sentinel" if kind_ == "sentinel" else "cluster" if kind_ == "cluster" else "single"
    )
    login, at, places = parts.netloc.rpartition("@")
    name, _, password = login.partition(":")
    options = _options(parts.query, tls=base == "rediss", sentinel=kind == "sentinel")
    path = unquote(parts.path).strip("/").split("/") if parts.path.strip("/") else []
    socket = unquote(parts.path) if base == "unix" else ""
    if base == "unix":
        if not socket or places:
            raise _AddressError(f"a Unix socket is written unix:///path/to/socket; {_ENCODE}")
        path = []
    elif "@" in parts.path:
        # The first / of a password ended the host.
        raise _AddressError(f"an @ stands behind the first /; {_ENCODE}")
    service = _take_service(path) if kind == "sentinel" else ""
    return RedisAddress(
        kind=kind,
        hosts=() if socket else tuple(_place(place, _PORTS[kind]) for place in places.split(",")),
        path=socket,
        service=service,
        database=_database(options.pop("db", "") or (path.pop(0) if path else "0"), kind, path),
        username=options.pop("username", "") or (unquote(name) if at else None) or None,
        password=options.pop("password", "") or (unquote(password) if at else None) or None,
        tls=base == "rediss",
        options=tuple(options.items()),
    )


def _options(query: str, *, tls: bool, sentinel: bool) -> dict[str, str]:
    known = (*_LOGIN, *(_TLS if tls else ()), *(_SENTINEL if sentinel else ()))
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise _AddressError(f"behind ? come options such as db=1; {_ENCODE}") from None
    if any(name not in known for name in options):
        # Without the name: it may be what follows a ? in a password.
        raise _AddressError(f"an option behind ? is none of {', '.join(known)}; {_ENCODE}")
    if options.get("ssl_cert_reqs", "required") not in ("required", "none"):
        raise _AddressError("ssl_cert_reqs is required or none")
    return options


def _take_service(path: list[str]) -> str:
    if not path:
        raise _AddressError("a Sentinel URL names the service: redis+sentinel://host:26379/SERVICE")
    return path.pop(0)


def _place(text: str, default_port: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _AddressError(f"the port behind the host is no number up to 65535; {_ENCODE}") from None
    if host is None:
        raise _AddressError("the URL names no host")
    return host, default_port if port is None else port


def _database(text: str, kind: str, rest: list[str]) -> int:
    if rest or not text.isascii() or not text.isdecimal():
        raise _AddressError(f"behind the host comes the number of the database, such as /1; {_ENCODE}")
    if kind == "cluster" and int(text):
        raise _AddressError("a cluster has database 0 alone")
    return int(text)
