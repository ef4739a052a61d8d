"""What happens to open connections when credentials change: at once, and to those alone that it concerns."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from auth.tokens import AUDIENCE, ISSUER, ec_pair, jwk, signed, written
from bigboard.auth import CredentialSource, ServerCredentials
from bigboard.gateway.guests import Guests
from gateway.key_holder import KeyHolder, bearer, watched
from servers import DEADLINE_S, close_of, until_reads

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection

    from bigboard.wire import Identity


async def _subscribe(client: ClientConnection, *names: str) -> dict[str, Any]:
    await client.send(json.dumps({"action": "subscribe", "subscriptions": names}))
    return await until_reads(client, "state_update")


@pytest.mark.parametrize("path", ["/ws", "/ws/stream?symbol=BTCUSDT"])
async def test_a_revoked_key_ends_its_connections_and_no_others(tmp_path: Path, path: str) -> None:
    keys = KeyHolder(tmp_path)
    lost, kept = keys.key("lost", "market_data"), keys.key("kept", "market_data")
    async with watched(keys) as served:
        served.price(1.0)
        async with (
            served.connect(path, additional_headers=bearer(lost)) as one,
            served.connect(additional_headers=bearer(kept)) as other,
        ):
            await _subscribe(other, "market_data")
            keys.revoke("lost")
            revoked = time.monotonic()
            assert (await close_of(one))[0] == 4401
            # A second is promised; a busy machine gets some more.
            assert time.monotonic() - revoked < 3
            served.price(2.0)
            assert (await until_reads(other, "diff_update"))["changes"]["market_data"]["BTCUSDT"]["last_price"] == 2.0


@pytest.mark.parametrize("path", ["/ws", "/ws/stream?symbol=BTCUSDT"])
@pytest.mark.parametrize("removed", [False, True])
async def test_a_tokens_connections_end_with_its_key_and_no_others(tmp_path: Path, path: str, *, removed: bool) -> None:
    lost, kept = ec_pair(), ec_pair()
    keys = {"lost": jwk(lost, kid="lost"), "kept": jwk(kept, kid="kept")}
    file = tmp_path / "jwks.json"
    source = CredentialSource(
        jwt_jwks_file=await asyncio.to_thread(written, file, json.dumps({"keys": list(keys.values())})),
        jwt_issuer=ISSUER,
        jwt_audience=AUDIENCE,
    )
    if removed:
        del keys["lost"]
    else:
        keys["lost"] = jwk(ec_pair(), kid="lost")
    async with watched(source) as served:
        served.price(1.0)
        async with (
            served.connect(path, additional_headers=bearer(signed(lost, "ES256", {"kid": "lost"}))) as one,
            served.connect(additional_headers=bearer(signed(kept, "ES256", {"kid": "kept"}))) as other,
        ):
            await _subscribe(other, "market_data")
            await asyncio.to_thread(written, file, json.dumps({"keys": list(keys.values())}))
            changed = time.monotonic()
            code, reason = await close_of(one)
            # A second is promised; a busy machine gets some more.
            assert time.monotonic() - changed < 3
            assert (code, reason) == (4401, "the credential was withdrawn")
            served.price(2.0)
            assert (await until_reads(other, "diff_update"))["changes"]["market_data"]["BTCUSDT"]["last_price"] == 2.0


async def test_a_key_that_was_made_meanwhile_opens(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    keys.key("first", "*")
    async with watched(keys) as served:
        token = keys.key("second", "*")
        async with asyncio.timeout(DEADLINE_S):
            while (await served.get("/api/v1/topics", headers=bearer(token))).status_code == 401:
                await asyncio.sleep(0.05)


async def test_a_permission_that_is_taken_back_closes_with_4403(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "market_data", "orders")
    async with watched(keys) as served, served.connect(additional_headers=bearer(token)) as client:
        await _subscribe(client, "orders")
        keys.permit("desk", "market_data")
        assert (await close_of(client))[0] == 4403


async def test_everything_that_one_may_see_follows_the_permissions(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    token = keys.key("desk", "market_data", "orders")
    async with watched(keys) as served, served.connect(additional_headers=bearer(token)) as client:
        served.price(1.0)
        assert set((await _subscribe(client, "*"))["data"]) == {"market_data", "orders"}
        keys.permit("desk", "market_data", "account")
        state = await until_reads(client, "state_update")
        assert state["subscriptions"] == ["*"]
        assert set(state["data"]) == {"market_data", "account"}


class _Guest:
    """A connection that was let in as somebody."""

    def __init__(self, identity: Identity) -> None:
        self.identity: Identity | None = identity

    def identify(self, identity: Identity | None) -> None:
        self.identity = identity


def test_a_credential_that_is_withdrawn_during_the_handshake_is_looked_at_again_when_it_opens(tmp_path: Path) -> None:
    keys = KeyHolder(tmp_path)
    lost, kept = keys.key("lost", "market_data"), keys.key("kept", "market_data")
    credentials = ServerCredentials(CredentialSource(keys_file=str(keys.file.path)))
    arriving = [_Guest(credentials.identify(token, 0)) for token in (lost, kept)]
    guests = Guests(credentials)
    keys.revoke("lost")
    assert credentials.refresh()
    guests.look_again()
    for guest in arriving:
        guests.add(guest)
    assert [guest.identity is not None for guest in arriving] == [False, True]
