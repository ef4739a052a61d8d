"""How many WebSockets there may be: over all, from one address, of one subject; over real sockets and by the counts."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bigboard.gateway.admission import Admission, Place
from bigboard.gateway.limits import GatewayLimits, Limit, Limited
from bigboard.wire import ANONYMOUS, Identity
from gateway.key_holder import KeyHolder, bearer, protected
from servers import DEADLINE_S, close_of, gateway, until

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection

_PATHS = ["/ws", "/ws/stream?symbol=BTCUSDT"]


def _desk(subject: str) -> Identity:
    return Identity(subject, (), credential="key:1")


def test_counts_are_what_is_there_whatever_comes_and_goes() -> None:
    chance = random.Random(7)
    limits = GatewayLimits(connections=50, connections_per_address=9, connections_per_subject=5)
    admission = Admission(limits, Limited())
    places: list[Place] = []
    for _ in range(20_000):
        if places and chance.random() < 0.48:
            admission.leave(places.pop(chance.randrange(len(places))))
            continue
        place = admission.enter(f"192.0.2.{chance.randrange(12)}")
        if isinstance(place, Place):
            places.append(place)
            if place.excess is None and chance.random() < 0.7:
                admission.name(place, _desk(f"desk-{chance.randrange(9)}"))
        held = [place for place in places if place.excess is None]
        assert len(admission) == len(held) <= 50
        for address in {place.address for place in held}:
            assert sum(place.address == address for place in held) <= 9
        for subject in {place.subject for place in held} - {None}:
            assert sum(place.subject == subject for place in held) <= 5
        assert sum(place.excess is not None for place in places) <= 32
    for place in places:
        admission.leave(place)
    assert (len(admission), admission._addresses, admission._subjects, admission._turned_away) == (0, {}, {}, 0)


def test_a_renewed_token_counts_once_and_the_anonymous_do_not() -> None:
    admission = Admission(GatewayLimits(connections_per_subject=1), Limited())
    place, other = admission.enter("192.0.2.1"), admission.enter("192.0.2.1")
    assert isinstance(place, Place)
    assert isinstance(other, Place)
    assert admission.name(place, _desk("a"))
    assert admission.name(place, _desk("a"))
    assert not admission.name(other, _desk("a"))
    assert all(admission.name(other, ANONYMOUS) for _ in range(5))


@pytest.mark.parametrize("path", _PATHS)
async def test_one_too_many_from_an_address_is_told_by_4429(path: str) -> None:
    async with gateway(bounds=GatewayLimits(connections_per_address=2)) as served:
        async with served.connect(path), served.connect(path), served.connect(path) as third:
            code, reason = await close_of(third)
            assert code == 4429
            assert "at most 2" in reason
            assert served.hub.limited.counts[Limit.CONNECTIONS_PER_ADDRESS] == 1
            # Another address has room of its own.
            async with served.connect(path, local_addr=("127.0.0.2", 0)) as other:
                if path == "/ws":
                    await other.send('{"action": "ping"}')
                    assert json.loads(await other.recv())["type"] == "pong"
        await until(lambda: not len(served.hub.admission), "all places are free")
        async with served.connect(path):
            pass


async def test_those_who_are_told_so_are_few_and_the_rest_gets_429() -> None:
    async with gateway(bounds=GatewayLimits(connections_per_address=1)) as served, served.connect():
        # They do not answer the close, so that each stays until it is dropped.
        streams = [await asyncio.open_connection("127.0.0.1", served.port) for _ in range(60)]
        lines = [
            "GET /ws HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
            "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
        ]  # fmt: skip
        statuses = []
        for reader, writer in streams:
            writer.write("\r\n".join(lines).encode())
            async with asyncio.timeout(DEADLINE_S):
                statuses.append((await reader.readline()).split()[1])
        for _, writer in streams:
            writer.close()
        assert statuses == [b"101"] * 32 + [b"429"] * 28


async def test_a_full_server_says_503_and_when_to_come_back() -> None:
    async with gateway(bounds=GatewayLimits(connections=1)) as served, served.connect():
        for path in _PATHS:
            with pytest.raises(InvalidStatus) as refused:
                await served.connect(path)
            assert refused.value.response.status_code == 503
            assert int(refused.value.response.headers["Retry-After"]) > 0
            assert b"1 connections" in bytes(refused.value.response.body or b"")


@pytest.mark.parametrize("by_message", [False, True])
@pytest.mark.parametrize("path", _PATHS)
async def test_one_too_many_of_a_subject_is_told_by_4429(tmp_path: Path, path: str, *, by_message: bool) -> None:
    keys = KeyHolder(tmp_path)
    token, other_token = keys.key("desk", "*"), keys.key("other", "*")
    async with protected(keys, bounds=GatewayLimits(connections_per_subject=1)) as served:
        served.price(1.0)
        options: dict[str, Any] = {} if by_message else {"additional_headers": bearer(token)}
        async with served.connect(path, additional_headers=bearer(token)) as first:
            if path != "/ws":
                await first.recv()
            async with served.connect(path, **options) as second:
                if by_message:
                    await second.send(json.dumps({"action": "authenticate", "token": token}))
                code, reason = await close_of(second)
                assert code == 4429
                assert "of this subject" in reason
            async with served.connect(path, additional_headers=bearer(other_token)):
                pass
        await until(lambda: not len(served.hub.admission), "all places are free")


async def test_too_many_messages_are_refused_and_in_the_end_closed_with_4429() -> None:
    async with gateway() as served, served.connect() as client:
        for _ in range(30):
            await client.send('{"action": "ping"}')
        answers = [json.loads(await client.recv()) for _ in range(30)]
        assert [answer["type"] for answer in answers[:20]] == ["pong"] * 20
        assert [answer.get("code") for answer in answers[-9:]] == ["rate_limited"] * 9
        assert "10 messages per second" in answers[-1]["message"]
        assert await _end_of_flood(client) == 4429
        assert served.hub.limited.counts[Limit.MESSAGE_RATE] > 100


async def _end_of_flood(client: ClientConnection) -> int:
    flood = asyncio.create_task(_flood(client))
    code, _ = await close_of(client)
    with pytest.raises(ConnectionClosed):
        await flood
    return code


async def _flood(client: ClientConnection) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            await client.send('{"action": "ping"}')
            await asyncio.sleep(0)


async def test_a_stream_that_is_talked_to_too_much_closes_with_4429() -> None:
    async with gateway() as served:
        served.price(1.0)
        async with served.connect("/ws/stream?symbol=BTCUSDT") as client:
            assert await _end_of_flood(client) == 4429
