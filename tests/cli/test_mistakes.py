"""A user's mistake: one line on standard error that says the way out, a status that is not 0, and never a traceback."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from recorded import recording
from servers import Ended, gateway, run

if TYPE_CHECKING:
    from pathlib import Path

_UP = ["up", "--port", "0", "--hub-port", "0"]


def _check(ended: Ended, *words: str) -> None:
    assert ended.status not in (0, None)
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert ended.err.count("\n") == 1, ended.err
    assert ended.err.startswith("bigboard: ")
    for word in words:
        assert word in ended.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--replay", "/no/such/file.gz"], ["/no/such/file.gz", "check the path"]),
        (["--replay", "{folder}"], ["{folder}"]),
        (["--replay", "{text}"], ["no recording"]),
        (["--replay", "{recording}", "--speed", "fast"], ["'fast'", "max"]),
        (["--speed", "fast"], ["'fast'", "max"]),
        (["--loop"], ["loop", "--replay"]),
        (["--host", "0.0.0.0"], ["0.0.0.0", "--insecure"]),  # noqa: S104 - it must not listen there
        (["--exit"], ["exit", "--replay"]),
        (["--replay", "{recording}", "--loop", "--exit"], ["--loop", "--exit"]),
        (["--symbols", "BTC USDT,@"], ["'BTC USDT'"]),
        (["--host", ""], ["--host"]),
        (["--speed", "-1"], ["'-1'"]),
        (["--speed", "nan"], ["'nan'"]),
        (["--symbols", "0"], ["1 to 5000"]),
        (["--symbols", ","], ["BTCUSDT,ETHUSDT"]),
        (["--rate", "0"], ["--rate", "1 to 1000"]),
        (["--seed", "dice"], ["--seed", "whole number"]),
        (["--port", "http"], ["--port", "whole number"]),
        (["--log-level", "loud"], ["--log-level", "debug, info"]),
        (["--host", "no.such.host.invalid"], ["--host"]),
        (["--host", "a" * 300], ["--host"]),
        (["--config", "/no/such/file.yaml"], ["/no/such/file.yaml"]),
        (["--config", "{text}"], ["name: value"]),
        (["--config", "{folder}"], ["directory"]),
        (["--config", "{unknown}"], ["'hub_prot'", "did you mean 'hub_port'"]),
        (["--config", "{duration}"], ["heartbeat", "250ms"]),
        (["--config", "{date}"], ["YAML"]),
    ],
)
async def test_a_mistake_with_up_is_one_line(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    places = {"folder": tmp_path, "text": tmp_path / "t", "unknown": tmp_path / "u", "duration": tmp_path / "d"}
    places |= {"date": tmp_path / "y", "recording": tmp_path / "t"}
    if "{recording}" in arguments:
        places["recording"] = recording("2021-04-05/batusdt.gz")
    for name, text in (
        ("text", "hello"),
        ("unknown", "hub_prot: 1"),
        ("duration", "heartbeat: 5"),
        ("date", "seed: 2024-13-45"),
    ):
        places[name].write_text(text)
    given = [argument.format(**places) for argument in arguments]
    _check(await run(*_UP, *given), *(word.format(**places) for word in words))


async def test_a_mistake_in_the_environment_is_one_line() -> None:
    variables = {
        "BIGBOARD_HUBPORT": ["BIGBOARD_HUBPORT", "hub_port"],
        "BIGBOARD_HEARTBEAT": ["BIGBOARD_HEARTBEAT", "250ms"],
        "BIGBOARD_LOOP": ["BIGBOARD_LOOP", "true or false"],
    }
    for name, words in variables.items():
        _check(await run(*_UP, environment={name: "perhaps"}), *words)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ws://127.0.0.1:1/ws", ["bigboard up"]),
        ("ws://no.such.host.invalid/ws", ["bigboard up"]),
        ("http://127.0.0.1:{port}/ws", ["ws://127.0.0.1:8086/ws"]),
        ("127.0.0.1:{port}", ["ws://127.0.0.1:8086/ws"]),
        ("ws://127.0.0.1:99999/ws", ["ws://127.0.0.1:8086/ws"]),
        ("ws://[::1/ws", ["ws://127.0.0.1:8086/ws"]),
        ("ws://127.0.0.1:{port}/nowhere", ["refused (40"]),
        ("ws://127.0.0.1:{port}/ws?client=fridge", ["fridge"]),
    ],
)
async def test_a_wrong_address_of_watch_is_one_line(url: str, words: list[str]) -> None:
    async with gateway() as served:
        _check(await run("watch", "orders", "--url", url.format(port=served.port)), *words)


async def test_a_wrong_subscription_of_watch_is_one_line() -> None:
    async with gateway() as served:
        url = f"ws://127.0.0.1:{served.port}/ws"
        for subscription, words in (
            ("weather", ["no topic 'weather'", "market_data"]),
            ("orders:", ["a key must have"]),
        ):
            _check(await run("watch", "orders", subscription, "--url", url), *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["upp"], ["upp"]),
        (["up", "--prot", "1"], ["--prot", "--port"]),
        (["up", "here"], ["here", "--replay"]),
        (["watch"], ["SUBSCRIPTION"]),
        (["watch", "orders", "--interval-ms", "5"], ["20"]),
        (["--replay"], ["--replay"]),
    ],
)
async def test_a_mistyped_command_says_how_it_is_called(arguments: list[str], words: list[str]) -> None:
    ended = await run(*arguments)
    assert ended.status == 2
    assert ended.out == ""
    assert "Traceback" not in ended.err
    assert "--help" in ended.err
    for word in words:
        assert word in ended.err


async def test_version_and_help() -> None:
    version, *helps = await asyncio.gather(
        run("--version"), run("--help"), run("-h"), run("up", "--help"), run("watch", "-h")
    )
    assert version.status == 0
    assert version.out.startswith("bigboard 0.")
    for ended in helps:
        assert (ended.status, ended.err) == (0, "")
        assert "Usage: " in ended.out
        assert "bigboard " in ended.out, "help shows examples"
