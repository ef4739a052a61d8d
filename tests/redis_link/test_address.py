"""Every way of writing where a Redis is, and what is said about a wrong one."""

from __future__ import annotations

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
        ("redis://h:seven", "Port"),
        ("redis://h?ssl_ca_certs=/x", "no option 'ssl_ca_certs'"),
        ("redis://h?timeout=5", "no option 'timeout'"),
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


def test_what_is_wrong_is_said_without_the_password() -> None:
    with pytest.raises(SettingError) as refused:
        RedisAddress.parse("redis://:hunter2@h:port/x")
    assert "hunter2" not in str(refused.value)


def test_tls_files_that_are_not_there_are_a_setting_error() -> None:
    address = RedisAddress.parse("rediss://h?ssl_ca_certs=/no/such/file")
    with pytest.raises(SettingError, match="TLS files"):
        address.tls_context()
