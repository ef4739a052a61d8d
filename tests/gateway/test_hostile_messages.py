"""Whole frames with hostile content: each gets an answer of the protocol, whatever is in it, and nothing raises."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from bigboard.gateway.limits import GatewayLimits
from bigboard.gateway.rate import Rate
from gateway.siege import siege
from servers import DEADLINE_S, close_of

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

_SUBSCRIBE = '{"action": "subscribe", "subscriptions": '
_UNBOUNDED = GatewayLimits(messages=Rate(10_000.0, 10_000))
"""Here the content is what matters, not how much of it there is."""

_BAD = {
    "deep list": "[" * 60_000,
    "deep list that is whole": "[" * 30_000 + "]" * 30_000,
    "deep object": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "deep subscriptions": _SUBSCRIBE + "[" * 900 + "]" * 900 + "}",
    "deep resume": _SUBSCRIBE + '[], "resume": ' + '{"epoch":' * 900 + "1" + "}" * 901,
    "deep id": '{"action": "ping", "id": ' + "[" * 900 + "]" * 900 + "}",
    "huge integer": '{"action": "ping", "id": ' + "9" * 5_000 + "}",
    "integer beyond 64 bits": '{"action": "ping", "id": 18446744073709551616}',
    "huge exponent": _SUBSCRIBE + '[], "interval_ms": 1e999}',
    "NaN": _SUBSCRIBE + '[], "interval_ms": NaN}',
    "Infinity": _SUBSCRIBE + '[], "interval_ms": -Infinity}',
    "negative sequence": _SUBSCRIBE + '[], "resume": {"epoch": "E1", "sequence": -1}}',
    "sequence that is no integer": _SUBSCRIBE + '[], "resume": {"epoch": "E1", "sequence": 1.5}}',
    "lone surrogate in an id": '{"action": "ping", "id": "\\ud800"}',
    "half a pair": '{"action": "ping", "id": "\\udc00\\ud800"}',
    "no value": "",
    "white space": " \n\t ",
    "NUL": "\x00",
    "byte order mark": "\ufeff{}",
    "two values": '{"action": "ping"}{"action": "ping"}',
    "trailing comma": '{"action": "ping",}',
    "comment": '{"action": "ping" /* */}',
    "prototype": '{"__proto__": {"action": "ping"}}',
    "number for a list": _SUBSCRIBE + "7}",
    "numbers in a list": _SUBSCRIBE + "[1, null, {}]}",
    "no action": '{"subscriptions": ["*"]}',
    "action that is no text": '{"action": ["ping"]}',
    "token that is no text": '{"action": "authenticate", "token": {}}',
}
"""JSON that is answered with ``bad_message``."""
_BAD_BINARY = {
    "deep list": b"\x91" * 60_000 + b"\xc0",
    "deep map": b"\x81\xa1a" * 20_000 + b"\xc0",
    "list of 2^32 - 1": b"\xdd\xff\xff\xff\xff",
    "map of 2^32 - 1": b"\xdf\xff\xff\xff\xff",
    "text of 2^32 - 1": b"\xdb\xff\xff\xff\xff",
    "bytes of 2^32 - 1": b"\xc6\xff\xff\xff\xff",
    "extension of 2^32 - 1": b"\xc9\xff\xff\xff\xff\x01",
    "timestamp extension": b"\xd6\xff\x00\x00\x00\x00",
    "never used byte": b"\xc1",
    "text that is not UTF-8": b"\x81\xa6action\xa1\xff",
    "key that is a list": b"\x81\x91\x01\x01",
    "key that is a map": b"\x81\x80\x01",
    "key that is a number": b"\x81\x01\x01",
    "bytes for a text": msgspec.msgpack.encode({"action": b"ping"}),
    "NaN interval": msgspec.msgpack.encode({"action": "subscribe", "subscriptions": [], "interval_ms": float("nan")}),
    "nothing": b"",
}
"""MessagePack that is answered with ``bad_message``, or closes because it is no object."""


async def _answer(client: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(DEADLINE_S):
        message: dict[str, Any] = json.loads(await client.recv())
    return message


async def _is_served(client: ClientConnection) -> None:
    """Whatever waited is answered, and the connection is good for more."""
    await client.send('{"action": "ping", "id": "still here"}')
    while (await _answer(client)).get("id") != "still here":
        pass


async def test_bad_json_is_answered_as_such() -> None:
    async with siege(bounds=_UNBOUNDED) as stage:
        for name, payload in _BAD.items():
            async with stage.served.connect() as client:
                await client.send(payload)
                answer = await _answer(client)
                assert answer["code"] == "bad_message", name
                assert len(answer["message"]) < 300, name
                await _is_served(client)


async def test_bad_messagepack_is_answered_or_closed_as_such() -> None:
    async with siege(bounds=_UNBOUNDED) as stage:
        for name, payload in _BAD_BINARY.items():
            async with stage.served.connect() as client:
                for _ in range(3):
                    await client.send(payload)
                code, reason = await close_of(client)
                assert (code, bool(reason)) == (4400, True), name


_TAKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "unknown keys": ('{"action": "ping", "id": 1, "x": {"y": [1]}, "": null}', {"type": "pong", "id": 1}),
    "duplicate keys, of which the last counts": (
        '{"action": "fly", "action": "ping", "id": 1, "id": 2}',
        {"type": "pong", "id": 2},
    ),
    "escaped names": ('{"\\u0061ction": "p\\u0069ng", "id": "\\u0000\\u2028"}', {"type": "pong", "id": "\0\u2028"}),
    "pair of surrogates": ('{"action": "ping", "id": "\\ud83d\\ude00"}', {"type": "pong", "id": "😀"}),
    "id of 64 bits": ('{"action": "ping", "id": 18446744073709551615}', {"type": "pong", "id": 2**64 - 1}),
    "id of -2^63": ('{"action": "ping", "id": -9223372036854775808}', {"type": "pong", "id": -(2**63)}),
    "long id": ('{"action": "ping", "id": "' + "x" * 60_000 + '"}', {"type": "pong", "id": "x" * 60_000}),
    "white space around": (' \n{"action":\t"ping"} ', {"type": "pong"}),
    "tiny interval": (_SUBSCRIBE + '[], "interval_ms": 1e-300}', {"type": "subscribed", "interval_ms": 20}),
    "huge interval": (_SUBSCRIBE + '[], "interval_ms": 1e300}', {"type": "subscribed", "interval_ms": 10_000}),
    "negative interval": (_SUBSCRIBE + '[], "interval_ms": -1}', {"type": "subscribed", "interval_ms": 20}),
    "resume of nowhere": (
        _SUBSCRIBE + '["risk"], "resume": {"epoch": "", "sequence": 9223372036854775807}}',
        {"type": "subscribed", "resumed": False},
    ),
}


@pytest.mark.parametrize("name", _TAKEN)
async def test_what_is_odd_but_right_is_taken(name: str) -> None:
    payload, answer = _TAKEN[name]
    async with siege(bounds=_UNBOUNDED) as stage, stage.served.connect(max_size=None) as client:
        await client.send(payload)
        given = await _answer(client)
        assert {field: given.get(field) for field in answer} == answer


_NAMES = {
    "unknown_topic": [
        "weather",
        "",
        "MARKET_DATA",
        "market_data ",
        "*:BTCUSDT",
        "__proto__",
        "ＯＲＤＥＲＳ",
        "x" * 60_000,
    ],
    "bad_subscription": [
        *("orders:", "orders: ", "orders:\x00", "orders:a\nb", "orders:\u202e", "orders:" + "x" * 129),
        *("market_data:" + "x" * 60_000, "orders:\r\nSet-Cookie: a=b", "orders:\x1b[2J"),
    ],
}


async def test_hostile_subscriptions_are_named_and_not_repeated_whole() -> None:
    async with siege(bounds=_UNBOUNDED) as stage, stage.served.connect(max_size=None) as client:
        for code, names in _NAMES.items():
            for name in names:
                await client.send(json.dumps({"action": "subscribe", "subscriptions": ["orders", name]}))
                error = await _answer(client)
                assert (error["type"], error["code"]) == ("error", code), name[:60]
                assert len(error["message"]) < 400
                assert error["message"].isprintable()
        await client.send('{"action": "unsubscribe", "subscriptions": []}')
        assert (await _answer(client))["subscriptions"] == [], "a message with one bad name did nothing at all"


async def test_thousands_of_subscriptions_are_held_up_to_the_limit() -> None:
    async with siege(bounds=_UNBOUNDED) as stage, stage.served.connect(max_size=None) as client:
        for batch in range(12):
            names = [f"orders:{batch * 200 + number}" for number in range(200)]
            await client.send(json.dumps({"action": "subscribe", "subscriptions": names, "id": batch}))
        answers: dict[int, str] = {}
        while len(answers) < 12:
            message = await _answer(client)
            if "id" in message:
                answers[message["id"]] = message.get("code", message["type"])
        assert list(answers.values()) == ["subscribed"] * 5 + ["too_many_subscriptions"] * 7
        await client.send(json.dumps({"action": "unsubscribe", "subscriptions": [f"orders:{n}" for n in range(990)]}))
        while (message := await _answer(client))["type"] != "unsubscribed":
            pass
        assert message["subscriptions"] == [f"orders:{number}" for number in range(990, 1_000)]


async def test_the_same_subscription_a_thousand_times_is_one() -> None:
    async with siege(bounds=_UNBOUNDED) as stage, stage.served.connect(max_size=None) as client:
        await client.send(json.dumps({"action": "subscribe", "subscriptions": ["risk:a"] * 1_000}))
        assert (await _answer(client))["subscriptions"] == ["risk:a"]
