"""Every way of writing where a Redis is, and what is said about a wrong one."""

from __future__ import annotations

import traceback

import pytest

from bigboard.errors import SettingError
from bigboard.redis_link import RedisAddress


@pytest.mark.parametrize(
    ("url", "shown", "database", "login"),
    [
        ("redis://localhost", "redis://localhost:6379/0", 0, (None, None)),
        ("redis://10.0.0.1:7000/3", "redis://10.0.0.1:7000/3", 3, (None, None)),
        ("redis://:secret@h/", "redis://h:6379/0", 0, (None, "secret")),
        ("redis://desk:se%40cret%2F@h:1/2", "redis://h:1/2", 2, ("desk", "se@cret/")),
        ("redis://h?db=4&username=desk&password=p", "redis://h:6379/4", 4, ("desk", "p")),
        ("redis://[::1]:7000", "redis://[::1]:7000/0", 0, (None, None)),
        ("rediss://h:6380/1", "rediss://h:6380/1", 1, (None, None)),
        ("unix:///run/redis.sock?db=2&password=p", "unix:///run/redis.sock", 2, (None, "p")),
        ("unix://desk:p@/run/redis.sock", "unix:///run/redis.sock", 0, ("desk", "p")),
        ("redis+sentinel://:p@a,b:2/board/5", "redis+sentinel://a:26379,b:2/board/5", 5, (None, "p")),
        ("rediss+sentinel://a/board", "rediss+sentinel://a:26379/board/0", 0, (None, None)),
        ("redis+cluster://:p@a:1,b:2,c", "redis+cluster://a:1,b:2,c:6379/0", 0, (None, "p")),
    ],
)
def test_a_url_is_read_and_shown_without_its_password(
    url: str, shown: str, database: int, login: tuple[str | None, str | None]
) -> None:
    address = RedisAddress.parse(url)
    assert str(address) == shown
    assert address.database == database
    assert (address.username, address.password) == login
    assert "secret" not in repr(address)


def test_sentinels_have_credentials_of_their_own() -> None:
    address = RedisAddress.parse("redis+sentinel://:p@a/board?sentinel_password=q")
    assert (address.password, address.sentinel_login) == ("p", {"password": "q"})


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("localhost:6379", "starts with one of redis://"),
        ("http://h", "starts with one of redis://"),
        ("redis://", "no host"),
        ("redis://h/zero", "number of the database"),
        ("redis://h/1/2", "number of the database"),
        ("redis://h:seven", "port"),
        ("redis://h:70000", "port"),
        ("redis://[::1", "no URL"),
        ("redis://h?ssl_ca_certs=/x", "none of db, username, password;"),
        ("redis://h?timeout=5", "none of db, username, password;"),
        ("rediss://h?ssl_cert_reqs=maybe", "required or none"),
        ("redis+sentinel://h", "names the service"),
        ("redis+cluster://h/1", "database 0 alone"),
        ("unix://", "unix:///path"),
    ],
)
def test_a_url_that_cannot_be_is_a_setting_error_that_shows_the_way(url: str, hint: str) -> None:
    with pytest.raises(SettingError, match=hint) as refused:
        RedisAddress.parse(url)
    assert refused.value.setting == "redis"


def _told(url: str) -> str:
    """What is shown of a URL, right or wrong, be it in a traceback."""
    try:
        return str(RedisAddress.parse(url))
    except SettingError as refused:
        return "".join(traceback.format_exception(refused))


@pytest.mark.parametrize("scheme", ["redis", "rediss", "unix", "redis+sentinel", "redis+cluster"])
@pytest.mark.parametrize("mark", [*"/?#@%[]:&=,;\\ ", "/?", "?a=", "[", "@[", "\u2100", "%zz"])
@pytest.mark.parametrize("rest", ["host:6379/0", "h:port/x", "h/service/0", "[h"])
def test_no_part_of_a_password_is_said_whatever_is_in_it(scheme: str, mark: str, rest: str) -> None:
    for login in (f"user:hunter{mark}xyzzy", f":hunter{mark}xyzzy", f"hunter{mark}xyzzy"):
        told = _told(f"{scheme}://{login}@{rest}")
        assert "hunter" not in told
        assert "xyzzy" not in told


@pytest.mark.parametrize(
    "url", ["redis://user:hunt/er2@h", "redis://:pa?ss@host", "redis://:pa#ss@host", "redis://:pa/ss@host:6379/0"]
)
def test_marks_in_a_password_are_answered_with_how_to_write_them(url: str) -> None:
    with pytest.raises(SettingError, match=r"in a password / \? # @ and % are written %2F %3F %23 %40"):
        RedisAddress.parse(url)


def test_tls_files_that_are_not_there_are_a_setting_error() -> None:
    address = RedisAddress.parse("rediss://h?ssl_ca_certs=/no/such/file")
    with pytest.raises(SettingError, match="TLS files"):
        address.tls_context()
