"""An address that fails to prove who it is, again and again, is slowed: on every way in, and nobody else with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from aggregator.hand_clock import HandClock
from bigboard.errors import TooManyFailures, WireError
from bigboard.gateway.gatekeeper import Gatekeeper
from bigboard.gateway.limits import GatewayLimits, Limit, Limited
from bigboard.gateway.rate import Rate
from gateway.key_holder import KeyHolder, bearer, protected
from servers import close_of, running_up, until_reads
from wire.wallet import Wallet, person

if TYPE_CHECKING:
    from pathlib import Path

    from servers import Gateway

_BAD = "bb_0000000000_forged"
_STREAM = "/ws/stream?symbol=BTCUSDT"


@pytest.fixture
def keys(tmp_path: Path) -> KeyHolder:
    return KeyHolder(tmp_path)


def _outcome(gatekeeper: Gatekeeper, token: str, address: str = "192.0.2.1") -> str | int:
    """Who it is, ``refused``, or how long to wait."""
    try:
        return gatekeeper.identify(token, 0, address).subject
    except TooManyFailures as error:
        return error.wait_s
    except WireError:
        return "refused"


async def test_after_ten_failures_one_attempt_every_six_seconds() -> None:
    clock, limited = HandClock(), Limited()
    gatekeeper = Gatekeeper(Wallet(good=person("desk", "*")), GatewayLimits(), limited, clock)
    assert [_outcome(gatekeeper, "bad") for _ in range(12)] == ["refused"] * 10 + [6, 6]
    assert _outcome(gatekeeper, "good") == 6, "nobody learns which token is good"
    assert limited.counts == {Limit.AUTHENTICATION_RATE: 3}
    assert _outcome(gatekeeper, "good", "192.0.2.2") == "desk"
    await clock.advance(5_999)
    assert _outcome(gatekeeper, "good") == 1
    await clock.advance(1)
    assert [_outcome(gatekeeper, "good") for _ in range(100)] == ["desk"] * 100, "what is good costs nothing"
    assert [_outcome(gatekeeper, "bad") for _ in range(2)] == ["refused", 6]
    await clock.advance(60_000)
    assert [_outcome(gatekeeper, "bad") for _ in range(11)] == ["refused"] * 10 + [6]


def test_a_customer_of_ipv6_is_one_and_addresses_without_end_are_forgotten() -> None:
    gatekeeper = Gatekeeper(Wallet(), GatewayLimits(failed_authentications=Rate(0.001, 2)), Limited(), HandClock())
    told = [_outcome(gatekeeper, "bad", f"2001:db8::{number}") for number in range(1, 4)]
    assert told == ["refused", "refused", 1000]
    for number in range(20_010):
        _outcome(gatekeeper, "bad", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert gatekeeper.evicted == 11


def _few(failures: int) -> dict[str, Any]:
    return {"bounds": GatewayLimits(failed_authentications=Rate(0.001, failures))}


async def _handshake(served: Gateway, path: str, token: str, **headers: str) -> tuple[int, str]:
    """The status of a refused handshake and how long to wait; 101 for one that is not refused."""
    try:
        async with served.connect(path, additional_headers=bearer(token) | headers):
            return 101, ""
    except InvalidStatus as error:
        return error.response.status_code, error.response.headers.get("Retry-After", "")


@pytest.mark.parametrize("path", ["/ws", _STREAM])
async def test_a_handshake_gets_429_with_a_time_to_wait(keys: KeyHolder, path: str) -> None:
    good = keys.key("desk", "*")
    async with protected(keys, **_few(3)) as served:
        assert [(await _handshake(served, path, _BAD))[0] for _ in range(4)] == [401, 401, 401, 429]
        status, wait_s = await _handshake(served, path, good)
        assert (status, 900 < int(wait_s) <= 1_000) == (429, True)
        assert served.hub.limited.counts[Limit.AUTHENTICATION_RATE] == 2


@pytest.mark.parametrize(("path", "hub_port"), [("/api/v1/state", False), ("/health", False), ("/debug", True)])
async def test_a_request_gets_429_with_a_time_to_wait(keys: KeyHolder, path: str, *, hub_port: bool) -> None:
    good = keys.key("desk", "*")
    async with protected(keys, **_few(3)) as served:
        answers = [await served.get(path, hub_port=hub_port, headers=bearer(token)) for token in [_BAD] * 4 + [good]]
        assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
        assert 900 < int(answers[-1].headers["retry-after"]) <= 1_000
        assert "too many failed authentications" in answers[-1].json()["detail"]


async def test_a_message_on_the_stream_closes_with_4429(keys: KeyHolder) -> None:
    good = keys.key("desk", "*")
    async with protected(keys, **_few(2)) as served:
        served.price(1.0)
        codes = []
        async with served.connect(_STREAM, additional_headers=bearer(good)) as known:
            for token in (_BAD, _BAD, good):
                async with served.connect(_STREAM) as client:
                    await client.send(json.dumps({"action": "authenticate", "token": token}))
                    codes.append((await close_of(client))[0])
            assert codes == [4401, 4401, 4429]
            # Who is in stays in, and may renew its token when there is room again.
            await known.send(json.dumps({"action": "authenticate", "token": good}))
            assert json.loads(await known.recv())["last"] == 1.0
            assert json.loads(await known.recv())["last"] == 1.0


async def test_a_message_closes_with_4429_and_its_token_is_not_looked_at(keys: KeyHolder) -> None:
    good = keys.key("desk", "*")
    async with protected(keys, **_few(2)) as served, served.connect(additional_headers=bearer(good)) as known:
        codes = []
        for token, word in ((_BAD, "unauthenticated"), (_BAD, "unauthenticated"), (good, "rate_limited")):
            async with served.connect() as client:
                await client.send(json.dumps({"action": "authenticate", "token": token, "id": 7}))
                error = await until_reads(client, "error")
                assert (error["code"], error["id"]) == (word, 7)
                codes.append((await close_of(client))[0])
        assert codes == [4401, 4401, 4429]
        # Who is in stays in, and may renew its token when there is room again.
        await known.send(json.dumps({"action": "authenticate", "token": good}))
        assert (await until_reads(known, "error"))["code"] == "rate_limited"
        await known.send(json.dumps({"action": "subscribe", "subscriptions": ["risk"]}))
        await until_reads(known, "state_update")


async def test_all_ways_in_count_together_and_other_addresses_apart(keys: KeyHolder) -> None:
    good = keys.key("desk", "*")
    async with protected(keys, **_few(4)) as served:
        assert (await _handshake(served, "/ws", _BAD))[0] == 401
        assert (await _handshake(served, _STREAM, _BAD))[0] == 401
        assert (await served.get("/debug", hub_port=True, headers=bearer(_BAD))).status_code == 401
        async with served.connect() as client:
            await client.send(json.dumps({"action": "authenticate", "token": _BAD}))
            assert (await close_of(client))[0] == 4401
        assert (await served.get("/api/v1/state", headers=bearer(good))).status_code == 429
        assert (await served.get("/health")).status_code == 200, "who shows nothing fails at nothing"
        transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
        async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{served.port}") as other:
            assert (await other.get("/api/v1/state", headers=bearer(good))).status_code == 200


async def test_behind_a_trusted_proxy_the_forwarded_address_counts(keys: KeyHolder) -> None:
    good = keys.key("desk", "*")
    async with protected(keys, trusted_proxies=["127.0.0.1"], **_few(2)) as served:
        statuses = [
            await _handshake(served, "/ws", token, **{"X-Forwarded-For": address})
            for token, address in ((_BAD, "192.0.2.1"), (_BAD, "192.0.2.1"), (good, "192.0.2.1"), (good, "192.0.2.2"))
        ]
        assert [status for status, _ in statuses] == [401, 401, 429, 101]


async def test_a_forwarded_address_of_a_stranger_means_nothing(keys: KeyHolder) -> None:
    keys.key("desk", "*")
    async with protected(keys, **_few(2)) as served:
        statuses = [
            (await _handshake(served, "/ws", _BAD, **{"X-Forwarded-For": f"192.0.2.{number}"}))[0]
            for number in range(3)
        ]
        assert statuses == [401, 401, 429]


async def test_a_page_of_a_listed_origin_reads_when_to_come_again(keys: KeyHolder) -> None:
    keys.key("desk", "*")
    origin = "https://desk.example"
    async with protected(keys, allowed_origins=[origin], **_few(1)) as served:
        answers = [await served.get("/api/v1/state", headers=bearer(_BAD) | {"Origin": origin}) for _ in range(2)]
        assert answers[1].status_code == 429
        assert answers[1].headers["access-control-allow-origin"] == origin


async def test_the_refusals_stand_in_the_metrics(keys: KeyHolder) -> None:
    good = keys.key("desk", "metrics")
    async with protected(keys, **_few(1)) as served:
        for _ in range(3):
            await served.get("/api/v1/state", headers=bearer(_BAD))
        transport = httpx.AsyncHTTPTransport(local_address="127.0.0.2")
        async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{served.hub_port}") as other:
            text = (await other.get("/metrics", headers=bearer(good))).text
        assert 'bigboard_limited_total{limit="authentication_rate"} 2.0' in text
        assert 'bigboard_authentications_total{result="refused"} 1.0' in text


async def test_the_rate_is_a_setting(keys: KeyHolder) -> None:
    good = keys.key("desk", "*")
    settings = {"BIGBOARD_KEYS_FILE": str(keys.file.path), "BIGBOARD_AUTH_FAILURES": "2"}
    async with running_up("--symbols=1", environment=settings, quiet=False) as up:
        async with httpx.AsyncClient(trust_env=False, base_url=up.page_url) as client:
            answers = [await client.get("/api/v1/state", headers=bearer(token)) for token in (_BAD, _BAD, good)]
        assert [answer.status_code for answer in answers] == [401, 401, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 30
