"""From channels and payloads to updates, as PROTOCOL section 9 publishes them. Pure.

A message is JSON or MessagePack, and its first byte tells which: what starts a map or an array in MessagePack starts nothing
in JSON. Nothing is checked here that the board checks at its door; only what has no shape at all is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from bigboard.board import TOPICS, Update
from bigboard.errors import UpdateRejected
from bigboard.sources.base import Delivery

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["BATCH", "LONGEST_CHANNEL", "LONGEST_PAYLOAD", "MOST_UPDATES", "MessageReader"]

BATCH: Final = "batch"
"""What stands for the topic in the name of a channel of batches."""
LONGEST_PAYLOAD: Final = 1_048_576
"""Bytes of one message; a longer one is refused unread. A full book of 5,000 levels a side has about 200,000."""
LONGEST_CHANNEL: Final = 512
"""Bytes of a channel's name."""
MOST_UPDATES: Final = 1_000
"""Updates in one batch: they are applied without a pause, so they bound how long everything else waits."""
_MOST_PLACES: Final = 16_384

_MSGPACK_STARTS: Final = frozenset((*range(0x80, 0xA0), 0xDC, 0xDD, 0xDE, 0xDF))
"""First bytes of maps and arrays in MessagePack."""
_UNREADABLE: Final = (msgspec.DecodeError, ValueError, TypeError, RecursionError)
"""What the decoders raise: for text that is no UTF-8, a key that is no key, a thousand arrays in each other."""


class _Entry(msgspec.Struct, gc=False):
    topic: str
    key: str | int
    data: Any


class _Batch(msgspec.Struct, gc=False):
    updates: list[_Entry]
    barrier: bool = False


_json = msgspec.json.Decoder()
_msgpack = msgspec.msgpack.Decoder()
_json_batch = msgspec.json.Decoder(_Batch)
_msgpack_batch = msgspec.msgpack.Decoder(_Batch)


class MessageReader:
    """Reads messages; ``refuse`` is told of each that cannot be read."""

    def __init__(self, prefix: str, refuse: Callable[[UpdateRejected], None]) -> None:
        self._prefix = prefix.encode()
        self._refuse = refuse
        self._places: dict[bytes, tuple[str, str]] = {}

    def read(self, messages: Iterable[tuple[bytes, bytes]]) -> list[Delivery]:
        """What a run of channels and payloads says, in order. Messages of single updates are handed on as one."""
        deliveries: list[Delivery] = []
        updates: list[Update] = []
        places = self._places
        for channel, payload in messages:
            try:
                topic, key = places.get(channel) or self._place(channel)
                if topic == BATCH:
                    batch = _batch(key, payload)
                    if updates:
                        deliveries.append(Delivery(updates))
                        updates = []
                    deliveries.append(batch)
                else:
                    updates.append(Update(topic, key, _decode(topic, key, payload)))
            except UpdateRejected as rejected:
                self._refuse(rejected)
        if updates:
            deliveries.append(Delivery(updates))
        return deliveries

    def _place(self, channel: bytes) -> tuple[str, str]:
        """The topic and the key of a channel. A key may have colons of its own: ``kraken:BTC/USDT``."""
        topic, _, key = channel.removeprefix(self._prefix).partition(b":")
        try:
            place = topic.decode(), key.decode()
        except UnicodeDecodeError:
            place = "", ""
        if place[0] not in TOPICS and place[0] != BATCH:
            raise UpdateRejected("other", "", "unknown_topic", f"no channel of the board: {channel[:40]!r}")
        if len(channel) > LONGEST_CHANNEL:
            raise UpdateRejected(place[0], place[1][:40], "bad_key", f"a channel has at most {LONGEST_CHANNEL} bytes")
        # Ids of orders come and go; what is asked for again is read again.
        if len(self._places) >= _MOST_PLACES:
            self._places.clear()
        self._places[channel] = place
        return place


def _decode(topic: str, key: str, payload: bytes) -> Any:
    if len(payload) > LONGEST_PAYLOAD:
        raise _too_large(topic, key, payload)
    packed = payload[:1] and payload[0] in _MSGPACK_STARTS
    try:
        return _msgpack.decode(payload) if packed else _json.decode(payload)
    except _UNREADABLE as error:
        raise _unreadable(topic, key, error, packed=bool(packed)) from None


def _batch(name: str, payload: bytes) -> Delivery:
    if len(payload) > LONGEST_PAYLOAD:
        raise _too_large(BATCH, name, payload)
    packed = payload[:1] and payload[0] in _MSGPACK_STARTS
    try:
        batch = _msgpack_batch.decode(payload) if packed else _json_batch.decode(payload)
    except msgspec.ValidationError as error:
        detail = f'a batch is {{"updates": [{{"topic", "key", "data"}}, …]}}: {error}'
        raise UpdateRejected(BATCH, name[:40], "bad_batch", detail) from None
    except _UNREADABLE as error:
        raise _unreadable(BATCH, name, error, packed=bool(packed)) from None
    if len(batch.updates) > MOST_UPDATES:
        detail = f"{len(batch.updates)} updates in one batch, at most {MOST_UPDATES} are taken"
        raise UpdateRejected(BATCH, name[:40], "too_many_items", detail)
    # Ids are strings on the board, also where a service counts in integers.
    updates = [Update(entry.topic, str(entry.key), entry.data) for entry in batch.updates]
    return Delivery(updates, atomic=True, barrier=batch.barrier)


def _too_large(topic: str, key: str, payload: bytes) -> UpdateRejected:
    detail = f"a message of {len(payload)} bytes, at most {LONGEST_PAYLOAD} are read"
    return UpdateRejected(topic, key[:40], "too_large", detail)


def _unreadable(topic: str, key: str, error: Exception, *, packed: bool) -> UpdateRejected:
    name, reason = ("MessagePack", "not_msgpack") if packed else ("JSON", "not_json")
    return UpdateRejected(topic, key[:40], reason, f"not {name}: {error}")
