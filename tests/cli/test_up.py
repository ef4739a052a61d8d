"""`bigboard up` as a user runs it: what it says, what it serves, and how it ends."""

from __future__ import annotations

import asyncio
import shlex
import signal
import sys
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bigboard.version import VERSION
from gateway.raw_client import RawClient
from recorded import recording
from servers import DEADLINE_S, run, running_up, until_reads

if TYPE_CHECKING:
    from pathlib import Path


async def _get(url: str) -> Any:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(url)).json()


async def _subscribed(url: str) -> ClientConnection:
    client = await connect(url, compression=None, proxy=None, max_size=None)
    await client.send('{"action": "subscribe", "subscriptions": ["*"]}')
    await until_reads(client, "state_update")
    return client


async def test_three_lines_say_what_runs_and_where_to_look() -> None:
    async with running_up("--symbols", "BTCUSDT,ETH/USDT", "--seed", "7", "--rate", "20") as up:
        assert up.lines[0] == f"Bigboard {VERSION}: 2 symbols at 20 updates/s each; the data is simulated (seed 7)"
        assert up.lines[1].startswith(f"Open http://127.0.0.1:{up.port}")
        assert up.lines[1].endswith(f"programs: ws://127.0.0.1:{up.hub_port}/ws")
        assert up.lines[2] == "Stop with Ctrl-C"
        for port, service in ((up.port, "dashboard-api"), (up.hub_port, "dashboard-server")):
            async with asyncio.timeout(DEADLINE_S):
                while (health := await _get(f"http://127.0.0.1:{port}/health"))["status"] != "healthy":
                    await asyncio.sleep(0.01)
            assert health["service"] == service
            assert set(health["parts"]) == {"feed", "aggregator", "gateway"}
        client = await _subscribed(up.hub_url)
        diff = await until_reads(client, "diff_update")
        assert set(diff["changes"]["market_data"]) <= {"BTCUSDT", "ETHUSDT"}
        ended = await up.end()
        assert (ended.status, ended.out, ended.err) == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_closes_every_client_with_1012_and_ends_in_time(number: int) -> None:
    async with running_up(environment={"BIGBOARD_SHUTDOWN_TIMEOUT": "3s"}) as up:
        clients = [await _subscribed(url) for url in (up.ws_url, up.hub_url) * 4]
        begun = time.monotonic()
        closing = asyncio.gather(*(_close_code(client) for client in clients))
        ended, codes = await up.end(number), await closing
        assert time.monotonic() - begun < 3
        assert codes == [1012] * len(clients)
        assert (ended.status, ended.err) == (0, "")


async def test_clients_that_read_nothing_hold_the_end_up_no_longer_than_the_timeout() -> None:
    options = {"BIGBOARD_SHUTDOWN_TIMEOUT": "1s", "BIGBOARD_MESSAGE_BURST": "1000"}
    async with running_up("--symbols", "40", "--rate", "50", environment=options) as up, AsyncExitStack() as stack:
        for _ in range(3):
            mute = await stack.enter_async_context(RawClient(up.port))
            for _ in range(200):  # each is answered in full, so its buffers fill
                await mute.say({"action": "subscribe", "subscriptions": ["*"], "interval_ms": 20})
        async with asyncio.timeout(DEADLINE_S):
            while (await _get(f"{up.page_url}/health"))["parts"]["gateway"]["clients"] < 3:
                await asyncio.sleep(0.01)
        lively = await _subscribed(up.hub_url)
        begun = time.monotonic()
        ended, code = await asyncio.gather(up.end(), _close_code(lively))
        assert time.monotonic() - begun < 2.5
        assert code == 1012
        assert (ended.status, ended.err) == (0, "")


async def _close_code(client: ClientConnection) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        await _read_all(client)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


async def _read_all(client: ClientConnection) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while True:
            await client.recv()


async def test_a_taken_port_is_one_line_that_names_the_option() -> None:
    async with running_up() as up:
        for option, port in (("--port", up.port), ("--hub-port", up.hub_port)):
            other = "--hub-port" if option == "--port" else "--port"
            ended = await run("up", option, str(port), other, "0")
            assert ended.status == 1
            assert ended.out == ""
            assert ended.err.count("\n") == 1
            assert f"port {port} on 127.0.0.1 is taken" in ended.err
            assert f"{option}," in ended.err
            assert "Traceback" not in ended.err


async def test_two_run_side_by_side() -> None:
    async with running_up("--symbols", "2") as one, running_up("--symbols", "3") as two:
        for up, count in ((one, 2), (two, 3)):
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    state = await _get(f"{up.page_url}/api/v1/state?subscriptions=market_data")
                    if len(state["data"]["market_data"]) == count:
                        break
                    await asyncio.sleep(0.01)


async def test_a_port_can_be_had_again_at_once() -> None:
    async with running_up() as up:
        client = await _subscribed(up.ws_url)
        port = up.port
        await up.end()
        await client.close()
    async with running_up(f"--port={port}") as again:
        assert again.port == port


async def test_it_listens_on_ipv6_and_takes_its_own_page() -> None:
    async with running_up("--host", "::1", "--symbols", "1") as up:
        assert up.page_url == f"http://[::1]:{up.port}"
        assert (await _get(f"{up.page_url}/health"))["service"] == "dashboard-api"
        for port in (up.port, up.hub_port):
            url = f"ws://[::1]:{port}/ws"
            async with connect(url, additional_headers={"Origin": up.page_url}, proxy=None, compression=None) as client:
                await client.send('{"action": "ping"}')
                await until_reads(client, "pong")


@pytest.mark.parametrize("name", ["2021-04-05/batusdt.gz"])
async def test_a_replay_can_end_the_program(name: str) -> None:
    path = recording(name)
    arguments = ["up", "--replay", str(path), "--speed", "max", "--exit", "--port", "0", "--hub-port", "0"]
    ended = await run(*arguments)
    assert (ended.status, ended.err) == (0, ""), ended.err
    first = ended.out.splitlines()[0]
    assert str(path) in first
    assert "recorded data, not the market of now" in first


async def test_without_exit_the_end_of_a_replay_stays_on_the_board() -> None:
    path = recording("2021-04-05/batusdt.gz")
    async with running_up("--replay", str(path), "--speed", "max") as up:
        async with asyncio.timeout(DEADLINE_S):
            while (await _get(f"{up.page_url}/health"))["parts"]["feed"]["detail"] != "replay ended":
                await asyncio.sleep(0.02)
        state = await _get(f"{up.page_url}/api/v1/state?subscriptions=market_data:BATUSDT")
        assert state["data"]["market_data"]["BATUSDT"]["mode"] == "replay"
        assert up.process.returncode is None


async def test_file_environment_and_flags_rise_in_precedence(tmp_path: Path) -> None:
    config = tmp_path / "bigboard.yaml"
    config.write_text("symbols: 3\nseed: 1\nrate: 5\nshutdown-timeout: 2s\n")
    environment = {"BIGBOARD_SEED": "2", "BIGBOARD_RATE": "6"}
    async with running_up("--config", str(config), "--rate", "7", environment=environment) as up:
        assert "3 symbols at 7 updates/s each; the data is simulated (seed 2)" in up.lines[0]


async def test_who_closes_the_pipe_sees_no_traceback() -> None:
    command = f"{_command()} up --port 0 --hub-port 0 | head -1"
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, executable="/bin/bash"
    )
    async with asyncio.timeout(DEADLINE_S):
        line = await process.stdout.readline() if process.stdout else b""
        assert line.startswith(b"Bigboard")
        _, err = await process.communicate()
    assert b"Traceback" not in err


def _command() -> str:
    return f"timeout 8 {shlex.quote(sys.executable)} -m bigboard"


async def test_a_shell_may_expand_a_pattern_after_replay() -> None:
    paths = [str(recording(f"2021-04-05/{name}usdt.gz")) for name in ("bat", "chr", "neo")]
    ended = await run("up", "--port=0", "--hub-port=0", "--replay", *paths, "--speed", "max", "--exit")
    assert ended.status == 0
    assert all(path in ended.out for path in paths)
