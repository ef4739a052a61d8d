"""`bigboard up --exchange …`: ccxt's real code in a process of its own, against a local exchange that plays recordings."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect

from bigboard.version import VERSION
from cli.test_feed_and_collector import free_endpoint
from feed.live_feed import is_subscribed, market
from feed.local_exchange import LocalExchange
from redis_servers import redis_server
from roles import role
from servers import DEADLINE_S, run, running_up, until

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("ccxt")


def _options(exchange: LocalExchange, *symbols: str) -> list[str]:
    return ["--exchange", "binanceusdm", "--symbols", ",".join(symbols or ("BTC/USDT:USDT", "ETH/USDT:USDT"))]


async def _state(url: str) -> dict[str, Any]:
    """The whole board, from a fresh subscription."""
    async with connect(url, compression=None, proxy=None, max_size=None) as client, asyncio.timeout(DEADLINE_S):
        await client.send('{"action": "subscribe", "subscriptions": ["*"]}')
        while True:
            message = json.loads(await client.recv())
            if message["type"] == "state_update":
                data: dict[str, Any] = message["data"]
                return data


async def test_one_process_shows_a_live_exchange_and_mends_itself() -> None:
    bitcoin, ether = market(), market("ethusdt")
    async with LocalExchange(bitcoin, ether) as exchange:
        environment = {"BIGBOARD_EXCHANGE_URL": exchange.url}
        async with running_up(*_options(exchange), environment=environment) as up:
            assert up.lines[0] == f"Bigboard {VERSION}: binanceusdm live: BTC/USDT:USDT,ETH/USDT:USDT"
            await until(lambda: is_subscribed(exchange, "btcusdt", "ethusdt"))
            exchange.advance(400)
            await _until_shown(up.hub_url, exchange)
            assert exchange.kill() == 6
            await until(lambda: is_subscribed(exchange, "btcusdt", "ethusdt"))
            state = await _until_shown(up.hub_url, exchange)
            for key in ("BTCUSDT", "ETHUSDT"):
                row = state["market_data"][key]
                assert (row["mode"], row["venue"]) == ("live", "binanceusdm")
                assert {"last_price", "bid_price", "ask_price", "spread", "mark_price", "funding_rate"} <= set(row)
                assert state["services"][f"binanceusdm/{key}/book"]["resyncs"] == 1


async def _until_shown(url: str, exchange: LocalExchange) -> dict[str, Any]:
    """Let the market go on until the board's books and quotes are the exchange's."""
    async with asyncio.timeout(2 * DEADLINE_S):
        while True:
            assert exchange.advance(10)
            await asyncio.sleep(0.3)
            state = await _state(url)
            if all(_shows(state, symbol, exchange) for symbol in exchange.markets):
                return state


def _shows(state: dict[str, Any], symbol: str, exchange: LocalExchange) -> bool:
    played = exchange.markets[symbol]
    book, row = state["orderbook"].get(symbol, {}), state["market_data"].get(symbol, {})
    quote = played.said.get("bookTicker", {})
    bids, asks = played.top()
    return [book.get("bids"), book.get("asks")] == [[*map(list, bids)], [*map(list, asks)]] and [
        row.get("bid_price"),
        row.get("ask_price"),
    ] == [float(quote["b"]), float(quote["a"])]


async def test_the_same_by_processes_that_are_joined_by_zeromq_and_redis(tmp_path: Path) -> None:
    bitcoin = market()
    config = tmp_path / "bigboard.yaml"
    endpoint = free_endpoint()
    async with LocalExchange(bitcoin) as exchange, redis_server() as server, server.client() as client:
        config.write_text(f"exchange_url: {exchange.url}\n")
        options = [*_options(exchange, "BTC/USDT:USDT"), "--config", str(config), "--feed", endpoint]
        async with role("collector", "--feed", endpoint, "--redis", server.url), role("feed", *options) as feed:
            assert await feed.line("Bigboard") == f"Bigboard {VERSION} feed: binanceusdm live: BTC/USDT:USDT"
            await until(lambda: is_subscribed(exchange))
            async with asyncio.timeout(DEADLINE_S):
                while True:
                    assert exchange.advance(10)
                    await asyncio.sleep(0.2)
                    ticker = json.loads(await client.get("ticker:BTC/USDT") or "{}")
                    quote = bitcoin.said.get("bookTicker", {"b": 0, "a": 0})
                    if (ticker.get("bid"), ticker.get("ask")) == (float(quote["b"]), float(quote["a"])):
                        break
            assert (ticker["mode"], ticker["venue"]) == ("live", "binanceusdm")


@pytest.mark.parametrize("command", ["up", "feed"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--exchange", "binanceusd", "--symbols", "BTCUSDT"], ["'binanceusd'", "did you mean binanceusdm"]),
        (["--exchange", "binanceusdm", "--symbols", "BTC/USTD"], ["'BTC/USTD'", "did you mean BTC/USDT:USDT"]),
        (["--exchange", "binanceusdm"], ["symbols", "BTC/USDT:USDT"]),
        (["--exchange", "binanceusdm", "--symbols", "BTCUSDT", "--loop"], ["loop", "--replay"]),
    ],
)
async def test_a_mistake_is_one_line_before_anything_is_served(
    command: str, arguments: list[str], words: list[str]
) -> None:
    async with LocalExchange(market(lines=10)) as exchange:
        ended = await run(command, *arguments, environment={"BIGBOARD_EXCHANGE_URL": exchange.url})
    assert (ended.status, ended.out, ended.err.count("\n")) == (1, "", 1), ended.err
    assert ended.err.startswith("bigboard: ")
    for word in words:
        assert word in ended.err


async def test_live_and_replay_exclude_each_other() -> None:
    ended = await run("up", "--exchange", "binanceusdm", "--symbols", "BTCUSDT", "--replay", "/tmp")  # noqa: S108
    assert ended.status == 1
    assert "exclude each other" in ended.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_exchange_that_is_away_does_not_hold_up_start_or_end(number: int) -> None:
    async with LocalExchange(market(lines=10)) as exchange:
        exchange.refusing = True
        environment = {"BIGBOARD_EXCHANGE_URL": exchange.url}
        async with running_up(*_options(exchange), environment=environment) as up:
            await until(lambda: exchange.requests["/fapi/v1/exchangeInfo"] >= 2, "it tries again")
            async with asyncio.timeout(DEADLINE_S):
                while not (row := (await _state(up.hub_url))["services"].get("binanceusdm")):
                    await asyncio.sleep(0.05)
            assert row["status"] == "down"
            assert "cannot reach the exchange" in row["detail"]
            ended = await up.end(number)
            assert (ended.status, ended.err) == (0, "")
