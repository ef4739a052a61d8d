"""``/ws/stream?symbol=BTC/USDT``: the ticker of one symbol, for programs that want nothing but that (PROTOCOL section 10).

A stream has no cursor, no subscriptions and no place in a group: each message is the whole ticker of that moment, so a slow
reader misses what lies between and nothing has to be merged for it.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import msgspec
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from bigboard.board import Subscription
from bigboard.gateway.handshake import Refused, admit, place_for, refuse, turn_away
from bigboard.gateway.limits import Limit
from bigboard.gateway.message_flow import Flow, MessageFlow, flow_reason
from bigboard.gateway.protocol import CLOSE_S, abort_of
from bigboard.gateway.stream_guest import StreamGuest
from bigboard.gateway.stream_pace import StreamPace
from bigboard.gateway.ticker import SymbolView
from bigboard.gateway.ticker_routes import LONGEST_SYMBOL, unknown_symbol
from bigboard.gateway.traffic import STREAM
from bigboard.gateway.visit import Visit
from bigboard.wire import Close, CloseCode, Instant
from bigboard.wire.messages import rfc3339

if TYPE_CHECKING:
    from bigboard.gateway.admission import Place
    from bigboard.gateway.hub import Hub
    from bigboard.gateway.origin import OriginCheck
    from bigboard.wire import Identity

__all__ = ["stream_routes"]

_STUCK_S = 30.0
"""How long one message may wait for a client that does not read, before the client is closed."""
_RESTART = Close(CloseCode.SERVICE_RESTART, "the server stops; reconnect")


def stream_routes(hub: Hub, origins: OriginCheck, *, stuck_s: float = _STUCK_S) -> APIRouter:
    """The route of the plain stream; a client that reads nothing for ``stuck_s`` is closed with 4508."""
    router = APIRouter()

    @router.websocket("/ws/stream")
    async def stream(websocket: WebSocket) -> None:
        symbol = websocket.query_params.get("symbol", "")
        try:
            identity = admit(hub, origins, websocket)
            _check(hub, symbol, identity)
            place = place_for(hub, websocket)
        except Refused as refused:
            await refuse(websocket, refused)
            return
        await websocket.accept()
        if place.excess is not None:
            await turn_away(websocket, hub.admission.reason(place.excess))
            return
        view = SymbolView(hub.board, symbol)
        visit = Visit.of(websocket, STREAM, hub.clock.monotonic_s())
        guest = StreamGuest(hub.door(identity, visit), view.symbol, visit)
        await _Stream(hub, websocket, view, guest, place, visit=visit, stuck_s=stuck_s).run()

    return router


def _check(hub: Hub, symbol: str, identity: Identity | None) -> None:
    if not 1 <= len(symbol) <= LONGEST_SYMBOL:
        raise Refused(400, f"say which symbol, in 1 to {LONGEST_SYMBOL} characters: /ws/stream?symbol=BTC/USDT")
    view = SymbolView(hub.board, symbol)
    # Who has not said yet who it is, or may not see this symbol, does not learn here whether there is one.
    may_know = (
        hub.credentials is None if identity is None else identity.permits(Subscription("market_data", view.symbol))
    )
    if may_know and _is_unknown(hub, view):
        raise Refused(404, unknown_symbol(symbol))


def _is_unknown(hub: Hub, view: SymbolView) -> bool:
    # Before the first data nobody can tell which symbols there will be: whoever comes so early waits for its own.
    return bool(hub.board.sizes()["market_data"]) and view.read() is None


class _Stream:
    """One client. It holds at most one message of its own; the transport's buffer has its bound from uvicorn."""

    def __init__(
        self,
        hub: Hub,
        websocket: WebSocket,
        view: SymbolView,
        guest: StreamGuest,
        place: Place,
        *,
        visit: Visit,
        stuck_s: float,
    ) -> None:
        self._hub = hub
        self._websocket = websocket
        self._view = view
        self._guest = guest
        self._place = place
        self._visit = visit
        self._code = 1006
        """The code that the connection ended with; until it is known, that it was lost."""
        self._flow = MessageFlow(hub.bounds)
        self._stuck_s = stuck_s

    async def run(self) -> None:
        """Send until either side closes."""
        self._visit.opened(self._guest.identity)
        self._hub.guests.add(self._guest)
        sender = asyncio.create_task(self._send_all())
        receiver = asyncio.create_task(self._receive_all())
        try:
            await asyncio.wait((sender, receiver), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            # Only the end of the process cancels a connection, after all patience.
            abort_of(self._websocket.scope)()
        finally:
            self._hub.guests.discard(self._guest)
            for task in (sender, receiver):
                task.cancel()
            for error in await asyncio.gather(sender, receiver, return_exceptions=True):
                if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect | OSError):
                    self._visit.failed(error)
            self._visit.closed(self._guest.identity, self._code, self._hub.clock.monotonic_s())

    async def _receive_all(self) -> None:
        # Nothing has to be said but who one is; yet only a reader learns of the end.
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                self._code = message["code"] if self._guest.end is None else self._code
                return
            text, now = message.get("text"), self._now()
            flow = self._flow.take(now.monotonic)
            if flow is Flow.TAKE:
                self._guest.take(text if text is not None else message["bytes"], now)
                continue
            self._hub.limited.count(Limit.MESSAGE_RATE, address=self._visit.address)
            if flow is Flow.CLOSE:
                self._guest.leave(CloseCode.RATE_LIMITED, flow_reason(self._hub.bounds.messages))

    async def _send_all(self) -> None:
        late = self._guest.identity is None
        await self._guest.spoken(self._now())
        identity = self._guest.identity
        if identity is None:
            self._hub.limited.count(Limit.AUTHENTICATION_TIME, address=self._visit.address)
        elif not self._hub.admission.name(self._place, identity):
            self._guest.leave(CloseCode.RATE_LIMITED, self._hub.admission.reason(Limit.CONNECTIONS_PER_SUBJECT))
        if late and self._guest.end is None and _is_unknown(self._hub, self._view):
            # What others learn by a 404 in the handshake.
            await self._close(Close(CloseCode.PROTOCOL_VIOLATION, unknown_symbol(self._view.symbol)))
            return
        clock = self._hub.clock
        pace = StreamPace(clock.monotonic_s())
        while (end := self._end()) is None:
            message = self._message(pace)
            if message is not None and not await self._sent(message):
                return
            await clock.sleep(pace.next_look - clock.monotonic_s())
        await self._close(end)

    def _end(self) -> Close | None:
        return _RESTART if self._hub.draining else self._guest.look(self._now())

    def _now(self) -> Instant:
        return self._hub.pacemaker.now()

    def _message(self, pace: StreamPace) -> str | None:
        seen = self._view.read(metrics=self._guest.sees_metrics)
        if seen is None:
            # Not here yet, or gone from the board: there is nothing true to say until it comes.
            pace.next_look = self._hub.clock.monotonic_s() + 0.1
            return None
        ticker, metrics = seen
        if not pace.due(self._hub.clock.monotonic_s(), ticker.last):
            return None
        fields: dict[str, Any] = asdict(ticker)
        message = {**fields, "metrics": metrics, "timestamp": rfc3339(self._hub.clock.epoch_ms())}
        return msgspec.json.encode(message).decode()

    async def _sent(self, message: str) -> bool:
        """Whether the client took it; a client that did not is closed."""
        try:
            async with asyncio.timeout(self._stuck_s):
                await self._websocket.send_text(message)
        except TimeoutError:
            reason = f"too slow: {len(message)} bytes waiting for {self._stuck_s:.0f} s"
            await self._close(Close(CloseCode.TOO_SLOW, reason))
            return False
        return True

    async def _close(self, close: Close) -> None:
        self._code = close.code
        # The transport closes only when all is written, which may be never.
        asyncio.get_running_loop().call_later(CLOSE_S, abort_of(self._websocket.scope))
        async with asyncio.timeout(CLOSE_S):
            await self._websocket.close(close.code, close.reason)
