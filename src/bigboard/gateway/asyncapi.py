"""The AsyncAPI document (version 3.0) of the WebSockets, derived from the types of their messages.

What OpenAPI is for plain HTTP: a machine can read it, and make a client or a page from it. ``docs/asyncapi.json`` is the
same document for people without a server. It tells of the protocol and its version, not of one server's settings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, get_args

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from bigboard.gateway.ticker import SymbolMetrics, Ticker
from bigboard.wire import CloseCode, ErrorCode, Format, retry_policy
from bigboard.wire.limits import INTERVALS_MS
from bigboard.wire.message_examples import EXAMPLES
from bigboard.wire.messages import (
    Authenticate,
    Authenticated,
    ClientMessage,
    DiffUpdate,
    Error,
    Heartbeat,
    Ping,
    Pong,
    ServerMessage,
    StateUpdate,
    Subscribe,
    Subscribed,
    Unsubscribe,
    Unsubscribed,
)
from bigboard.wire.topic_schemas import changes_schema, state_schema

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import BaseRoute

__all__ = ["asyncapi_document", "asyncapi_routes"]

_SCHEMAS = "#/components/schemas/"
_MOMENT = {"type": "string", "format": "date-time"}
_ANSWERS: dict[type, tuple[type, ...]] = {
    Subscribe: (Subscribed, StateUpdate, DiffUpdate, Error),
    Unsubscribe: (Unsubscribed, Error),
    Authenticate: (Authenticated, Error),
    Ping: (Pong, Error),
}
_UNASKED = (StateUpdate, DiffUpdate, Heartbeat, Error)
"""What the server sends by itself."""
_TICKER = "ticker"
_ABOUT = """One WebSocket, one conversation: a client says what it wants to see, gets its state, and then what changes.

With the subprotocol `bigboard.v1.json` a server sends text frames with JSON, with `bigboard.v1.msgpack` binary frames with
MessagePack of the same maps. It reads a text frame as JSON and a binary frame as MessagePack, whatever it sends."""


def asyncapi_routes() -> list[BaseRoute]:
    """``GET /asyncapi.json``, for everybody, like the OpenAPI document."""

    async def document(_: Request) -> Response:
        return Response(_encoded(), media_type="application/json")

    return [Route("/asyncapi.json", document)]


@lru_cache(maxsize=1)
def _encoded() -> bytes:
    return msgspec.json.encode(asyncapi_document())


def asyncapi_document() -> dict[str, Any]:
    """The document, as JSON types."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Bigboard",
            "version": "1",
            "description": _ABOUT,
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "hub": _server("127.0.0.1:8086", "for programs and terminals"),
            "dashboard": _server("127.0.0.1:8000", "for the page"),
        },
        "channels": {"board": _board(), "stream": _stream()},
        "operations": _operations(),
        "components": {
            "messages": {_name(kind): _message(kind) for kind in _kinds()} | {_TICKER: _ticker_message()},
            "schemas": _schemas(),
            "correlationIds": {
                "id": {"description": "what a client put into id, in the answer", "location": "$message.payload#/id"}
            },
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "an API key or a JSON Web Token, where the server asks for one; a browser, which can"
                    " set no header here, sends `authenticate` instead",
                }
            },
        },
    }


def _kinds() -> tuple[type, ...]:
    return (*get_args(ClientMessage), *get_args(ServerMessage))


def _name(kind: type) -> str:
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]  # every message is a tagged struct


def _ref(*path: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(path)}


def _server(host: str, description: str) -> dict[str, Any]:
    return {
        "host": host,
        "protocol": "ws",
        "description": f"{description}, at its default address",
        "security": [_ref("components", "securitySchemes", "bearer")],
    }


def _board() -> dict[str, Any]:
    """``/ws``, with what a client may choose in the address and by which codes it ends."""
    choices = {
        "client": {"enum": list(INTERVALS_MS), "default": "web", "description": "the least time between two diffs"},
        "format": {"enum": list(Format), "default": Format.JSON, "description": "without a subprotocol: how to send"},
    }
    return {
        "address": "/ws",
        "title": "The board",
        "messages": {_name(kind): _ref("components", "messages", _name(kind)) for kind in _kinds()},
        "bindings": _bindings({"type": "object", "properties": choices}),
        "x-subprotocols": [format_.subprotocol for format_ in Format],
        "x-interval-ms": INTERVALS_MS,
        "x-close-codes": [
            {"code": code.value, "name": code.name.lower(), "retry": retry_policy(code).value} for code in CloseCode
        ],
    }


def _stream() -> dict[str, Any]:
    """``/ws/stream``, which speaks no subprotocol and needs nothing but a symbol."""
    symbol = {"type": "string", "minLength": 1, "description": "in any spelling: BTC/USDT, BTCUSDT"}
    return {
        "address": "/ws/stream",
        "title": "The ticker of one symbol",
        "servers": [_ref("servers", "dashboard")],
        "messages": {name: _ref("components", "messages", name) for name in (_name(Authenticate), _TICKER)},
        "bindings": _bindings({"type": "object", "properties": {"symbol": symbol}, "required": ["symbol"]}),
    }


def _bindings(query: dict[str, Any]) -> dict[str, Any]:
    return {"ws": {"method": "GET", "query": query, "bindingVersion": "0.1.0"}}


def _operations() -> dict[str, Any]:
    """By the server: what it receives and answers, and what it sends by itself."""
    asked = {
        _name(kind): {
            "action": "receive",
            "channel": _ref("channels", "board"),
            "summary": _summary(kind),
            "messages": _messages("board", kind),
            "reply": {"channel": _ref("channels", "board"), "messages": _messages("board", *answers)},
        }
        for kind, answers in _ANSWERS.items()
    }
    ticker = {"$ref": f"#/channels/stream/messages/{_TICKER}"}
    return asked | {
        "follow": {
            "action": "send",
            "channel": _ref("channels", "board"),
            "summary": "What changes in all that the client subscribes to, at most once per interval.",
            "messages": _messages("board", *_UNASKED),
        },
        "authenticate_stream": {
            "action": "receive",
            "channel": _ref("channels", "stream"),
            "summary": _summary(Authenticate),
            "messages": _messages("stream", Authenticate),
        },
        "follow_stream": {
            "action": "send",
            "channel": _ref("channels", "stream"),
            "summary": "The whole ticker every 500 ms, or every 100 ms while the price moves by more than 0.1 %.",
            "messages": [ticker],
        },
    }


def _messages(channel: str, *kinds: type) -> list[dict[str, str]]:
    return [_ref("channels", channel, "messages", _name(kind)) for kind in kinds]


def _message(kind: type) -> dict[str, Any]:
    examples = [{"payload": msgspec.to_builtins(example)} for example in EXAMPLES if type(example) is kind]
    message = {
        "name": _name(kind),
        "title": kind.__name__,
        "summary": _summary(kind),
        "payload": {"$ref": f"{_SCHEMAS}{kind.__name__}"},
        "examples": examples,
    }
    if "id" in kind.__struct_fields__:  # type: ignore[attr-defined]  # as above
        message["correlationId"] = _ref("components", "correlationIds", "id")
    return message


def _ticker_message() -> dict[str, Any]:
    summary = "The ticker of that moment; what is not known is null."
    return {"name": _TICKER, "title": "Ticker", "summary": summary, "payload": {"$ref": f"{_SCHEMAS}StreamTicker"}}


def _summary(kind: type) -> str:
    return (kind.__doc__ or "").strip().partition("\n")[0].replace("``", "`")


def _schemas() -> dict[str, Any]:
    """The schema of each type by its name; what a type leaves open is said by the tables that it comes from."""
    kinds = (*_kinds(), Ticker, SymbolMetrics)
    _, schemas = msgspec.json.schema_components(kinds, ref_template=f"{_SCHEMAS}{{name}}")
    for schema in schemas.values():
        # The texts are Python's, whose mark for code is another than Markdown's.
        schema["description"] = schema.get("description", "").replace("``", "`")
        if "timestamp" in schema["properties"]:
            schema["properties"]["timestamp"] = _MOMENT
    schemas["StateUpdate"]["properties"]["data"] = {"$ref": f"{_SCHEMAS}State"}
    schemas["DiffUpdate"]["properties"]["changes"] = {"$ref": f"{_SCHEMAS}Changes"}
    schemas["Error"]["properties"]["code"] = {"enum": list(ErrorCode)}
    ticker = schemas.pop("Ticker")
    more = {"metrics": {"$ref": f"{_SCHEMAS}SymbolMetrics"}, "timestamp": _MOMENT}
    ticker["properties"] |= more
    ticker["required"] = [*ticker["required"], *more]
    return schemas | {"StreamTicker": ticker, "State": state_schema(), "Changes": changes_schema()}
