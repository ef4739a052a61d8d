"""The Python client against real servers: it follows, resumes, comes back, and knows when to give up."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bigboard.board import Board, Cursor, Update
from bigboard.client import BoardClient
from bigboard.errors import ConnectionFailed
from bigboard.wire import Format
from e2e.cutter import Cutter
from servers import DEADLINE_S, Gateway, gateway, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class Following:
    """A client whose messages are read in the background."""

    def __init__(self, client: BoardClient) -> None:
        self.client = client
        self.kinds: list[str] = []
        self.task = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        async with aclosing(self.client.messages()) as messages:
            async for message in messages:
                self.kinds.append(str(message.__struct_config__.tag))

    async def exact(self, board: Board) -> None:
        """Wait until the replica is what the board holds."""
        await until(lambda: self.client.replica.data() == board.snapshot().data, "the replica is exact")


@asynccontextmanager
async def _following(client: BoardClient) -> AsyncIterator[Following]:
    following = Following(client)
    try:
        yield following
    finally:
        following.task.cancel()
        await asyncio.gather(following.task, return_exceptions=True)


def _connections_are(client: BoardClient, number: int) -> bool:
    return client.connections == number


def _url(port: int) -> str:
    return f"ws://127.0.0.1:{port}/ws"


@pytest.mark.parametrize("format", list(Format))
async def test_the_replica_is_the_servers_state(format: Format) -> None:
    async with gateway() as served:
        served.price(1.0)
        async with _following(BoardClient(_url(served.port), ["*"], format=format, interval_ms=20)) as following:
            for number in range(20):
                served.commit(
                    Update("market_data", f"S{number % 4}", {"last_price": float(number)}),
                    Update("orders", str(number % 6), {"price": float(number)} if number % 5 else {"deleted": True}),
                )
                await asyncio.sleep(0.005)
            await following.exact(served.board)
            assert following.client.cursor == served.board.cursor
            assert following.kinds[:2] == ["subscribed", "state_update"]
            assert following.client.connections == 1


async def test_a_cut_connection_is_made_again_and_resumed() -> None:
    lost: list[str] = []
    async with gateway() as served, Cutter(served.port) as cutter:
        served.price(1.0)
        client = BoardClient(
            _url(cutter.port), ["*"], longest_wait_s=0.05, on_lost=lambda reason, _: lost.append(reason)
        )
        async with _following(client) as following:
            for number in range(2, 6):
                await following.exact(served.board)
                cutter.cut()
                served.price(float(number))
                await until(partial(_connections_are, client, number))
            await following.exact(served.board)
            assert client.session.resumes == 4
            assert following.kinds.count("state_update") == 1
            assert len(lost) == 4


async def test_a_server_that_is_restarted_on_the_same_port_is_found_again() -> None:
    lost: list[str] = []
    async with AsyncExitStack() as stack:
        async with gateway() as first:
            port = first.port
            first.price(1.0)
            client = BoardClient(_url(port), ["*"], longest_wait_s=0.05, on_lost=lambda reason, _: lost.append(reason))
            following = await stack.enter_async_context(_following(client))
            await following.exact(first.board)
            # While it drains it refuses with 503, which passes: no reason to give up.
            await first.hub.drain(1.0)
            await until(lambda: any("503" in reason for reason in lost), "it tries while the server drains")
        board = Board("E2")
        second = await stack.enter_async_context(gateway(port=port, board=board))
        second.price(7.0)
        await following.exact(board)
        assert client.cursor == Cursor("E2", 1)
        assert client.session.resumes == 0, "another history cannot be resumed"


async def test_a_gap_is_mended_without_a_reconnect() -> None:
    async with gateway() as served:
        served.price(1.0)
        client = BoardClient(_url(served.port), ["*"], interval_ms=20)
        async with _following(client) as following:
            await following.exact(served.board)
            client.session.cursor = Cursor("E1", 0)
            served.price(2.0)
            await following.exact(served.board)
            assert (client.session.gaps, client.connections) == (1, 1)


async def test_without_a_server_it_says_so_at_once_or_after_so_many_attempts() -> None:
    for attempts in (1, 3):
        client = BoardClient(_url(1), ["*"], first_attempts=attempts, longest_wait_s=0.01)
        with pytest.raises(ConnectionFailed, match="bigboard up"):
            await anext(client.messages())


async def test_it_waits_for_a_server_that_comes_later() -> None:
    async with gateway() as probe:
        port = probe.port
    lost: list[str] = []
    client = BoardClient(
        _url(port), ["*"], first_attempts=10_000, longest_wait_s=0.02, on_lost=lambda reason, _: lost.append(reason)
    )
    async with _following(client) as following:
        await until(lambda: len(lost) > 2)
        async with gateway(port=port) as served:
            served.price(1.0)
            await following.exact(served.board)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8086/ws", "127.0.0.1:8086", "", "ws://", "ws://127.0.0.1:99999/ws", "ws://127.0.0.1:port/ws", "ws://[::1/ws",
     "ws://\0/ws", f"ws://{'a' * 300}/ws", "ws://127.0.0.1:1/ws#part"],
)  # fmt: skip
async def test_an_address_that_is_none_is_refused_without_a_try(url: str) -> None:
    with pytest.raises(ConnectionFailed, match="no WebSocket address"):
        await anext(BoardClient(url, ["*"], first_attempts=100).messages())


async def test_a_wrong_path_and_a_refusal_end_it_with_the_servers_words() -> None:
    async with gateway() as served:
        with pytest.raises(ConnectionFailed, match=r"refused \(40[34]\)"):
            await anext(BoardClient(f"ws://127.0.0.1:{served.port}/wrong", ["*"]).messages())
        with pytest.raises(ConnectionFailed, match=r"refused \(400\): no client class 'fridge'"):
            await anext(BoardClient(f"{_url(served.port)}?client=fridge", ["*"]).messages())


async def test_an_http_server_that_speaks_no_websocket_is_no_server() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectionFailed, match="no server answers"):
            await anext(BoardClient(_url(port), ["*"]).messages())


@asynccontextmanager
async def _server(handle: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[str]:
    """A server of another make, which speaks the subprotocol and behaves as a test wants."""
    protocols: Any = [each.subprotocol for each in Format]
    async with serve(handle, "127.0.0.1", 0, subprotocols=protocols, compression=None) as server:
        yield _url(next(iter(server.sockets)).getsockname()[1])


@pytest.mark.parametrize("code", [1000, 1009, 4400, 4401, 4403, 4499])
async def test_a_close_that_asks_for_a_change_ends_it(code: int) -> None:
    async def handle(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(code, "because")

    async with _server(handle) as url:
        with pytest.raises(ConnectionFailed, match="because") as failed:
            await anext(BoardClient(url, ["*"]).messages())
        assert failed.value.close_code == code


@pytest.mark.parametrize("code", [1001, 1011, 1012, 3999, 4500, 4508, 4599])
async def test_any_other_close_is_answered_by_coming_back(code: int) -> None:
    connections = 0

    async def handle(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await connection.recv()
        await connection.close(code)

    async with _server(handle) as url, _following(BoardClient(url, ["*"], longest_wait_s=0.01)):
        await until(lambda: connections >= 3)


async def test_too_often_means_much_later() -> None:
    waits: list[float] = []

    async def handle(connection: ServerConnection) -> None:
        await connection.close(4429, "slow down")

    async with _server(handle) as url:
        client = BoardClient(url, ["*"], on_lost=lambda _, wait_s: waits.append(wait_s))
        async with _following(client):
            await until(lambda: waits)
    assert waits[0] >= 30


async def test_a_server_that_falls_silent_is_left() -> None:
    connections = 0

    async def handle(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await connection.wait_closed()

    lost: list[str] = []
    async with _server(handle) as url:
        client = BoardClient(url, ["*"], silence_s=0.05, longest_wait_s=0.01, on_lost=lambda why, _: lost.append(why))
        async with _following(client):
            await until(lambda: connections >= 2)
    assert lost[0] == "nothing heard for 0.05 s"


@pytest.mark.parametrize(
    "said",
    [
        '{"type": "heartbeat", "epoch": "e", "sequence": 1, "timestamp": ""}',
        '{"type": "error", "code": "rate_limited", "message": "slow down"}',
    ],
)
async def test_a_server_that_is_alive_and_never_answers_is_left(said: str) -> None:
    lost: list[str] = []

    async def handle(connection: ServerConnection) -> None:
        while True:
            await connection.send(said)
            await asyncio.sleep(0.02)

    async with _server(handle) as url:
        client = BoardClient(
            url, ["*"], format=Format.JSON, answer_s=0.2, longest_wait_s=0.01, on_lost=lambda why, _: lost.append(why)
        )
        async with _following(client):
            await until(lambda: client.connections >= 2)
    assert lost[0] == "no answer for 0.2 s"


async def test_a_refusal_is_an_answer() -> None:
    async def handle(connection: ServerConnection) -> None:
        await connection.send('{"type": "error", "code": "forbidden", "message": "not permitted: risk"}')
        for _ in range(20):
            await connection.send('{"type": "heartbeat", "epoch": "e", "sequence": 1, "timestamp": ""}')
            await asyncio.sleep(0.02)
        await connection.wait_closed()

    async with _server(handle) as url:
        client = BoardClient(url, ["risk"], format=Format.JSON, answer_s=0.1)
        async with _following(client) as following:
            await until(lambda: len(following.kinds) == 21)
            assert client.connections == 1


@pytest.mark.parametrize(
    "payload",
    [
        '{"type": "weather"}', "no JSON", "[]", '{"type": "state_update"}',
        '{"type": "diff_update", "epoch": 1, "since": "x", "sequence": 2, "timestamp": "", "changes": {}}',
    ],
)  # fmt: skip
async def test_what_is_no_message_of_the_protocol_is_answered_by_coming_back(payload: str) -> None:
    lost: list[tuple[str, float]] = []

    async def handle(connection: ServerConnection) -> None:
        await connection.send(payload)
        await connection.wait_closed()

    async with _server(handle) as url:
        client = BoardClient(
            url, ["*"], format=Format.JSON, longest_wait_s=0.01, on_lost=lambda *what: lost.append(what)
        )
        async with _following(client) as following:
            await until(lambda: client.connections >= 4)
            assert not following.task.done()
    assert all("no message of the protocol" in reason for reason, _ in lost)


async def test_a_server_that_says_nonsense_between_good_messages_is_asked_ever_more_rarely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bigboard.client.connection.random.uniform", lambda _low, high: high / 100)
    waits: list[float] = []

    async def handle(connection: ServerConnection) -> None:
        await connection.send('{"type": "pong", "timestamp": "2026-01-01T00:00:00.000Z"}')
        await connection.send("nonsense")
        await connection.wait_closed()

    async with _server(handle) as url:
        client = BoardClient(url, ["*"], format=Format.JSON, on_lost=lambda _, wait_s: waits.append(wait_s))
        async with _following(client) as following:
            await until(lambda: len(waits) >= 5)
            assert set(following.kinds) == {"pong"}
    assert waits[:5] == pytest.approx([0.002, 0.004, 0.008, 0.016, 0.032])


async def test_it_goes_on_after_a_message_that_was_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async with gateway() as served:
        served.price(1.0)
        client = BoardClient(_url(served.port), ["*"], interval_ms=20, longest_wait_s=0.01)
        async with _following(client) as following:
            await following.exact(served.board)
            receive, broken = client.session.receive, [b"\xc1"]
            # The next frame comes damaged.
            monkeypatch.setattr(client.session, "receive", lambda frame: receive(broken.pop() if broken else frame))
            for number in range(2, 5):
                served.price(float(number))
                await following.exact(served.board)
            assert client.connections == 2
            assert following.kinds.count("state_update") == 1, "it resumed, for nothing of it was applied"


async def test_a_message_beyond_its_own_bound_ends_it_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bigboard.client.connection._MOST_BYTES", 2**20)
    connections = 0

    async def handle(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await connection.send("x" * (2**20 + 1))
        await connection.wait_closed()

    async with _server(handle) as url, asyncio.timeout(DEADLINE_S):
        with pytest.raises(ConnectionFailed, match="more than 1 MiB; subscribe to less") as failed:
            await anext(BoardClient(url, ["*"], longest_wait_s=0.01).messages())
    assert failed.value.close_code == 1009
    assert connections == 1


async def test_whoever_leaves_the_messages_leaves_the_connection() -> None:
    async with gateway() as served:
        served.price(1.0)
        async with aclosing(BoardClient(_url(served.port), ["*"]).messages()) as messages:
            async for _ in messages:
                break
        await until(lambda: _empty(served))


def _empty(served: Gateway) -> bool:
    return not served.hub.broadcaster.members
