"""The AsyncAPI document: valid by the specification's own schema, and true of what goes over the wire."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, get_args

import jsonschema_rs
import pytest
from websockets.asyncio.client import connect

from bigboard.gateway.asyncapi import asyncapi_document
from bigboard.wire import CloseCode
from bigboard.wire.message_examples import EXAMPLES
from bigboard.wire.messages import ClientMessage, ServerMessage
from gateway.key_holder import KeyHolder, protected
from servers import DEADLINE_S, gateway, running_up

_ROOT = Path(__file__).parents[2]
_SPECIFICATION = _ROOT / "web" / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0-without-$id.json"
_KINDS: tuple[Any, ...] = (*get_args(ClientMessage), *get_args(ServerMessage))
_FIXTURES = sorted((_ROOT / "tests" / "fixtures" / "wire").glob("*.jsonl"))
DOCUMENT = json.loads(json.dumps(asyncapi_document()))


def _validator(message: str) -> jsonschema_rs.Draft7Validator:
    payload = DOCUMENT["components"]["messages"][message]["payload"]
    return jsonschema_rs.Draft7Validator({**payload, "components": DOCUMENT["components"]}, validate_formats=True)


VALIDATORS = {name: _validator(name) for name in DOCUMENT["components"]["messages"]}


def _found(path: str) -> Any:
    """What a reference leads to; ``KeyError`` if that is nowhere."""
    place: Any = DOCUMENT
    for name in path.removeprefix("#/").split("/"):
        place = place[name]
    return place


def _references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [path for item in part for path in _references(item)]
    if isinstance(part, dict):
        return [part["$ref"]] if "$ref" in part else _references(list(part.values()))
    return []


def test_the_specifications_own_schema_takes_it() -> None:
    if not _SPECIFICATION.is_file():
        pytest.skip("the packages of the page are not installed: make web")
    specification = jsonschema_rs.validator_for(json.loads(_SPECIFICATION.read_text(encoding="utf-8")))
    assert [str(error.instance_path) for error in specification.iter_errors(DOCUMENT)] == []
    # And it is no schema that takes anything.
    assert not specification.is_valid({**DOCUMENT, "channels": {"board": {"address": 7}}})


def test_every_reference_leads_somewhere_and_everything_is_referred_to() -> None:
    paths = set(_references(DOCUMENT))
    for path in paths:
        _found(path)
    components = {f"#/components/{kind}/{name}" for kind, entries in DOCUMENT["components"].items() for name in entries}
    assert components <= paths


def test_an_operations_messages_are_of_its_channel() -> None:
    for name, operation in DOCUMENT["operations"].items():
        for part in (operation, operation.get("reply", operation)):
            channel = part["channel"]["$ref"]
            assert all(message["$ref"].startswith(f"{channel}/messages/") for message in part["messages"]), name


def test_every_type_of_message_is_there_with_every_field_and_an_example() -> None:
    assert set(VALIDATORS) == {kind.__struct_config__.tag for kind in _KINDS} | {"ticker"}
    for kind in _KINDS:
        config = kind.__struct_config__
        schema = DOCUMENT["components"]["schemas"][kind.__name__]
        assert list(schema["properties"]) == [config.tag_field, *kind.__struct_fields__]
        assert any(type(example) is kind for example in EXAMPLES), kind
    used = {message["$ref"] for operation in DOCUMENT["operations"].values() for message in operation["messages"]}
    answered = {
        message["$ref"]
        for operation in DOCUMENT["operations"].values()
        for message in operation.get("reply", {}).get("messages", [])
    }
    offered = {
        f"#/channels/{name}/messages/{message}"
        for name, channel in DOCUMENT["channels"].items()
        for message in channel["messages"]
    }
    assert used | answered == offered


def test_every_close_code_is_there() -> None:
    assert [entry["code"] for entry in DOCUMENT["channels"]["board"]["x-close-codes"]] == [*CloseCode]


@pytest.mark.parametrize("kind", _KINDS)
def test_examples_are_messages(kind: Any) -> None:
    name = kind.__struct_config__.tag
    for example in DOCUMENT["components"]["messages"][name]["examples"]:
        VALIDATORS[name].validate(example["payload"])


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("subscribe", {"action": "subscribe"}),
        ("subscribe", {"action": "unsubscribe", "subscriptions": []}),
        ("heartbeat", {"type": "heartbeat", "epoch": "e", "sequence": 1, "timestamp": "yesterday"}),
        ("error", {"type": "error", "code": "weather", "message": "rain"}),
        ("state_update", {"data": {"market_data": {"BTCUSDT": {"last_price": "high"}}}}),
        ("state_update", {"data": {"orderbook": {"BTCUSDT": {"bids": [[1.0, -1.0]], "asks": []}}}}),
        ("state_update", {"data": {"market_data": {"BTCUSDT": {"last_price": None}}}}),
        ("diff_update", {"changes": {"orders": [{"price": 1.0}]}}),
        ("diff_update", {"changes": {"trades": {"BTCUSDT": [{"side": "up"}]}}}),
    ],
)
def test_what_is_no_message_is_none(name: str, wrong: dict[str, Any]) -> None:
    good = DOCUMENT["components"]["messages"][name]["examples"][0]["payload"]
    part = wrong if name in ("subscribe", "heartbeat", "error") else good | wrong
    assert not VALIDATORS[name].is_valid(part)


@pytest.mark.parametrize("fixture", _FIXTURES, ids=lambda path: path.stem)
def test_the_fixtures_that_all_languages_decode_are_messages(fixture: Path) -> None:
    for line in fixture.read_text(encoding="utf-8").splitlines():
        message = json.loads(line)
        VALIDATORS[message["type"]].validate(message)


async def test_what_a_running_board_says_is_as_the_document_has_it() -> None:
    async with running_up("--symbols=3") as up, connect(up.ws_url, proxy=None, max_size=None) as client:
        subscribe = {"action": "subscribe", "subscriptions": ["*"], "interval_ms": 20, "id": 1}
        VALIDATORS["subscribe"].validate(subscribe)
        for said in (subscribe, {"action": "ping", "id": "x"}, {"action": "fly"}):
            await client.send(json.dumps(said))
        seen: dict[str, int] = {}
        async with asyncio.timeout(DEADLINE_S):
            while seen.get("diff_update", 0) < 60:
                message = json.loads(await client.recv())
                VALIDATORS[message["type"]].validate(message)
                seen[message["type"]] = seen.get(message["type"], 0) + 1
        assert {"subscribed", "state_update", "pong", "error"} <= set(seen)
        stream = f"ws://127.0.0.1:{up.port}/ws/stream?symbol=BTCUSDT"
        async with connect(stream, proxy=None) as plain, asyncio.timeout(DEADLINE_S):
            VALIDATORS["ticker"].validate(json.loads(await plain.recv()))


@pytest.mark.parametrize("hub_port", [False, True])
async def test_both_ports_have_it_for_everybody(tmp_path: Path, *, hub_port: bool) -> None:
    keys = KeyHolder(tmp_path)
    keys.key("desk", "*")
    async with protected(keys) as guarded, gateway() as served:
        for one in (guarded, served):
            answer = await one.get("/asyncapi.json", hub_port=hub_port)
            assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
            assert answer.json() == DOCUMENT
