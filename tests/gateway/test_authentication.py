"""Authentication over real sockets (PROTOCOL section 7): on the handshake, by message, and its end."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.key_holder import KeyHolder, bearer, protected
from servers import close_of, until, until_reads

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection

_WATCHED = {"/ws": True, "/ws/stream?symbol=BTCUSDT": False}


@pytest.fixture
def keys(tmp_path: Path) -> KeyHolder:
    return KeyHolder(tmp_path)


async def _say(client: ClientConnection, **message: Any) -> None:
    await client.send(json.dumps(message))


@pytest.mark.parametrize("path", _WATCHED)
async def test_a_key_on_the_handshake_opens(keys: KeyHolder, path: str) -> None:
    token = keys.key("desk-1", "market_data")
    async with protected(keys) as served:
        served.price(1.0)
        async with served.connect(path, additional_headers=bearer(token)) as client:
            if path == "/ws":
                await _say(client, action="subscribe", subscriptions=["market_data"])
                assert (await until_reads(client, "subscribed"))["subscriptions"] == ["market_data"]
            else:
                assert json.loads(await client.recv())["last"] == 1.0


@pytest.mark.parametrize("path", _WATCHED)
@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Bearer bb_x_y", "no such API key"),
        ("Bearer a.b.c", "no such API key"),
        ("Bearer", "Bearer TOKEN"),
        ("Basic ZGVzazpzZWNyZXQ=", "Bearer TOKEN"),
        ("Bearer " + "x" * 8_000, "no such API key"),
    ],
)
async def test_a_bad_credential_on_the_handshake_gets_401(keys: KeyHolder, path: str, header: str, words: str) -> None:
    keys.key("desk-1", "*")
    async with protected(keys) as served:
        with pytest.raises(InvalidStatus) as refused:
            await served.connect(path, additional_headers={"Authorization": header})
    response = refused.value.response
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    text = bytes(response.body or b"").decode()
    assert words in text
    assert header.removeprefix("Bearer ") not in text or header == "Bearer"


async def test_a_token_in_the_address_is_no_credential(keys: KeyHolder) -> None:
    token = keys.key("desk-1", "*")
    async with protected(keys) as served, served.connect(f"/ws?token={token}&authorization=Bearer%20{token}") as client:
        await _say(client, action="subscribe", subscriptions=["*"])
        assert json.loads(await client.recv())["code"] == "unauthenticated"


async def test_a_key_by_message_opens(keys: KeyHolder) -> None:
    token = keys.key("desk-1", "market_data", "account:main", lifetime_s=3_600)
    async with protected(keys) as served, served.connect() as client:
        served.price(1.0)
        await _say(client, action="subscribe", subscriptions=["market_data"], id=1)
        error = json.loads(await client.recv())
        assert (error["code"], error["id"]) == ("unauthenticated", 1)
        await _say(client, action="authenticate", token=token, id=2)
        answer = json.loads(await client.recv())
        assert (answer["type"], answer["subject"], answer["id"]) == ("authenticated", "desk-1", 2)
        assert answer["permissions"] == ["market_data", "account:main"]
        assert answer["expires"].endswith("Z")
        await _say(client, action="subscribe", subscriptions=["*"])
        state = await until_reads(client, "state_update")
        assert state["data"]["market_data"]["BTCUSDT"]["last_price"] == 1.0
        assert set(state["data"]) == {"market_data", "account"}


async def test_a_key_by_message_opens_a_stream(keys: KeyHolder) -> None:
    token = keys.key("desk-1", "market_data:BTCUSDT")
    async with protected(keys) as served:
        served.price(1.0)
        async with served.connect("/ws/stream?symbol=BTC/USDT") as client:
            await _say(client, action="subscribe", subscriptions=["market_data"])
            await client.send("what?")
            await client.send(b"\xc1")
            await _say(client, action="authenticate", token=token)
            message = json.loads(await client.recv())
        assert message["last"] == 1.0
        # How the data comes in is another topic, which this key does not permit.
        assert message["metrics"]["messages_received"] is None


@pytest.mark.parametrize("path", _WATCHED)
async def test_a_bad_key_by_message_closes_with_4401(keys: KeyHolder, path: str) -> None:
    keys.key("desk-1", "*")
    async with protected(keys) as served, served.connect(path) as client:
        forged = "bb_0000000000_forged"
        await _say(client, action="authenticate", token=forged)
        code, reason = await close_of(client)
    assert code == 4401
    assert "no such API key" in reason


@pytest.mark.parametrize("path", _WATCHED)
async def test_who_says_nothing_is_closed_with_4401_in_time(keys: KeyHolder, path: str) -> None:
    keys.key("desk-1", "*")
    async with protected(keys, auth_timeout_s=0.3) as served, served.connect(path) as client:
        begun = time.monotonic()
        code, reason = await close_of(client)
        assert code == 4401
        assert "in time" in reason
        assert time.monotonic() - begun >= 0.25


async def test_a_stranger_gets_no_heartbeat_and_does_not_count_the_time_anew(keys: KeyHolder) -> None:
    keys.key("desk-1", "*")
    async with protected(keys, auth_timeout_s=0.6, heartbeat_s=0.1) as served, served.connect() as client:
        kinds: set[str] = set()
        with pytest.raises(ConnectionClosed):
            await _ping_on(client, kinds)
        assert kinds == {"pong"}


async def _ping_on(client: ClientConnection, kinds: set[str]) -> None:
    while True:
        await _say(client, action="ping")
        kinds.add(json.loads(await client.recv())["type"])
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("path", _WATCHED)
async def test_a_key_that_expires_closes_with_4401(keys: KeyHolder, path: str) -> None:
    token = keys.key("desk-1", "market_data", lifetime_s=3.0)
    async with protected(keys) as served:
        served.price(1.0)
        async with served.connect(path, additional_headers=bearer(token)) as client:
            code, reason = await close_of(client)
    assert code == 4401
    assert "expired" in reason


async def test_what_is_forbidden_is_named_and_the_rest_comes(keys: KeyHolder) -> None:
    token = keys.key("desk-1", "market_data")
    async with protected(keys) as served, served.connect(additional_headers=bearer(token)) as client:
        await _say(client, action="subscribe", subscriptions=["orders", "market_data"], id=5)
        error = await until_reads(client, "error")
        assert (error["code"], error["id"]) == ("forbidden", 5)
        assert "orders" in error["message"]
        assert (await until_reads(client, "subscribed"))["subscriptions"] == ["market_data"]


async def test_a_stream_of_a_symbol_that_is_not_permitted_closes_with_4403(keys: KeyHolder) -> None:
    token = keys.key("desk-1", "market_data:ETHUSDT")
    async with protected(keys) as served:
        served.price(1.0)
        async with served.connect("/ws/stream?symbol=BTCUSDT", additional_headers=bearer(token)) as client:
            code, reason = await close_of(client)
    assert code == 4403
    assert "market_data:BTCUSDT" in reason


async def test_a_stranger_does_not_learn_which_symbols_there_are(keys: KeyHolder) -> None:
    token = keys.key("desk-1", "market_data")
    async with protected(keys) as served:
        served.price(1.0)
        async with served.connect("/ws/stream?symbol=NOPE") as client:
            await _say(client, action="authenticate", token=token)
            code, reason = await close_of(client)
        assert code == 4400
        assert "NOPE" in reason
        with pytest.raises(InvalidStatus) as refused:
            await served.connect("/ws/stream?symbol=NOPE", additional_headers=bearer(token))
        assert refused.value.response.status_code == 404


@pytest.mark.parametrize("by_message", [False, True])
async def test_a_limited_client_does_not_learn_which_other_symbols_there_are(
    keys: KeyHolder, *, by_message: bool
) -> None:
    token = keys.key("desk-1", "market_data:ETHUSDT")
    async with protected(keys) as served:
        served.price(1.0, "ETHUSDT")
        served.price(1.0, "BTCUSDT")
        told = set()
        for symbol in ("BTCUSDT", "NOPE"):
            header = None if by_message else bearer(token)
            async with served.connect(f"/ws/stream?symbol={symbol}", additional_headers=header) as client:
                if by_message:
                    await _say(client, action="authenticate", token=token)
                code, reason = await close_of(client)
            told.add((code, reason.replace(symbol, "…")))
            answer = await served.get(f"/metrics?symbol={symbol}", headers=bearer(token))
            assert answer.status_code == 403
        assert told == {(4403, "not permitted: market_data:…; desk-1 may see market_data:ETHUSDT")}


async def test_groups_of_different_permissions_see_different_things(keys: KeyHolder) -> None:
    narrow, wide = keys.key("narrow", "market_data:BTCUSDT"), keys.key("wide", "*")
    async with (
        protected(keys) as served,
        served.connect(additional_headers=bearer(narrow)) as one,
        served.connect(additional_headers=bearer(wide)) as other,
    ):
        for client in (one, other):
            await _say(client, action="subscribe", subscriptions=["*"], interval_ms=20)
            await until_reads(client, "state_update")
        served.price(1.0, "ETHUSDT")
        served.price(2.0, "BTCUSDT")
        assert (await until_reads(one, "diff_update"))["changes"] == {"market_data": {"BTCUSDT": {"last_price": 2.0}}}
        assert "ETHUSDT" in (await until_reads(other, "diff_update"))["changes"]["market_data"]


@pytest.mark.parametrize("path", _WATCHED)
async def test_nothing_is_left_of_those_who_were_refused(keys: KeyHolder, path: str) -> None:
    keys.key("desk-1", "*")
    async with protected(keys, auth_timeout_s=0.1) as served:
        for _ in range(5):
            async with served.connect(path) as client:
                await close_of(client)
        await until(lambda: not served.hub.guests and not served.hub.broadcaster.members, "all are gone")
