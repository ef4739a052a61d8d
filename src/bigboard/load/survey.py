"""The first look at a server, by one client alone: whatever is wrong is one error here, and not a thousand later."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from typing import TYPE_CHECKING, Any, TypeVar

from websockets.exceptions import InvalidHandshake

from bigboard.errors import ConnectionFailed, WireError
from bigboard.load.headers import epoch_us
from bigboard.load.swarm import refusal_of
from bigboard.wire import ErrorCode, Format, decode_server, encode
from bigboard.wire.messages import Error, Ping, Pong, StateUpdate, Subscribe

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bigboard.load.clock_offset import ServerClock
    from bigboard.load.connection import Connection, End
    from bigboard.load.plan import LoadPlan
    from bigboard.load.running import RunningLoad
    from bigboard.load.target import Target
    from bigboard.wire.messages import ClientMessage

__all__ = ["WATCHABLE", "survey"]

WATCHABLE = ("market_data", "orderbook", "trades", "metrics")
"""Topics whose keys are symbols, so that a watch list can name them."""
_LEAVE_S = 1.0
_PINGS = 8
_SEED = 1
_Answer = TypeVar("_Answer", Pong, StateUpdate)


async def survey(load: RunningLoad) -> list[Sequence[str]]:
    """See that a client of this plan would be served, and how the clocks stand; what each client subscribes to.

    Raises ``ConnectionFailed`` if there is no such server or it refuses, ``WireError`` if it refuses the subscriptions.
    """
    url = load.target.url
    try:
        async with _open(load) as (scout, connection), asyncio.timeout(load.plan.answer_s):
            await scout.set_clock(connection, load.clock)
            subscriptions = await _subscriptions(scout, connection, load.plan)
            await scout.state_of(connection, subscriptions[0])
            return subscriptions
    except ssl.SSLCertVerificationError as error:
        reason = f"its certificate does not hold ({error.verify_message}); name its authority with --ca FILE"
        raise ConnectionFailed(url, reason) from None
    except TimeoutError:
        raise ConnectionFailed(url, f"no answer within {load.plan.answer_s:g} s; is it a board?") from None
    except InvalidHandshake as error:
        raise ConnectionFailed(url, f"refused: {refusal_of(error)}") from None
    except OSError as error:
        raise ConnectionFailed(url, f"no server answers ({refusal_of(error)}); is `bigboard up` running?") from None


@contextlib.asynccontextmanager
async def _open(load: RunningLoad) -> AsyncIterator[tuple[_Scout, Connection]]:
    scout = _Scout(load.target)
    async with asyncio.timeout(load.plan.answer_s):
        connection = await load.target.open(scout)
    try:
        yield scout, connection
    finally:
        connection.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(scout.gone.wait(), _LEAVE_S)
        connection.abort()


async def _subscriptions(scout: _Scout, connection: Connection, plan: LoadPlan) -> list[Sequence[str]]:
    if not plan.watch_list:
        return [list(plan.subscriptions)] * plan.clients
    market = await scout.state_of(connection, ["market_data"])
    symbols = sorted(market.data.get("market_data", {}))
    if len(symbols) < plan.watch_list:
        message = f"the board has {len(symbols)} symbols, too few for watch lists of {plan.watch_list}"
        raise ConnectionFailed(scout.target.url, message)
    # The same lists in every run, so that two runs can be compared.
    chance = random.Random(_SEED)  # noqa: S311 - no secret
    names = {symbol: [f"{topic}:{symbol}" for topic in plan.subscriptions] for symbol in symbols}
    return [
        [name for symbol in chance.sample(symbols, plan.watch_list) for name in names[symbol]]
        for _ in range(plan.clients)
    ]


class _Scout:
    """A ``Peer`` that waits for one answer at a time."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.gone = asyncio.Event()
        self._waiting: tuple[type, asyncio.Future[Any]] | None = None

    async def set_clock(self, connection: Connection, clock: ServerClock) -> None:
        """Ping a few times."""
        for number in range(_PINGS):
            sent_us = clock.ours_us()
            answer = await self._ask(connection, Ping(id=number), Pong)
            clock.offset.answered(sent_us, clock.ours_us(), epoch_us(answer.timestamp) // 1_000)

    async def state_of(self, connection: Connection, subscriptions: Sequence[str]) -> StateUpdate:
        """Subscribe."""
        return await self._ask(connection, Subscribe(subscriptions=list(subscriptions)), StateUpdate)

    async def _ask(self, connection: Connection, message: ClientMessage, kind: type[_Answer]) -> _Answer:
        future: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
        self._waiting = kind, future
        format_ = self.target.format
        connection.send(encode(message, format_).payload, text=format_ is Format.JSON)
        return await future

    # What the connection tells

    def received(self, size: int) -> None:
        """See ``Peer``."""

    def message(self, payload: bytes, *, text: bool) -> None:
        """See ``Peer``."""
        try:
            message = decode_server(payload.decode() if text else payload)
        except (WireError, UnicodeDecodeError) as error:
            self._fail(ConnectionFailed(self.target.url, f"it speaks another protocol: {error}"))
            return
        if isinstance(message, Error):
            self._fail(_refusal(self.target, message))
        elif self._waiting is not None and isinstance(message, self._waiting[0]) and not self._waiting[1].done():
            self._waiting[1].set_result(message)

    def ended(self, connection: Connection, end: End) -> None:  # noqa: ARG002 - it has but one
        """See ``Peer``."""
        self.gone.set()
        reason = f"closed by the server ({end.code}): {end.reason}"
        self._fail(ConnectionFailed(self.target.url, reason, close_code=end.code))

    def _fail(self, error: Exception) -> None:
        if self._waiting is not None and not self._waiting[1].done():
            self._waiting[1].set_exception(error)


def _refusal(target: Target, message: Error) -> WireError:
    hint = ""
    if message.code in (ErrorCode.UNAUTHENTICATED, ErrorCode.FORBIDDEN) and target.token is None:
        hint = "; give an API key or a JWT in BIGBOARD_TOKEN, or in a file with --token-file"
    return WireError(message.code, f"{message.message}{hint}")
