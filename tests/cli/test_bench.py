"""`bigboard bench` as a user runs it: what it prints, for people and for programs, and with what status it ends."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import sys
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from bigboard.load import Report
from load.faulty_server import faulty_server, nth_diff
from servers import DEADLINE_S, Ended, Gateway, gateway, run, running_up, until

if TYPE_CHECKING:
    from pathlib import Path

_SHORT = ("--clients", "8", "--seconds", "0.5", "--sample", "3")


_QUIET = {"BIGBOARD_LOG_LEVEL": "error"}
"""For a server that has to refuse: it logs a warning, and whoever starts it expects an empty standard error."""


async def _bench(url: str, *arguments: str, **options: Any) -> Ended:
    return await run("bench", "--url", url, *_SHORT, *arguments, **options)


async def test_a_clean_run_ends_with_status_0_and_says_what_it_saw() -> None:
    async with running_up("--symbols", "4", "--seed", "1") as up:
        ended = await _bench(up.hub_url, "--client", "tui", "--churn", "8", "--p99-ms", "5000")
        assert ended.status == 0, ended.out
        lines = {line[:15].strip(): line[16:] for line in ended.out.splitlines() if not line.startswith(" ")}
        assert lines["server"] == f"{up.hub_url} (127.0.0.1)"
        assert lines["clients"] == "8 of 8 connected (tui, msgpack, *); measured for 0.5 s"
        assert " resumed, 0 got a snapshot" in lines["churn"]
        assert (lines["disconnects"], lines["gaps"]) == ("0", "0")
        assert lines["final state"] == "3 of 3 sampled clients hold exactly the server's"
        assert "from commit to arrival" in lines["delivery"]
        assert "the server's clock and ours agree (± " in ended.out
        assert lines["holds"].startswith("clients 8")
        assert ended.err == f"Loading {up.hub_url} (127.0.0.1) with 8 clients; Ctrl-C ends early\n"


async def test_with_json_nothing_else_is_on_standard_output() -> None:
    async with running_up("--symbols", "4", "--seed", "1") as up:
        ended = await _bench(
            up.ws_url, "--json", "--format", "json", "--subscribe", "market_data", "--subscribe", "trades"
        )
    assert ended.status == 0
    (line,) = ended.out.splitlines()
    report = msgspec.json.decode(line, type=Report)
    assert report.holds
    assert (report.format, report.client, report.subscriptions) == ("json", "web", ["market_data", "trades"])
    assert report.traffic.diffs == report.delivery_ms.count > 0


_DELAY = {"count", "p50", "p99", "p999", "max"}
_SHAPE: dict[str, Any] = {
    "url": None, "address": None, "client": None, "format": None, "subscriptions": None, "watch_list": None,
    "interval_ms": None, "seconds": None, "interrupted": None,
    "clients": {"asked", "connected", "slow", "slow_ends"},
    "connections": {"opened", "ramp_seconds", "per_second", "handshake_ms", "refusals"},
    "delivery_ms": _DELAY,
    "clocks": {"resolution_ms", "offset_ms", "uncertainty_ms", "early"},
    "traffic": {"messages", "bytes", "diffs", "states", "heartbeats", "messages_per_second", "bytes_per_second"},
    "churn": {"dropped", "resumed", "snapshots", "current_ms"},
    "disconnects": None, "gaps": None, "violations": None, "errors": None, "faults": None,
    "final_state": {"clients", "equal", "unclear", "differences"},
    "load_tool": {"cpu_percent", "late_ms"},
    "bounds": None, "holds": None,
}  # fmt: skip
"""Programs read this: a name that is gone or new is a change to tell of."""


async def test_the_names_in_the_json_stay() -> None:
    async with running_up("--symbols", "2") as up:
        report = json.loads((await _bench(up.ws_url, "--json", "--p99-ms", "9000")).out)
    assert {
        name: set(value) if isinstance(value, dict) and _SHAPE.get(name) is not None else None
        for name, value in report.items()
    } == _SHAPE
    assert set(report["connections"]["handshake_ms"]) == set(report["churn"]["current_ms"]) == _DELAY
    assert set(report["load_tool"]["late_ms"]) == _DELAY
    assert [bound["name"] for bound in report["bounds"]] == [
        "clients", "violations", "wrong states", "gaps", "disconnects", "p99_ms",
    ]  # fmt: skip
    assert all(set(bound) == {"name", "limit", "measured", "holds"} for bound in report["bounds"])


async def test_a_bound_that_does_not_hold_ends_with_status_1() -> None:
    async with running_up("--symbols", "2") as up:
        ended = await _bench(up.ws_url, "--p99-ms", "0.0001")
    assert ended.status == 1
    assert "DOES NOT HOLD   p99_ms: " in ended.out
    assert " instead of at most 0.0001" in ended.out


async def test_a_gap_ends_with_status_1_and_is_named() -> None:
    async with faulty_server(nth_diff(20, lambda _: None)) as url:
        ended = await _bench(url, "--format", "json")
    assert ended.status == 1
    assert "its next diff began at E1/" in ended.out
    assert "DOES NOT HOLD   gaps: 1 instead of at most 0\n" in ended.out


async def test_a_wrong_state_ends_with_status_1_and_is_named() -> None:
    def forget(message: dict[str, Any]) -> dict[str, Any]:
        return message | {"changes": {"market_data": {"BTCUSDT": {"volume_24h": 13.0}}}}

    async with faulty_server(nth_diff(1, forget)) as url:
        ended = await _bench(url, "--format", "json", "--clients", "1")
    assert ended.status == 1
    assert "volume_24h: the client holds 13.0, the server 1.0" in ended.out
    assert "DOES NOT HOLD   wrong states: 1 instead of at most 0\n" in ended.out


async def test_a_limit_of_the_server_is_told_in_words_with_the_count() -> None:
    async with running_up("--symbols", "2", environment={"BIGBOARD_MAX_CONNECTIONS_PER_ADDRESS": "5", **_QUIET}) as up:
        ended = await _bench(up.ws_url)
    assert ended.status == 1
    assert "clients         5 of 8 connected" in ended.out
    assert "3 x 4" in ended.out
    assert "too many connections from your address: at most 5" in ended.out
    assert "max_connections_per_address" in ended.out
    assert "clients: 5 instead of all 8" in ended.out


async def test_a_token_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    keys = {"BIGBOARD_KEYS_FILE": str(tmp_path / "keys.json")}
    made = await run("key", "create", "--name", "bench", "--permissions", "market_data", environment=keys)
    token = made.out.strip()
    (tmp_path / "token").write_text(token + "\n")
    async with running_up("--symbols", "2", environment=keys | _QUIET) as up:
        without = await _bench(up.ws_url)
        assert (without.status, without.out, without.err.count("\n")) == (1, "", 1)
        assert "BIGBOARD_TOKEN" in without.err
        wrong = await _bench(up.ws_url, environment={"BIGBOARD_TOKEN": token[:-1]})
        assert wrong.status == 1
        assert "refused: 401" in wrong.err
        assert token[:-1] not in wrong.err
        for ended in (
            await _bench(up.ws_url, "--churn", "5", environment={"BIGBOARD_TOKEN": token}),
            await _bench(up.ws_url, "--token-file", str(tmp_path / "token"), "--watch-list", "1"),
        ):
            assert ended.status == 0, ended
            assert "3 of 3 sampled clients hold exactly the server's" in ended.out
            assert token not in ended.out + ended.err


async def _interrupted(served: Gateway, *signals: int) -> tuple[int, str]:
    """The status and the output of a long load that gets these signals once it measures."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bigboard", "bench", "--clients", "8", "--seconds", "600",
        "--url", f"ws://127.0.0.1:{served.port}/ws", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        await until(lambda: len(served.hub.broadcaster.members) == 8, "all are there")
        served.price(1.0)
        for number in signals:
            process.send_signal(number)
        async with asyncio.timeout(DEADLINE_S):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert b"Traceback" not in err
    assert process.returncode is not None
    return process.returncode, out.decode()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_ctrl_c_ends_early_and_still_reports(number: int) -> None:
    async with gateway() as served:
        served.price(0.0)
        status, out = await _interrupted(served, number)
    assert status == 130
    assert ", interrupted\n" in out
    assert "8 of 8 sampled clients hold exactly the server's" in out


async def test_ctrl_c_twice_does_not_wait_for_a_report() -> None:
    asked = asyncio.Event()

    def mute(message: dict[str, Any]) -> Any:
        if message.get("id") == "check":
            asked.set()
        else:
            yield message

    async with faulty_server(mute) as url:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bigboard", "bench", "--url", url, "--format", "json", *_SHORT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        async with asyncio.timeout(DEADLINE_S):
            await asked.wait()
            # The answer to the question would be waited for 10 s, three times.
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            out, err = await process.communicate()
    assert (process.returncode, out) == (130, b"")
    assert b"Traceback" not in err


async def test_on_a_terminal_it_draws_its_progress_and_wipes_it() -> None:
    master, slave = pty.openpty()
    async with running_up("--symbols", "2") as up:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bigboard", "bench", "--url", up.ws_url, *_SHORT,
            stdout=asyncio.subprocess.PIPE, stderr=slave,
        )  # fmt: skip
        async with asyncio.timeout(DEADLINE_S):
            out, _ = await process.communicate()
    os.close(slave)
    drawn = os.read(master, 65_536).decode()
    os.close(master)
    assert process.returncode == 0
    assert b"\r" not in out
    for words in ("connecting: ", "measuring: 8 clients", "checking: 8 clients", "p99 "):
        assert words in drawn
    assert drawn.endswith(f"\r{'':100}\r")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--url", "ws://127.0.0.1:1/ws"], ["no server answers", "bigboard up"]),
        (["--url", "http://127.0.0.1:{port}/ws"], ["ws://127.0.0.1:8086/ws"]),
        (["--url", "ws://no.such.host.invalid/ws"], ["no.such.host.invalid", "check"]),
        (["--url", "ws://192.0.2.7/ws"], ["192.0.2.7 is not this machine", "--yes-i-own-this-server"]),
        (["--url", "ws://127.0.0.1:{port}/nowhere"], ["refused: 40"]),
        (["--subscribe", "weather"], ["no topic 'weather'", "market_data"]),
        (["--subscribe", "orders:"], ["a key must have"]),
        (["--watch-list", "3"], ["the board has 1 symbols", "watch lists of 3"]),
        (["--token-file", "/no/such/file"], ["/no/such/file"]),
        (["--insecure-tls"], ["wss://"]),
        (["--ca", "/no/such/file"], ["/no/such/file", "certificates"]),
    ],
)
async def test_a_mistake_is_one_line(arguments: list[str], words: list[str]) -> None:
    async with gateway() as served:
        served.price(1.0)
        given = [argument.format(port=served.port) for argument in arguments]
        ended = await run("bench", "--url", f"ws://127.0.0.1:{served.port}/ws", *_SHORT, *given)
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1), ended.err
    assert ended.err.startswith("bigboard: ")
    for word in words:
        assert word in ended.err


async def test_a_token_is_not_sent_in_clear_to_another_machine() -> None:
    arguments = ("bench", "--url", "ws://192.0.2.7/ws", "--yes-i-own-this-server")
    ended = await run(*arguments, environment={"BIGBOARD_TOKEN": "secret"})
    assert ended.status == 1
    assert "in clear" in ended.err
    assert "--token-in-clear" in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--clients", "0"], ["--clients", "1<=x<=50000"]),
        (["--client", "fridge"], ["web", "tui", "api"]),
        (["--slow", "100"], ["--slow"]),
        (["--p99-ms", "-1"], ["--p99-ms"]),
        (["--watch-list", "3", "--subscribe", "orders"], ["orders", "orderbook"]),
        (["ws://127.0.0.1:8086/ws"], ["unexpected extra argument"]),
    ],
)
async def test_a_mistyped_option_says_how_it_is_called(arguments: list[str], words: list[str]) -> None:
    ended = await run("bench", *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert "--help" in ended.err
    for word in words:
        assert word in ended.err


async def test_help_shows_examples() -> None:
    ended = await run("bench", "--help")
    assert (ended.status, ended.err) == (0, "")
    assert "bigboard bench --clients 1000" in ended.out
