"""What a client may send, and what happens if it sends something else: PROTOCOL sections 1, 2 and 6."""

from __future__ import annotations

from typing import Any

import pytest

from bigboard.wire import CloseCode, Format, SessionLimits, SessionState
from wire.talking import Talk, kinds

FORMATS = list(Format)
DEEP = 30_000
PING: dict[str, Any] = {"action": "ping"}


def _error(code: str) -> dict[str, Any]:
    return {"type": "error", "code": code}


def _brief(message: dict[str, Any]) -> dict[str, Any]:
    assert message["message"], "an error says what was wrong"
    return {name: message[name] for name in ("type", "code", "id") if name in message}


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("format", FORMATS)
def test_text_is_read_as_json_and_binary_as_messagepack_whatever_goes_out(format: Format, binary: bool) -> None:
    """Section 1: inbound."""
    answers = Talk(format=format).say({"action": "ping", "id": 7}, binary=binary)
    assert answers == [{"type": "pong", "timestamp": "2025-10-06T05:41:00.000Z", "id": 7}]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("id", [0, 1, -1, 2**53, 2**64 - 1, -(2**63), "", "a", "1", "☂", "x" * 5_000])
def test_an_id_comes_back_as_it_was(format: Format, id: str | int) -> None:
    """Section 2: id."""
    talk = Talk(format=format)
    for message, answer in (
        (PING, "pong"),
        ({"action": "subscribe", "subscriptions": ["orders"]}, "subscribed"),
        ({"action": "unsubscribe", "subscriptions": ["orders"]}, "unsubscribed"),
        ({"action": "authenticate", "token": "t"}, "authenticated"),
        ({"action": "dance"}, "error"),
        ({"action": "subscribe", "subscriptions": ["market"]}, "error"),
        ({"action": "subscribe"}, "error"),
    ):
        first = talk.say({**message, "id": id})[0]
        assert (first["type"], first["id"]) == (answer, id)
        assert type(first["id"]) is type(id)


@pytest.mark.parametrize("message", [PING, PING | {"id": None}])
def test_without_an_id_none_comes_back(message: dict[str, Any]) -> None:
    """Section 2: id is optional."""
    assert "id" not in Talk().say(message)[0]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("id", [1.5, True, [], {}, 2**64, -(2**63) - 1, 10**40])
def test_an_id_of_another_type_or_size_is_refused(format: Format, id: Any) -> None:
    """Section 2: a string or an integer, and the answer must be able to carry it."""
    answers = Talk(format=format).say({"action": "ping", "id": id}, binary=False)
    assert [_brief(answer) for answer in answers] == [_error("bad_message")]


BAD_MESSAGES: dict[str, str | bytes] = {
    "empty text": "",
    "empty binary": b"",
    "no JSON": "{",
    "JSON and more": "{} {}",
    "JSON in a binary frame": b'{"action":"ping"}',
    "no MessagePack": b"\xc1",
    "truncated MessagePack": b"\x82\xa6action\xa4ping",
    "an array that says it is large": b"\xdd\xff\xff\xff\xff",
    "no UTF-8 in a key": b"\x81\xa1\xff\x01",
    "no UTF-8 in a value": b"\x82\xa6action\xa4ping\xa2id\xa1\xff",
    "a lone surrogate": '{"action":"ping","id":"\\ud800"}',
    "a raw surrogate": "\ud800",
    "deep arrays as JSON": "[" * DEEP,
    "deep objects as JSON": '{"a":' * (DEEP // 5),
    "deep JSON that ends": '{"action":"ping","x":' + "[" * DEEP + "]" * DEEP + "}",
    "deep arrays as MessagePack": b"\x91" * DEEP,
    "deep maps as MessagePack": b"\x81\xa1a" * (DEEP // 3),
    "a map as a key": b"\x81\x80\x01",
    "integer keys": b"\x82\x01\x02\xa6action\xa4ping",
    "binary keys": b"\x82\xc4\x02id\x02\xa6action\xa4ping",
    "a timestamp for an id": b"\x82\xa6action\xa4ping\xa2id\xd6\xff\x00\x00\x00\x01",
    "an extension for an id": b"\x82\xa6action\xa4ping\xa2id\xd4\x05\x00",
    "a timestamp out of range": b"\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    "no action": "{}",
    "null action": '{"action":null}',
    "numeric action": '{"action":1}',
    "an array action": '{"action":["ping"]}',
    "subscribe without subscriptions": '{"action":"subscribe"}',
    "subscriptions as text": '{"action":"subscribe","subscriptions":"orders"}',
    "subscriptions of numbers": '{"action":"subscribe","subscriptions":[1]}',
    "null among subscriptions": '{"action":"subscribe","subscriptions":[null]}',
    "unsubscribe without subscriptions": '{"action":"unsubscribe"}',
    "authenticate without a token": '{"action":"authenticate"}',
    "numeric token": '{"action":"authenticate","token":1}',
    "interval as text": '{"action":"subscribe","subscriptions":[],"interval_ms":"100"}',
    "interval true": '{"action":"subscribe","subscriptions":[],"interval_ms":true}',
    "interval beyond a float": '{"action":"subscribe","subscriptions":[],"interval_ms":1e999}',
    "interval with 400 digits": '{"action":"subscribe","subscriptions":[],"interval_ms":1%s}' % ("0" * 400),
    "interval with 5,000 digits": '{"action":"subscribe","subscriptions":[],"interval_ms":1%s}' % ("0" * 5_000),
    "interval NaN as JSON": '{"action":"subscribe","subscriptions":[],"interval_ms":NaN}',
    "resume as text": '{"action":"subscribe","subscriptions":[],"resume":"E@1"}',
    "resume without an epoch": '{"action":"subscribe","subscriptions":[],"resume":{"sequence":1}}',
    "resume without a sequence": '{"action":"subscribe","subscriptions":[],"resume":{"epoch":"E"}}',
    "a negative sequence": '{"action":"subscribe","subscriptions":[],"resume":{"epoch":"E","sequence":-1}}',
    "a broken sequence": '{"action":"subscribe","subscriptions":[],"resume":{"epoch":"E","sequence":1.5}}',
    "an epoch of another type": '{"action":"subscribe","subscriptions":[],"resume":{"epoch":1,"sequence":1}}',
}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("payload", BAD_MESSAGES.values(), ids=BAD_MESSAGES)
def test_a_bad_message_is_answered_and_the_connection_stays(format: Format, payload: str | bytes) -> None:
    """Sections 3 and 6: an error answers one message and leaves the connection open."""
    talk = Talk(format=format)
    assert [_brief(answer) for answer in talk.send(payload)] == [_error("bad_message")]
    assert talk.session.close is None
    assert talk.session.interval_ms == 250
    assert not talk.session.selection
    assert kinds(talk.say(PING)) == ["pong"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_an_interval_that_is_no_number_is_refused_and_changes_nothing(value: float) -> None:
    """Section 2: interval_ms. MessagePack can say what JSON cannot."""
    talk = Talk()
    answers = talk.say({"action": "subscribe", "subscriptions": ["orders"], "interval_ms": value, "id": 5}, binary=True)
    assert [_brief(answer) for answer in answers] == [_error("bad_message") | {"id": 5}]
    assert not talk.session.selection
    assert talk.session.interval_ms == 250


NOT_OBJECTS: dict[str, str | bytes] = {
    "array": "[]",
    "text": '"ping"',
    "number": "1",
    "null": "null",
    "binary array": b"\x90",
    "nil": b"\xc0",
    "extension": b"\xd6\x01abcd",
    "timestamp": b"\xd6\xff\x00\x00\x00\x01",
}


@pytest.mark.parametrize("payload", NOT_OBJECTS.values(), ids=NOT_OBJECTS)
def test_what_is_no_object_closes_with_4400(payload: str | bytes) -> None:
    """Section 6: 4400."""
    talk = Talk()
    talk.send(payload)
    assert talk.session.close is not None
    assert talk.session.close.code is CloseCode.PROTOCOL_VIOLATION
    assert talk.session.state is SessionState.CLOSING


def test_three_bad_messages_in_a_row_close_with_4400() -> None:
    """Section 6: 4400. Each of the three is answered."""
    talk = Talk()
    answers = [*talk.send("{"), *talk.send(b""), *talk.say({"action": 1})]
    assert [_brief(answer) for answer in answers] == [_error("bad_message")] * 3
    assert talk.session.close is not None
    assert talk.session.close.code == 4400


@pytest.mark.parametrize("between", [PING, {"action": "subscribe", "subscriptions": []}, {"action": "dance"}])
def test_bad_messages_that_are_not_in_a_row_do_not_close(between: dict[str, Any]) -> None:
    """Section 6: in a row."""
    talk = Talk()
    for _ in range(5):
        talk.send("{")
        talk.send("{")
        talk.say(between)
    assert talk.session.close is None


def test_nothing_is_read_and_nothing_goes_out_once_the_connection_closes() -> None:
    talk = Talk()
    talk.subscribe("orders")
    talk.send("[]")
    assert talk.say(PING) == []
    assert talk.tick() is None
    assert talk.heartbeat() is None
    assert talk.poll() == []


@pytest.mark.parametrize("action", ["dance", "Ping", "", "ping ", "subscribed", "x" * 1_000, "\u0000"])
def test_an_unknown_action_is_named(action: str) -> None:
    """Section 6: unknown_action."""
    talk = Talk()
    answers = talk.say({"action": action, "id": "a"})
    assert [_brief(answer) for answer in answers] == [_error("unknown_action") | {"id": "a"}]
    assert "subscribe, unsubscribe, authenticate, ping" in answers[0]["message"]
    assert len(answers[0]["message"]) < 300


@pytest.mark.parametrize("action", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("market", "unknown_topic"),
        ("", "unknown_topic"),
        ("Orders", "unknown_topic"),
        (" orders", "unknown_topic"),
        ("**", "unknown_topic"),
        ("*:BTCUSDT", "unknown_topic"),
        (":BTCUSDT", "unknown_topic"),
        ("__proto__", "unknown_topic"),
        ("x" * 1_000, "unknown_topic"),
        ("orders:", "bad_subscription"),
        ("orders: 1", "bad_subscription"),
        ("orders:1\n", "bad_subscription"),
        ("orders:\u0000", "bad_subscription"),
        ("orders:" + "x" * 129, "bad_subscription"),
    ],
)
def test_a_subscription_that_is_none_is_refused_as_a_whole(action: str, name: str, code: str) -> None:
    """Section 6: unknown_topic, bad_subscription. What stands beside it in the message is refused with it."""
    talk = Talk()
    talk.subscribe("trades")
    answers = talk.say({"action": action, "subscriptions": ["trades", "orders", name], "id": 3})
    assert [_brief(answer) for answer in answers] == [_error(code) | {"id": 3}]
    assert len(answers[0]["message"]) < 400
    assert talk.subscribe()[0]["subscriptions"] == ["trades"]


def test_too_many_subscriptions_are_refused_and_what_is_held_stays() -> None:
    """Section 6: too_many_subscriptions."""
    talk = Talk(session_limits=SessionLimits(max_subscriptions=3))
    talk.subscribe("orders:1", "orders:2")
    answers = talk.subscribe("orders:2", "orders:3", "orders:4", id=1)
    assert [_brief(answer) for answer in answers] == [_error("too_many_subscriptions") | {"id": 1}]
    assert talk.subscribe("orders:2", "orders:3", "orders:3")[0]["subscriptions"] == [
        "orders:1",
        "orders:2",
        "orders:3",
    ]


def test_a_close_reason_fits_into_a_close_frame() -> None:
    """RFC 6455 section 5.5: 125 bytes, of which the code takes two."""
    reasons = []
    for payload in ("[]", "x" * 70_000):
        talk = Talk()
        talk.send(payload)
        assert talk.session.close is not None
        reasons.append(talk.session.close.reason)
    assert max(len(reason.encode()) for reason in reasons) <= 123


def test_the_last_of_duplicate_keys_counts() -> None:
    """RFC 8259 section 4 leaves it open; what every common reader does."""
    assert kinds(Talk().send('{"action":"dance","action":"ping"}')) == ["pong"]
    assert kinds(Talk().send(b"\x82\xa6action\xa5dance\xa6action\xa4ping")) == ["pong"]


def test_fields_that_nobody_knows_are_left_alone() -> None:
    talk = Talk()
    assert kinds(talk.say({"action": "ping", "type": "pong", "timestamp": 1, "__proto__": {}})) == ["pong"]
    assert kinds(talk.subscribe("orders", resume=None, interval_ms=None, extra=[])) == ["subscribed", "state_update"]
