"""One WebSocket client: carries payloads between the socket and its session."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

import structlog
from starlette.websockets import WebSocketDisconnect

from bigboard.gateway.protocol import CLOSE_S, abort_of
from bigboard.wire import Close, CloseCode

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from bigboard.broadcaster import Broadcaster, Pacemaker
    from bigboard.wire import Frame, ServerSession

__all__ = ["Connection"]

_log = structlog.stdlib.get_logger("bigboard.gateway")


class Connection:
    """A ``Member`` over ASGI.

    Frames go through a small outbox to one sending task, because an ASGI ``send`` waits for a slow client and a tick must
    not. The outbox is bounded by its users: the broadcaster writes only while it is empty, and the next message is read
    only once the answers to the last one have left.
    """

    def __init__(
        self, websocket: WebSocket, session: ServerSession, broadcaster: Broadcaster, pacemaker: Pacemaker
    ) -> None:
        self.session = session
        self._websocket = websocket
        self._broadcaster = broadcaster
        self._pacemaker = pacemaker
        self._outbox: deque[Frame] = deque()
        self._sending = 0
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._closing: Close | None = None

    # What the broadcaster asks

    def ready(self) -> bool:
        """See ``Member``."""
        return self._empty.is_set() and self._closing is None

    def waiting_bytes(self) -> int:
        """See ``Member``."""
        return self._sending + sum(len(frame.payload) for frame in self._outbox)

    def write(self, frame: Frame) -> None:
        """See ``Member``."""
        self._outbox.append(frame)
        self._empty.clear()
        self._filled.set()

    def close(self, close: Close) -> None:
        """See ``Member``."""
        if self._closing is None:
            self._closing = close
            self._filled.set()
            # Also after the sender is done: the transport closes only when all is written, which may be never.
            asyncio.get_running_loop().call_later(CLOSE_S, abort_of(self._websocket.scope))

    # The connection's life

    async def run(self) -> None:
        """Serve the client until either side closes."""
        self._broadcaster.add(self, self._pacemaker.now())
        self._pacemaker.wake()
        sender = asyncio.create_task(self._send_all())
        receiver = asyncio.create_task(self._receive_all())
        try:
            await asyncio.wait((sender, receiver), return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            # Only the end of the process cancels a connection, after all patience: no error that anybody should read of.
            abort_of(self._websocket.scope)()
        finally:
            self._broadcaster.remove(self)
            for task in (sender, receiver):
                task.cancel()
            for error in await asyncio.gather(sender, receiver, return_exceptions=True):
                if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect | OSError):
                    _log.error("connection failed", error=repr(error))

    async def _receive_all(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            payload = text if text is not None else message["bytes"]
            now = self._pacemaker.now()
            self.session.receive(payload, now)
            self._broadcaster.answer(self, now)
            self._pacemaker.wake()
            if self.session.close is not None:
                await asyncio.Event().wait()  # The sender closes; nothing more is read meanwhile.
            await self._empty.wait()

    async def _send_all(self) -> None:
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._outbox:
                if self._closing is not None and self._closing.code is CloseCode.TOO_SLOW:
                    break  # It does not read: what waits for it would only hold the close up.
                frame = self._outbox.popleft()
                self._sending = len(frame.payload)
                if frame.text:
                    await self._websocket.send_text(frame.payload.decode())
                else:
                    await self._websocket.send_bytes(frame.payload)
            self._sending = 0
            self._empty.set()
            if self._closing is not None:
                await self._websocket.close(self._closing.code, self._closing.reason)
                return
