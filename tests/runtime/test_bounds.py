"""A server never runs out of open files: it takes fewer connections where it may not have enough, and says so."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from contextlib import AsyncExitStack, ExitStack

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake

from bigboard.runtime.bounds import fitting
from servers import DEADLINE_S, running_up, until

_BUILD = """
import json, resource, sys
from bigboard.logs import configure_logs
from bigboard.runtime.bounds import build_bounds
from bigboard.settings import Settings
from bigboard.errors import SettingError
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
configure_logs("warning", "text")
try:
    bounds = build_bounds(Settings(max_connections=int(sys.argv[3])))
    print(json.dumps([bounds.connections, bounds.spare, resource.getrlimit(resource.RLIMIT_NOFILE)[0]]))
except SettingError as error:
    print(json.dumps(str(error)))
"""


async def _build(soft: int, hard: int, wanted: int) -> tuple[list[int] | str, str]:
    """What a process with these limits of open files builds, and what it logs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _BUILD, *map(str, (soft, hard, wanted)),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    lines = out.decode().splitlines()
    built: list[int] | str = json.loads(lines[-1])
    return built, "\n".join(lines[:-1]) + err.decode()


@given(st.integers(1, 100_000), st.integers(0, 200_000))
def test_what_fits_never_needs_more_files_than_there_are(wanted: int, files: int) -> None:
    connections, spare = fitting(wanted, files)
    assert 0 <= connections <= wanted
    assert spare >= 0
    assert connections == spare == 0 or connections + spare + 100 <= files
    if files >= wanted + 1_100:
        assert (connections, spare) == (wanted, 1_000)


async def test_the_limit_is_raised_as_far_as_needed() -> None:
    assert await _build(256, 4_096, 2_000) == ([2_000, 1_000, 3_100], "")
    assert await _build(4_000, 4_096, 2_000) == ([2_000, 1_000, 4_000], "")


async def test_where_it_cannot_be_there_are_fewer_connections() -> None:
    built, said = await _build(256, 600, 2_000)
    assert built == [400, 100, 600]
    assert "ulimit -n" in said
    assert "2000" in said


async def test_nothing_is_said_of_a_default_that_few_need() -> None:
    assert await _build(256, 4_000, 20_000) == ([3_120, 780, 4_000], "")
    built, said = await _build(256, 1_000, 20_000)
    assert built == [720, 180, 1_000]
    assert "ulimit -n" in said


async def test_where_nothing_is_allowed_it_does_not_start() -> None:
    built, _ = await _build(64, 64, 2_000)
    assert isinstance(built, str)
    assert "64 files" in built


@pytest.mark.slow
async def test_a_crowd_beyond_it_is_refused_and_the_rest_served() -> None:
    """300 files: 160 WebSockets, and place for requests beside them."""
    async with running_up("--log-level", "error", open_files=300) as up, AsyncExitStack() as stack:
        clients, refused = [], 0
        for _ in range(200):
            try:
                clients.append(await stack.enter_async_context(connect(up.hub_url, compression=None, proxy=None)))
            except InvalidHandshake:
                refused += 1
        assert (len(clients), refused) == (160, 40)
        async with httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{up.port}") as http:
            assert (await http.get("/health")).status_code == 200
        for client in (clients[0], clients[-1]):
            await client.send('{"action": "ping"}')
            assert json.loads(await client.recv())["type"] == "pong"


@pytest.mark.slow
async def test_connections_that_say_nothing_leave_place_for_others() -> None:
    """They are dropped where they would take the last files: 300 files, and 240 of them open at once."""
    patient = {"BIGBOARD_HANDSHAKE_TIMEOUT": "60s"}
    with ExitStack() as stack:
        async with running_up("--log-level", "error", environment=patient, open_files=300) as up:
            silent = [stack.enter_context(socket.create_connection(("127.0.0.1", up.port))) for _ in range(240)]
            await until(lambda: sum(map(_is_ended, silent)) == 40, "those beyond are dropped")
            for one in silent:
                if not _is_ended(one):
                    one.close()
                    break
            async with httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{up.port}") as http:
                await _until_served(http)


def _is_ended(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except ConnectionResetError:
        return True


async def _until_served(http: httpx.AsyncClient) -> None:
    """The server hears only after a moment of one that has left."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            try:
                assert (await http.get("/health")).status_code == 200
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
