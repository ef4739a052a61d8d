"""`bigboard watch` in a pipe: JSON lines out, a clean end, and a connection that heals."""

from __future__ import annotations

import asyncio
import json
import shlex
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from bigboard.board import Board, Update
from bigboard.wire import Replica
from servers import DEADLINE_S, Gateway, gateway, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Watch:
    """The command, and the lines that it prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            line = await self.process.stdout.readline()
        assert line, "it ended"
        message: dict[str, Any] = json.loads(line)
        return message

    async def end(self) -> tuple[int, str]:
        """Status and what stood on standard error."""
        assert self.process.stderr is not None
        async with asyncio.timeout(DEADLINE_S):
            err = await self.process.stderr.read()
            return await self.process.wait(), err.decode()


@asynccontextmanager
async def _watch(served: Gateway, *arguments: str) -> AsyncIterator[Watch]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bigboard", "watch", *arguments, "--url", _url(served),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, limit=2**24,
    )  # fmt: skip
    try:
        yield Watch(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _url(served: Gateway) -> str:
    return f"ws://127.0.0.1:{served.port}/ws"


async def _shell(command: str) -> tuple[str, str]:
    process = await asyncio.create_subprocess_exec(
        "/bin/bash", "-c", command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE_S):
        out, err = await process.communicate()
    return out.decode(), err.decode()


async def test_the_lines_rebuild_the_state() -> None:
    async with gateway() as served:
        served.price(0.0)
        async with _watch(served, "market_data", "orders", "--interval-ms", "20") as watch:
            replica = Replica()
            state = await watch.line()
            assert state["type"] == "state_update"
            replica.apply_state(state["subscriptions"], state["data"])
            sequence = state["sequence"]
            for number in range(1, 9):
                served.commit(
                    Update("market_data", "BTCUSDT", {"last_price": float(number)}),
                    Update("orders", str(number), {"price": 1.0}),
                )
                diff = await watch.line()
                assert (diff["type"], diff["since"]) == ("diff_update", sequence)
                sequence = diff["sequence"]
                replica.apply_changes(diff["changes"])
            assert replica.data() == {
                "market_data": {"BTCUSDT": {"last_price": 8.0}},
                "orders": served.board.snapshot().data["orders"],
            }


async def test_head_takes_one_line_and_both_end_well() -> None:
    async with gateway() as served:
        served.price(1.0)

        async def market() -> None:
            while True:
                served.price(served.board.sequence + 1.0)
                await asyncio.sleep(0.02)

        task = asyncio.create_task(market())
        command = f"{shlex.quote(sys.executable)} -m bigboard watch market_data --url {_url(served)}"
        out, err = await _shell(f"{command} | head -1; echo ${{PIPESTATUS[*]}}")
        task.cancel()
        line, statuses = out.splitlines()
        assert json.loads(line)["type"] == "state_update"
        assert (statuses, err) == ("0 0", "")
        await until(lambda: not served.hub.broadcaster.members, "its connection is closed")


async def test_it_ends_with_its_reader_even_if_nothing_happens() -> None:
    async with gateway(heartbeat_s=0.1) as served:
        command = f"{shlex.quote(sys.executable)} -m bigboard watch orders --url {_url(served)}"
        out, err = await _shell(f"{command} | head -1; echo ${{PIPESTATUS[*]}}")
        assert out.splitlines()[1:] == ["0 0"]
        assert err == ""


async def test_it_writes_into_a_file_too(tmp_path: Path) -> None:
    target = tmp_path / "board.jsonl"
    async with gateway(heartbeat_s=0.05) as served:
        command = f"exec {shlex.quote(sys.executable)} -m bigboard watch market_data --url {_url(served)} > {target}"
        process = await asyncio.create_subprocess_exec("/bin/bash", "-c", command, stderr=asyncio.subprocess.PIPE)
        await until(lambda: target.exists() and target.read_text().count("\n") == 1, "the state is in the file")
        await until(lambda: served.hub.broadcaster.counters.heartbeats > 3, "heartbeats came and it goes on")
        served.price(1.0)
        await until(lambda: target.read_text().count("\n") == 2, "the diff is in the file")
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(DEADLINE_S):
            _, err = await process.communicate()
        assert (process.returncode, err.decode().strip()) == (130, "")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
async def test_a_signal_ends_it_without_a_word(number: int, status: int) -> None:
    async with gateway() as served, _watch(served, "market_data") as watch:
        await watch.line()
        watch.process.send_signal(number)
        ended, err = await watch.end()
        assert (ended, err.strip()) == (status, "")


async def test_a_restarted_server_is_found_again_and_the_state_printed_anew() -> None:
    async with gateway() as first:
        port = first.port
        first.price(1.0)
        async with _watch(first, "market_data") as watch:
            assert (await watch.line())["epoch"] == "E1"
            await first.hub.drain(1.0)
            first.stop()
            board = Board("E2")
            await until(lambda: not first.hub.broadcaster.members)
            async with asyncio.timeout(DEADLINE_S):
                await asyncio.gather(*first.tasks)
            async with gateway(port=port, board=board) as second:
                second.price(2.0)
                state = await watch.line()
                assert (state["type"], state["epoch"]) == ("state_update", "E2")
                watch.process.send_signal(signal.SIGINT)
                _, err = await watch.end()
                assert err.count("connection lost") >= 1
                assert "Traceback" not in err


async def test_a_connection_that_was_cut_goes_on_with_diffs() -> None:
    async with gateway() as served:
        served.price(1.0)
        async with _watch(served, "market_data") as watch:
            assert (await watch.line())["type"] == "state_update"
            cut = list(served.hub.broadcaster.members)
            for member in cut:
                member._channel.abort()  # type: ignore[attr-defined]
            # The client may be back before anybody looks, as another member.
            await until(lambda: not any(member in served.hub.broadcaster.members for member in cut))
            served.price(2.0)
            diff = await watch.line()
            assert (diff["type"], diff["since"], diff["sequence"]) == ("diff_update", 1, 2)
