"""A connection to a board that heals itself: reconnects with backoff, resumes by cursor, mends gaps."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from ssl import SSLCertVerificationError
from typing import TYPE_CHECKING, Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.uri import parse_uri

from bigboard.errors import ConnectionFailed, WireError
from bigboard.wire import ClientSession, ClientState, CloseCode, ErrorCode, Format, Retry, retry_policy
from bigboard.wire.messages import Error

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from ssl import SSLContext

    from websockets.asyncio.client import ClientConnection

    from bigboard.board import Cursor
    from bigboard.wire import Replica
    from bigboard.wire.messages import ServerMessage

__all__ = ["BoardClient"]

_MOST_BYTES = 64 * 1024 * 1024
"""A snapshot of a very large board; anything beyond is no board."""
_LATER_S = 30.0
"""What PROTOCOL section 6 asks of a client that is told to come back later."""


_CALM_S = 60.0
"""A connection that lasted for so long was a good one, whatever ended it."""


class BoardClient:
    """Follows subscriptions of a board and keeps a replica of them.

    ``async for message in client.messages()`` gives every message after it was applied; ``client.replica`` is then the
    server's state at ``client.cursor``. A lost connection is made again without a word here: it shows as a message
    ``subscribed`` with ``resumed``. What cannot heal raises ``ConnectionFailed``. ``token`` is an API key or a JWT, which
    goes with each handshake. ``ssl`` says which certificates a ``wss://`` address may show, if not the system's choice.
    """

    def __init__(
        self,
        url: str,
        subscriptions: Sequence[str],
        *,
        format: Format = Format.MSGPACK,
        interval_ms: int | None = None,
        token: str | None = None,
        ssl: SSLContext | None = None,
        first_attempts: int = 1,
        silence_s: float = 15.0,
        answer_s: float = 20.0,
        open_timeout_s: float = 10.0,
        longest_wait_s: float = 10.0,
        on_lost: Callable[[str, float], None] | None = None,
    ) -> None:
        self.url = url
        self.session = ClientSession(subscriptions, format=format, interval_ms=interval_ms)
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        self._tls: dict[str, Any] = {} if ssl is None else {"ssl": ssl}
        self.connections = 0
        """Connections that were opened."""
        self._first_attempts = first_attempts
        self._silence_s = silence_s
        self._answer_s = answer_s
        self._open_timeout_s = open_timeout_s
        self._longest_wait_s = longest_wait_s
        self._on_lost = on_lost

    @property
    def replica(self) -> Replica:
        """What the server's messages made of the state."""
        return self.session.replica

    @property
    def cursor(self) -> Cursor | None:
        """The position of the replica."""
        return self.session.cursor

    async def messages(self) -> AsyncGenerator[ServerMessage, None]:
        """Messages until the consumer stops. Raises ``ConnectionFailed`` if trying on makes no sense."""
        self._check_url()
        loop = asyncio.get_running_loop()
        failures = misread = 0
        while True:
            least_s, begun_s = 0.0, loop.time()
            try:
                # A generator that is left half-way has to be closed by whoever left it, here while the loop still runs.
                async with aclosing(self._one_connection()) as messages:
                    async for message in messages:
                        failures = 0
                        yield message
                reason = "the server closed the connection"
            except ConnectionClosed as closed:
                self._refuse_too_large(closed)
                code = closed.rcvd.code if closed.rcvd is not None else 1006
                reason = closed.rcvd.reason if closed.rcvd is not None else "the connection broke off"
                self._refuse_fatal(code, reason)
                least_s = _LATER_S if retry_policy(code) is Retry.LATER else 0.0
            except InvalidStatus as error:
                status = error.response.status_code
                body = bytes(error.response.body or b"").decode(errors="replace").strip()
                reason = f"refused ({status}): {body[:300]}"
                # A server that stops says 503, a proxy whose server is away 502 or 504: both pass.
                if status < 500 and status != 429:
                    raise ConnectionFailed(self.url, reason) from None
                least_s = _LATER_S if status == 429 else 0.0
            except WireError as error:
                # A server of another version, or a fault on the way: it may pass. Good messages before it are no reason to
                # come back sooner each time.
                misread = 1 if loop.time() - begun_s > _CALM_S else misread + 1
                failures = max(failures, misread - 1)
                reason = f"what it sent is no message of the protocol ({error})"
            except SSLCertVerificationError as error:
                reason = f"its certificate is not trusted ({error.verify_message}); --ca FILE names one that is"
                raise ConnectionFailed(self.url, reason) from None
            except (OSError, TimeoutError, InvalidHandshake) as error:
                reason = str(error) or type(error).__name__
            finally:
                self.session.disconnected()
            failures += 1
            if self.connections == 0 and failures >= self._first_attempts:
                raise ConnectionFailed(self.url, f"no server answers ({reason}); is `bigboard up` running?")
            wait_s = least_s + self._backoff(failures)
            if self._on_lost is not None:
                self._on_lost(reason, wait_s)
            await asyncio.sleep(wait_s)

    async def _one_connection(self) -> AsyncGenerator[ServerMessage, None]:
        session = self.session
        async with connect(
            self.url,
            subprotocols=[session.format.subprotocol],  # type: ignore[list-item]
            open_timeout=self._open_timeout_s,
            additional_headers=self._headers,
            **self._tls,
            max_size=_MOST_BYTES,
            # The server compresses nothing by default, and on one machine it would only cost time.
            compression=None,
            proxy=None,
        ) as websocket:
            self.connections += 1
            session.connected()
            answer_due = await self._flush(websocket)
            while True:
                message = session.receive(await self._heard(websocket, answer_due))
                if session.state is ClientState.LIVE or _refuses(message):
                    answer_due = None
                answer_due = await self._flush(websocket) or answer_due
                yield message

    def _check_url(self) -> None:
        try:
            address = parse_uri(self.url)
            address.host.encode("idna")
            usable = address.host.isprintable()
        except (InvalidURI, ValueError):
            usable = False
        if not usable:
            raise ConnectionFailed(self.url[:200], "is no WebSocket address; try ws://127.0.0.1:8086/ws")
        if self._tls and not address.secure:
            raise ConnectionFailed(self.url, "has no TLS, so no certificate can be checked; write wss://")

    async def _heard(self, websocket: ClientConnection, answer_due: float | None) -> str | bytes:
        """The next message. Raises ``TimeoutError`` if there is none in time, or if the answer is overdue."""
        # A server that has nothing to say sends a heartbeat every 5 s: silence means that it is gone. Heartbeats show that
        # it is there, but not that it has heard what it was asked.
        silent_at = asyncio.get_running_loop().time() + self._silence_s
        try:
            async with asyncio.timeout_at(silent_at if answer_due is None else min(silent_at, answer_due)):
                return await websocket.recv()
        except TimeoutError:
            if answer_due is not None and answer_due < silent_at:
                raise TimeoutError(f"no answer for {self._answer_s:g} s") from None
            raise TimeoutError(f"nothing heard for {self._silence_s:g} s") from None

    async def _flush(self, websocket: ClientConnection) -> float | None:
        """Send what there is to say; returns when its answer is due, on the loop's clock, or ``None`` for nothing said."""
        frames = self.session.outgoing()
        for frame in frames:
            async with asyncio.timeout(self._silence_s):
                await websocket.send(frame.payload, text=frame.text)
        return asyncio.get_running_loop().time() + self._answer_s if frames else None

    def _refuse_too_large(self, closed: ConnectionClosed) -> None:
        # Said by this side, of a message beyond its own bound: the next connection would be sent the same.
        if closed.sent is not None and closed.sent.code == CloseCode.TOO_LARGE and not closed.rcvd_then_sent:
            raise ConnectionFailed(
                self.url,
                f"it sent a message of more than {_MOST_BYTES // 2**20} MiB; subscribe to less at once, such as to some"
                " keys of a topic",
                close_code=CloseCode.TOO_LARGE,
            )

    def _refuse_fatal(self, code: int, reason: str) -> None:
        if retry_policy(code) is Retry.NEVER:
            raise ConnectionFailed(self.url, f"closed by the server ({code}): {reason}", close_code=code)

    def _backoff(self, failures: int) -> float:
        # Full jitter: a thousand clients of a restarted server must not come back in the same instant.
        return random.uniform(0, min(self._longest_wait_s, 0.1 * 2 ** min(failures, 12)))  # noqa: S311 - no secret


def _refuses(message: ServerMessage) -> bool:
    """Whether the server answered with a no. Asked too often is none: the question is still open."""
    return isinstance(message, Error) and message.code != ErrorCode.RATE_LIMITED
