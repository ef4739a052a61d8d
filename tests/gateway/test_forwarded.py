"""Behind a proxy: whose word is taken about the client's address, and what cannot be forged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bigboard.gateway.forwarded import ForwardedClient, TrustedProxies
from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.rate import Rate
from servers import gateway

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_PROXIES = ["127.0.0.1", "10.0.0.0/8", "2001:db8:1::/48"]


async def _seen(
    peer: str, *forwarded: str, proto: str = "", kind: str = "http", trusted: list[str] | None = None
) -> Any:
    seen: dict[str, Any] = {}

    async def app(scope: Scope, _: Receive, __: Send) -> None:
        seen.update(scope)

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nobody reads or answers here")

    headers = [(b"x-forwarded-for", value.encode("latin-1")) for value in forwarded]
    headers += [(b"x-forwarded-proto", proto.encode())] if proto else []
    scheme = "ws" if kind == "websocket" else "http"
    scope = {"type": kind, "client": (peer, 4711), "scheme": scheme, "headers": headers}
    proxies = TrustedProxies(_PROXIES if trusted is None else trusted)
    await ForwardedClient(app, proxies)(scope, nothing, nothing)
    return seen


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("127.0.0.1", ["192.0.2.7"], "192.0.2.7"),
        ("127.0.0.1", ["192.0.2.7:5555"], "192.0.2.7"),
        ("127.0.0.1", ["2001:db8::7"], "2001:db8::7"),
        ("127.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("127.0.0.1", ["[2001:db8::7]:443"], "2001:db8::7"),
        ("127.0.0.1", ["::ffff:192.0.2.7"], "192.0.2.7"),
        # Several hops: what stands before the last stranger is that stranger's own story.
        ("127.0.0.1", ["192.0.2.7, 10.1.1.1"], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.1, 192.0.2.7, 10.1.1.1, 10.2.2.2"], "192.0.2.7"),
        ("127.0.0.1", ["198.51.100.1", "192.0.2.7", "10.1.1.1"], "192.0.2.7"),
        ("10.9.9.9", ["127.0.0.1, 192.0.2.7"], "192.0.2.7"),
        ("2001:db8:1::5", ["192.0.2.7"], "192.0.2.7"),
        ("::ffff:10.0.0.9", ["192.0.2.7"], "192.0.2.7"),
        # All of them are proxies: the first is the nearest to a client that there is.
        ("127.0.0.1", ["10.3.3.3, 10.1.1.1"], "10.3.3.3"),
        # A trusted proxy that wrote nonsense: the last that is known for certain.
        ("127.0.0.1", ["garbage"], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7, garbage"], "127.0.0.1"),
        ("127.0.0.1", ["garbage, 10.1.1.1"], "10.1.1.1"),
        ("127.0.0.1", ["192.0.2.7, "], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.7\x1b[2J"], "127.0.0.1"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.300"], "127.0.0.1"),
    ],
)
async def test_a_trusted_proxy_tells_who_the_client_is(peer: str, forwarded: list[str], client: str) -> None:
    for kind in ("http", "websocket"):
        assert (await _seen(peer, *forwarded, kind=kind))["client"][0] == client


@pytest.mark.parametrize(
    "peer", ["192.0.2.1", "127.0.0.2", "11.0.0.1", "::1", "2001:db8:2::1", "testclient", "::ffff:192.0.2.1"]
)
async def test_a_stranger_who_forges_the_headers_is_not_believed(peer: str) -> None:
    for kind, scheme in (("http", "http"), ("websocket", "ws")):
        seen = await _seen(peer, "127.0.0.1", proto="https", kind=kind)
        assert seen["client"] == (peer, 4711)
        assert seen["scheme"] == scheme


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.0.0.1"])
async def test_without_the_setting_nobody_is_believed_not_even_this_machine(peer: str) -> None:
    assert (await _seen(peer, "192.0.2.7", proto="https", trusted=[]))["client"] == (peer, 4711)


@pytest.mark.parametrize(
    ("proto", "http", "websocket"),
    [("https", "https", "wss"), ("HTTPS", "https", "wss"), ("wss", "https", "wss"), ("http", "http", "ws"),
     ("", "http", "ws"), ("gopher", "http", "ws"), ("https, http", "http", "ws")],
)  # fmt: skip
async def test_the_scheme_is_the_client_s(proto: str, http: str, websocket: str) -> None:
    assert (await _seen("127.0.0.1", "192.0.2.7", proto=proto))["scheme"] == http
    assert (await _seen("127.0.0.1", "192.0.2.7", proto=proto, kind="websocket"))["scheme"] == websocket


@pytest.mark.parametrize("text", ["10.0.0.1/8", "proxy.example", "*", "10.0.0", "10.0.0.0/33", ""])
def test_what_is_no_network_is_an_error_and_no_name_that_never_matches(text: str) -> None:
    with pytest.raises(ValueError, match="neither an address nor a network"):
        TrustedProxies([text])


@given(forged=st.lists(st.text(st.characters(max_codepoint=255)), max_size=40), last=st.ip_addresses())
def test_whatever_a_client_writes_only_what_the_proxy_added_counts(forged: list[str], last: Any) -> None:
    proxies = TrustedProxies(["127.0.0.1"])
    if last in proxies or getattr(last, "ipv4_mapped", None):
        return
    values = [*(text.encode("latin-1") for text in forged), str(last).encode()]
    assert proxies.client("127.0.0.1", values) == str(last)


async def test_limits_count_the_client_and_not_the_proxy() -> None:
    bounds = GatewayLimits(http=Rate(0.001, 1))
    async with gateway(bounds=bounds, trusted_proxies=["127.0.0.1"]) as served:
        one, two = ({"X-Forwarded-For": f"192.0.2.{number}"} for number in (1, 2))
        statuses = [(await served.get("/api/v1/version", headers=headers)).status_code for headers in (one, one, two)]
        assert statuses == [200, 429, 200]


async def test_a_forged_address_does_not_get_around_the_limits() -> None:
    async with gateway(bounds=GatewayLimits(http=Rate(0.001, 1))) as served:
        one, two = ({"X-Forwarded-For": f"192.0.2.{number}"} for number in (1, 2))
        statuses = [(await served.get("/api/v1/version", headers=headers)).status_code for headers in (one, two)]
        assert statuses == [200, 429]
