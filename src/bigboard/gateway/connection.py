"""One WebSocket client: carries payloads between the socket and its session."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from bigboard.errors import WireError
from bigboard.gateway.limits import Limit
from bigboard.gateway.message_flow import Flow, MessageFlow, flow_reason
from bigboard.gateway.protocol import CLOSE_S
from bigboard.wire import CloseCode, ErrorCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from bigboard.gateway.admission import Place
    from bigboard.gateway.hub import Hub
    from bigboard.gateway.protocol import DirectChannel
    from bigboard.gateway.visit import Visit
    from bigboard.wire import Close, Frame, Identity, Instant, ServerSession

__all__ = ["Connection"]

_LONGEST_TIMER_S = 3_600.0
"""A token may be good for a year, and the wall clock by which it ends may be set meanwhile."""


class Connection:
    """A ``Member`` and the ``Listener`` of its channel.

    Frames go straight to the transport: to send one costs no task and no switch. What the transport buffers is bounded by
    its users: the broadcaster writes only while nothing waits, and the next message is read only once the answers to the
    last one have left.
    """

    __slots__ = (
        "__weakref__", "_broadcaster", "_channel", "_closing", "_code", "_expiry", "_flow", "_hub", "_pacemaker",
        "_place", "_visit", "_write", "clear", "client_class", "deflates", "prepare", "send", "session",
    )  # fmt: skip

    def __init__(
        self,
        channel: DirectChannel,
        session: ServerSession,
        hub: Hub,
        place: Place,
        visit: Visit,
    ) -> None:
        self.session = session
        self.client_class = visit.client
        self._visit = visit
        self._hub = hub
        self._place = place
        self._flow = MessageFlow(hub.bounds)
        self._broadcaster = hub.broadcaster
        self._pacemaker = hub.pacemaker
        self._channel = channel
        self.deflates = channel.deflates()
        self.prepare = hub.preparer.deflated if self.deflates else hub.preparer.plain
        self.send = channel.send_now
        self._write: Callable[[bytes], object] = channel.write
        self.clear = True
        self._closing: asyncio.Task[None] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._code = 1006
        """The code that the connection ended with; until it is known, that it was lost."""

    # What the broadcaster asks

    def waiting_bytes(self) -> int:
        """See ``Member``."""
        return self._channel.waiting_bytes()

    def write(self, frame: Frame) -> None:
        """See ``Member``."""
        self._write(self.prepare(frame))

    @property
    def lane(self) -> object | None:
        """See ``Member``."""
        return self._channel.lane

    def send_rest(self, data: bytes) -> None:
        """See ``Member``."""
        self._write(data)

    def close(self, close: Close) -> None:
        """See ``Member``."""
        if self._closing is None:
            loop = asyncio.get_running_loop()
            self._code = close.code
            self.cut()
            self._closing = loop.create_task(self._close(close))
            # Also once the close frame is written: the transport closes only when all is written, which may be never.
            loop.call_later(CLOSE_S, self._channel.abort)

    # What the channel says

    def pause(self) -> None:
        """See ``Listener``."""
        self.clear = False
        self._broadcaster.hold(self)

    def resume(self) -> None:
        """See ``Listener``."""
        self.clear = self._write is not _nowhere

    def cut(self) -> None:
        """See ``Listener``."""
        self._write = _nowhere
        self.pause()

    # What the credentials ask and say

    @property
    def identity(self) -> Identity | None:
        """See ``Guest``."""
        return self.session.identity

    def identify(self, identity: Identity | None) -> None:
        """See ``Guest``."""
        now = self._pacemaker.now()
        if identity is None:
            self._visit.ended(self.session.identity, "withdrawn")
        self.session.identify(identity, now)
        self._broadcaster.answer(self, now)
        self._watch_expiry()

    def _known(self) -> None:
        """The client has said who it is, or did so anew."""
        identity = self.session.identity
        if identity is not None and identity.credential:
            self._visit.authenticated(identity)
        if identity is not None and not self._hub.admission.name(self._place, identity):
            self.session.end(CloseCode.RATE_LIMITED, self._hub.admission.reason(Limit.CONNECTIONS_PER_SUBJECT))
            self._broadcaster.answer(self, self._pacemaker.now())
        self._watch_expiry()

    def _watch_expiry(self) -> None:
        """Set the timer for the end of the client's proof; most connections have none."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        left = self.session.seconds_left(self._pacemaker.now())
        if left is not None:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(min(max(left, 0.0), _LONGEST_TIMER_S), self._expire)

    def _expire(self) -> None:
        now = self._pacemaker.now()
        self.session.expire(now)
        if self.session.close is not None:
            if self.session.identity is None:
                self._hub.limited.count(Limit.AUTHENTICATION_TIME, address=self._visit.address)
            else:
                self._visit.ended(self.session.identity, "expired")
        self._broadcaster.answer(self, now)
        self._watch_expiry()

    # The connection's life

    async def run(self) -> None:
        """Serve the client until either side ends the connection; the WebSocket is accepted already."""
        self._channel.attach(self)
        self._broadcaster.add(self, self._pacemaker.now())
        self._pacemaker.wake()  # On a quiet board nothing else would set the timer for its heartbeats.
        self._visit.opened(self.session.identity)
        self._known()
        self._hub.guests.add(self)
        try:
            await self._receive_all()
        except asyncio.CancelledError:
            # Only the end of the process cancels a connection, after all patience: no error that anybody should read of.
            self._channel.abort()
        except OSError:
            pass
        except Exception as error:  # noqa: BLE001 - one client's failure ends its connection, and is said, no more
            self._visit.failed(error)
        finally:
            self._hub.guests.discard(self)
            if self._expiry is not None:
                self._expiry.cancel()
            self._broadcaster.remove(self)
            self._broadcaster.ended(self._code)
            self._visit.closed(self.session.identity, self._code, self._pacemaker.now().monotonic)
            if self._closing is not None:
                self._closing.cancel()
                await asyncio.gather(self._closing, return_exceptions=True)

    async def _receive_all(self) -> None:
        while True:
            message = await self._channel.receive()
            if message["type"] == "websocket.disconnect":
                if self._closing is None:
                    self._code = message["code"]
                return
            if self._closing is not None:
                continue  # What comes after a close has no effect any more.
            text = message.get("text")
            now = self._pacemaker.now()
            known = self.session.identity
            self._take(text if text is not None else message["bytes"], now)
            self._broadcaster.answer(self, now)
            if self.session.identity is not known:
                self._known()
            self._pacemaker.wake()
            await self._channel.drained()
            # Many messages may have come at once; between two of them the others have their turn.
            await asyncio.sleep(0)

    def _take(self, payload: str | bytes, now: Instant) -> None:
        flow = self._flow.take(now.monotonic)
        if flow is Flow.TAKE:
            self.session.receive(payload, now)
            return
        self._hub.limited.count(Limit.MESSAGE_RATE, address=self._visit.address)
        reason = flow_reason(self._hub.bounds.messages)
        if flow is Flow.REFUSE:
            self.session.refuse(WireError(ErrorCode.RATE_LIMITED, f"{reason}: this message was not read"))
        else:
            self.session.end(CloseCode.RATE_LIMITED, f"{reason}, for too long")

    async def _close(self, close: Close) -> None:
        with contextlib.suppress(OSError):  # The client may be faster.
            await self._channel.close(close.code, close.reason)


def _nowhere(_: bytes) -> None:
    """Nothing may be written once a close has begun."""
