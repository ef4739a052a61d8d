"""JSON and MessagePack, both ways."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from bigboard.errors import WireError
from bigboard.wire.codes import ErrorCode
from bigboard.wire.messages import Authenticate, ClientMessage, Ping, ServerMessage, Subscribe, Unsubscribe

__all__ = ["Format", "Frame", "decode_object", "decode_server", "encode", "read_client"]

_ACTIONS: dict[str, type[ClientMessage]] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "authenticate": Authenticate,
    "ping": Ping,
}


class Format(StrEnum):
    """An encoding of messages; the value is the last part of the subprotocol's name."""

    JSON = "json"
    MSGPACK = "msgpack"

    @property
    def subprotocol(self) -> str:
        """The name that is negotiated in the WebSocket handshake."""
        return f"bigboard.v1.{self.value}"


class Frame(msgspec.Struct, frozen=True, gc=False):
    """The payload of one WebSocket frame; JSON goes as text, MessagePack as binary."""

    payload: bytes
    format: Format

    @property
    def text(self) -> bool:
        """Whether this is a text frame."""
        return self.format is Format.JSON


_json_encoder = msgspec.json.Encoder()
_msgpack_encoder = msgspec.msgpack.Encoder()
_json_decoder = msgspec.json.Decoder()
_msgpack_decoder = msgspec.msgpack.Decoder()
_json_server: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)
_msgpack_server: msgspec.msgpack.Decoder[ServerMessage] = msgspec.msgpack.Decoder(ServerMessage)


def encode(message: ServerMessage | ClientMessage | dict[str, Any], format: Format) -> Frame:
    """The frame of a message."""
    if format is Format.JSON:
        return Frame(_json_encoder.encode(message), format)
    return Frame(_msgpack_encoder.encode(message), format)


def decode_object(payload: str | bytes) -> Any:
    """What a frame holds: text is read as JSON, binary as MessagePack. Raises ``WireError`` if it is neither."""
    try:
        if isinstance(payload, str):
            return _json_decoder.decode(payload)
        return _msgpack_decoder.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        kind = "JSON" if isinstance(payload, str) else "MessagePack"
        raise WireError(ErrorCode.BAD_MESSAGE, f"not {kind}: {error}") from None


def read_client(message: dict[str, Any]) -> ClientMessage:
    """A client's message from its decoded object.

    Raises ``WireError``: ``unknown_action``, or ``bad_message`` with the field that is wrong.
    """
    given = message.get("id")
    if type(given) is int and not -(2**63) <= given < 2**64:
        # JSON has integers of any size, MessagePack has not: the answer could not carry it back.
        raise WireError(ErrorCode.BAD_MESSAGE, "an id that is an integer must fit into 64 bits")
    id_ = given if type(given) in (str, int) else None
    action = message.get("action")
    if type(action) is str and action not in _ACTIONS:
        raise WireError(
            ErrorCode.UNKNOWN_ACTION, f"no action {action[:40]!r}; actions are {', '.join(_ACTIONS)}", id=id_
        )
    try:
        # Of a union msgspec would make a plan anew each time, which takes ten times as long as to follow it.
        return msgspec.convert(message, _ACTIONS[action] if type(action) is str else ClientMessage)
    except (msgspec.ValidationError, RecursionError) as error:
        raise WireError(ErrorCode.BAD_MESSAGE, str(error), id=id_) from None


def decode_server(payload: str | bytes) -> ServerMessage:
    """A server's message from a frame. Raises ``WireError`` if it is none."""
    try:
        if isinstance(payload, str):
            return _json_server.decode(payload)
        return _msgpack_server.decode(payload)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise WireError(ErrorCode.BAD_MESSAGE, f"not a message of this protocol: {error}") from None
