"""A client written from docs/protocol.md alone, on python-websockets: none of this project's code is in it.

It is the measure of whether the document is enough, and the witness of the tests with hostile clients.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import msgspec
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

__all__ = ["PlainClient"]

_ROWS = {"orders": "order_id", "alerts": "alert_id"}


class PlainClient:
    """One connection; ``data`` is what it holds, in the shape of ``state_update.data``."""

    def __init__(self, socket: ClientConnection, form: str = "json") -> None:
        self.socket = socket
        self.data: dict[str, Any] = {}
        self.cursor: tuple[str, int] | None = None
        self.gaps = 0
        self.kinds: list[str] = []
        """The type of each message that came."""
        self.arrivals: dict[int, float] = {}
        """When each sequence was reached, by the steady clock."""
        self.answers: list[dict[str, Any]] = []
        self.closed: tuple[int | None, str] | None = None
        self._codec: Any = msgspec.msgpack if form == "msgpack" else json
        self._tape_length = 0

    async def say(self, **message: Any) -> None:
        """Send a message in the connection's own format."""
        if self._codec is json:
            await self.socket.send(json.dumps(message))
        else:
            await self.socket.send(msgspec.msgpack.encode(message))

    async def hear(self) -> dict[str, Any]:
        """The next message, applied."""
        payload = await self.socket.recv()
        assert isinstance(payload, str) is (self._codec is json)
        message: dict[str, Any] = json.loads(payload) if isinstance(payload, str) else self._codec.decode(payload)
        self._take(message)
        return message

    async def follow(self) -> None:
        """Hear everything until the connection ends."""
        try:
            while True:
                await self.hear()
        except ConnectionClosed as ended:
            self.closed = (ended.rcvd.code, ended.rcvd.reason) if ended.rcvd else (None, "")
        except asyncio.CancelledError:
            pass

    def _take(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        self.kinds.append(kind)
        match kind:
            case "subscribed":
                self._tape_length = message["tape_length"]
                self.answers.append(message)
            case "state_update":
                self._drop(message["subscriptions"])
                self._merge(message["data"])
                self._move(message)
            case "diff_update":
                if self.cursor != (message["epoch"], message["since"]):
                    self.gaps += 1
                    return
                self._merge(message["changes"])
                self._move(message)
            case "heartbeat":
                self._move(message)
            case _:
                self.answers.append(message)

    def _move(self, message: dict[str, Any]) -> None:
        self.cursor = message["epoch"], message["sequence"]
        self.arrivals.setdefault(message["sequence"], time.monotonic())

    def _drop(self, subscriptions: list[str]) -> None:
        for subscription in subscriptions:
            topic, colon, key = subscription.partition(":")
            if topic == "*":
                self.data.clear()
            elif not colon:
                self.data.pop(topic, None)
            elif topic in _ROWS:
                self.data[topic] = [row for row in self.data.get(topic, []) if row[_ROWS[topic]] != key]
            else:
                self.data.get(topic, {}).pop(key, None)

    def _merge(self, changes: dict[str, Any]) -> None:
        for topic, change in changes.items():
            if topic in _ROWS:
                self.data[topic] = _rows(self.data.get(topic, []), change, _ROWS[topic])
                continue
            held = self.data.setdefault(topic, {})
            for key, patch in change.items():
                if patch is None:
                    held.pop(key, None)
                elif topic == "trades":
                    held[key] = (held.get(key, []) + patch)[-self._tape_length :]
                elif topic == "orderbook":
                    held[key] = _book(held.get(key, {}), patch)
                else:
                    held[key] = _patched(held.get(key), patch)


def _patched(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = _patched(result.get(name), value)
    return result


def _rows(rows: list[dict[str, Any]], changes: list[dict[str, Any]], id_field: str) -> list[dict[str, Any]]:
    by_id = {row[id_field]: row for row in rows}
    for change in changes:
        if change.get("deleted"):
            by_id.pop(change[id_field], None)
        else:
            by_id[change[id_field]] = _patched(by_id.get(change[id_field]), change)
    return list(by_id.values())


def _book(book: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    sides: dict[str, Any] = {}
    for side, best_is_high in (("bids", True), ("asks", False)):
        levels = dict(map(tuple, book.get(side, [])))
        levels.update(dict(map(tuple, patch.get(side, []))))
        sides[side] = [[price, levels[price]] for price in sorted(levels, reverse=best_is_high) if levels[price]]
    rest = _patched(
        {name: value for name, value in book.items() if name not in sides},
        {name: value for name, value in patch.items() if name not in sides},
    )
    return {**sides, **rest}
